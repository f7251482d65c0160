#include "autodiff/ops/scan.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/join.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/ops/slice.hpp"

namespace wengert {

namespace {

// What runs along an axis is carried in double, so that long rows of floats keep their digits.

/// v_(i-1), with `first` at the start.
template <class T>
Var<T> previous(Var<T> v, std::int64_t along, std::type_identity_t<T> first = 0) {
  const int axis = static_cast<int>(along);
  const std::int64_t n = v.shape()[axis];
  if (n == 0) return v;
  return concatenate({v.tape().constant(first, with_dim(v.shape(), axis, 1)), narrow(v, axis, 0, n - 1)}, axis);
}

struct CumSum {
  static constexpr Doc doc{"cumsum", "y_i = x_0 + ... + x_i", "g summed from the other end"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t axis = 0, backward = 0;

  Shape shape(const Shape& x) const { return x; }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T>, Var<T>) const {
    return record(CumSum{axis, 1 - backward}, {g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t n = out.shape[static_cast<int>(axis)], from = in[0].strides[a], to = out.strides[a];
    for_each_line<2>(out.shape, axis, {in[0].strides, out.strides}, [&](const auto& first) {
      double sum = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        const std::int64_t i = backward != 0 ? n - 1 - k : k;
        sum += static_cast<double>(in[0].data[first[0] + i * from]);
        out.data[first[1] + i * to] = static_cast<T>(sum);
      }
    });
  }
};

/// Closed under differentiation: the cotangents run the same recurrence from the other end.
struct Recurrence {
  static constexpr Doc doc{"recurrence", "y_i = a_i y_(i-1) + b_i", "h_i y_(i-1), h_i = g_i + a_(i+1) h_(i+1)"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 2;
  std::int64_t axis = 0;
  std::int64_t backward = 0;  ///< y_i = a_(i+1) y_(i+1) + b_i

  Shape shape(const Shape& a, const Shape& b) const {
    if (a != b) throw ShapeError("the shapes differ");
    return a;
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> a, Var<T> b, Var<T> y) const {
    const Var<T> h = vjp(Input<1>(), g, a, b, y);
    return backward != 0 ? chain(previous(h, axis), y) : chain(h, previous(y, axis));
  }
  template <class T>
  Var<T> vjp(Input<1>, Var<T> g, Var<T> a, Var<T>, Var<T>) const {
    return record(Recurrence{axis, 1 - backward}, {a, g}, Source());
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const auto along = static_cast<std::size_t>(axis);
    const std::int64_t n = out.shape[static_cast<int>(axis)], next = backward != 0 ? 1 : 0;
    const std::int64_t a_step = in[0].strides[along], b_step = in[1].strides[along], y_step = out.strides[along];
    for_each_line<3>(out.shape, axis, {in[0].strides, in[1].strides, out.strides}, [&](const auto& first) {
      const T *a = in[0].data + first[0], *b = in[1].data + first[1];
      T* y = out.data + first[2];
      double last = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        const std::int64_t i = backward != 0 ? n - 1 - k : k;
        const auto added = static_cast<double>(b[i * b_step]);
        last = k == 0 ? added : static_cast<double>(a[(i + next) * a_step]) * last + added;
        y[i * y_step] = static_cast<T>(last);
      }
    });
  }
};

struct LogCumSumExp {
  static constexpr Doc doc{"logcumsumexp", "y_i = ln(e^x_0 + ... + e^x_i)",
                           "sigmoid(x_i - y_(i-1)) h_i, h_i = g_i + sigmoid(y_i - x_(i+1)) h_(i+1)"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  std::int64_t axis = 0;

  Shape shape(const Shape& x) const { return x; }
  /// What e^y_i = e^y_(i-1) + e^x_i takes from either side; both shares are in [0, 1] and sum to 1 for any magnitude.
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> x, Var<T> y) const {
    const Var<T> before = previous(y, axis, -kInfinity<T>);
    const auto share = [](Var<T> part, Var<T> rest) {
      return where(equal(part, -kInfinity<T>), 0, sigmoid(part - rest));
    };
    return chain(record(Recurrence{axis, 1}, {share(before, x), g}, Source()), share(x, before));
  }
  template <class T>
  void run(std::span<const View<const T>> in, std::span<const std::int64_t* const>, const View<T>& out) const {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t n = out.shape[static_cast<int>(axis)], from = in[0].strides[a], to = out.strides[a];
    for_each_line<2>(out.shape, axis, {in[0].strides, out.strides}, [&](const auto& first) {
      // y = largest + ln(1 + rest), with the rest of e^(x - largest) beside the largest itself.
      double largest = -kInfinity<double>, rest = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        const auto x = static_cast<double>(in[0].data[first[0] + i * from]);
        if (x > largest) {
          rest = (rest + 1) * std::exp(largest - x);
          largest = x;
        } else if (x == largest) {
          rest += x == -kInfinity<double> ? 0 : 1;
        } else {
          rest += std::exp(x - largest);
        }
        out.data[first[1] + i * to] = static_cast<T>(largest + std::log1p(rest));
      }
    });
  }

