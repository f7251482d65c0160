#include "autodiff/ops/simplex.hpp"

#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/registry.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

using kernels::Special;

/// Samples lie below 1/2: above, p is what others leave of 1, which differences in p alone do not respect.
constexpr Interval kShare{0.05, 0.45};

struct SoftmaxPullback {
  static constexpr Doc doc{"softmax_pullback",
                           "y_i = p_i (g_i - sum_j g_j p_j)",
                           "u (g - sum g p) - g sum u p; p (u - sum u p), u the cotangent",
                           {},
                           {kShare, {}}};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 2;
  static constexpr auto instruction = kernels::instruction(Special::softmax_pullback);

  Shape shape(const Shape& p, const Shape&) const { return p; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> u, Var<T> p, Var<T> g, Var<T>) const {
    const Var<T> h = differences_to_most(g, p), v = differences_to_most(u, p);
    return v * (h - sum(h * p, -1, true)) - h * sum(v * p, -1, true);
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> u, Var<T> p, Var<T>, Var<T>) const {
    return softmax_pullback(p, u);
  }
  template <class T>
  Var<T> expand(Var<T> p, Var<T> g) const {
    return p * (g - sum(g * p, -1, true));
  }
};

struct LogSoftmaxPullback {
  static constexpr Doc doc{
      "log_softmax_pullback", "y_i = g_i - p_i sum_j g_j", "-u sum g; u - sum u p, u the cotangent", {}, {kShare, {}}};
  static constexpr Kind kind = Kind::rows;
  static constexpr int inputs = 2;
  static constexpr auto instruction = kernels::instruction(Special::log_softmax_pullback);

  Shape shape(const Shape& p, const Shape&) const { return p; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> u, Var<T> p, Var<T> g, Var<T>) const {
    return -(differences_to_most(u, p) * sum(g, -1, true));
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> u, Var<T> p, Var<T>, Var<T>) const {
    const Var<T> v = differences_to_most(u, p);
    return v - sum(v * p, -1, true);
  }
  template <class T>
  Var<T> expand(Var<T> p, Var<T> g) const {
    return g - p * sum(g, -1, true);
  }
};

}  // namespace

template <class T>
Var<T> differences_to_most(Var<T> g, Var<T> p) {
  return g - sum(chain(g, greater(p, 0.5)), -1, true);
}
template <class T>
Var<T> softmax_pullback(Var<T> p, Var<T> g) {
  return record(SoftmaxPullback{}, {p, g}, Source());
}
template <class T>
Var<T> log_softmax_pullback(Var<T> p, Var<T> g) {
  return record(LogSoftmaxPullback{}, {p, g}, Source());
}

template <class T>
std::vector<Entry<T>> simplex_entries() {
  std::vector<Entry<T>> entries = {{&table_of<SoftmaxPullback, T>(), {}}, {&table_of<LogSoftmaxPullback, T>(), {}}};
  for (const Shape& shape : {Shape{3, 5}, Shape{7}, Shape{2, 3, 4}, Shape{4, 1}}) {
    entries[0].samples.push_back(sample<T>(SoftmaxPullback{}, {shape, shape}));
    entries[1].samples.push_back(sample<T>(LogSoftmaxPullback{}, {shape, shape}));
  }
  return entries;
}

#define INSTANTIATE(T)                                  \
  template Var<T> differences_to_most(Var<T>, Var<T>);  \
  template Var<T> softmax_pullback(Var<T>, Var<T>);     \
  template Var<T> log_softmax_pullback(Var<T>, Var<T>); \
  template std::vector<Entry<T>> simplex_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