 private:
  template <class T>
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();
};

}  // namespace

template <class T>
Var<T> cumsum(Var<T> x, int axis, Source where) {
  return record(CumSum{axis_of("cumsum", x, axis, where), 0}, {x}, where);
}

template <class T>
Var<T> recurrence(Var<T> a, Var<T> b, int axis, Source where) {
  return record(Recurrence{axis_of("recurrence", b, axis, where), 0}, {a, b}, where);
}

template <class T>
Var<T> cumprod(Var<T> x, int axis, Source where) {
  axis = axis_of("cumprod", x, axis, where);
  const std::int64_t n = x.shape()[axis];
  if (n == 0) return x;
  return recurrence(x, place(narrow(x, axis, 0, 1, where), axis, n, 0, 1, where), axis, where);
}

template <class T>
Var<T> logcumsumexp(Var<T> x, int axis, Source where) {
  return record(LogCumSumExp{axis_of("logcumsumexp", x, axis, where)}, {x}, where);
}

template <class T>
Var<T> prod(Var<T> x, const Axes& axes, bool keepdims, Source where) {
  const std::uint32_t mask = mask_of("prod", x, axes, where);
  const Shape shape = keepdims ? kept(x.shape(), mask) : dropped(x.shape(), mask);
  if (mask == 0) return x;
  if (count_along(x.shape(), mask) == 0) return x.tape().constant(T(1), shape, where);
  return reshape(slice(cumprod(joined_last(x, mask, where), -1, where), -1, -1, kEnd, 1, where), shape, where);
}

template <class T>
std::vector<Entry<T>> scan_entries() {
  std::vector<Entry<T>> entries = {
      {&table_of<CumSum, T>(), {}}, {&table_of<Recurrence, T>(), {}}, {&table_of<LogCumSumExp, T>(), {}}};
  for (const auto& [shape, axis] :
       std::initializer_list<std::pair<Shape, std::int64_t>>{{{5}, 0}, {{3, 4}, 0}, {{2, 3, 2}, 1}, {{2, 0}, 1}}) {
    for (const std::int64_t backward : {0, 1}) {
      entries[0].samples.push_back(sample<T>(CumSum{axis, backward}, {shape}));
      entries[1].samples.push_back(sample<T>(Recurrence{axis, backward}, {shape, shape}));
    }
    entries[2].samples.push_back(sample<T>(LogCumSumExp{axis}, {shape}));
  }
  return entries;
}

#define INSTANTIATE(T)                                     \
  template Var<T> cumsum(Var<T>, int, Source);             \
  template Var<T> cumprod(Var<T>, int, Source);            \
  template Var<T> logcumsumexp(Var<T>, int, Source);       \
  template Var<T> recurrence(Var<T>, Var<T>, int, Source); \
  template Var<T> prod(Var<T>, const Axes&, bool, Source); \
  template std::vector<Entry<T>> scan_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
