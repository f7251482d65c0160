#include "autodiff/ops/determinant.hpp"

#include <limits>

#include "autodiff/kernels/factor.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/factor.hpp"
#include "autodiff/ops/matrices.hpp"
#include "autodiff/ops/sample.hpp"

namespace wengert {

namespace {

/// What is wanted of a determinant.
enum class Part : std::int64_t { value, sign, log_abs };

struct Det {
  static constexpr Doc doc{"det",
                           "y = determinant of x, its sign, or ln of its size",
                           "g y x^-T; none; g x^-T",
                           "the gradient of a singular matrix is NaN",
                           {{-1, 1}}};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  Part part = Part::value;

  Shape shape(const Shape& a) const {
    expect_square(a);
    return batch_of(a);
  }
  template <class T>
  Var<T> vjp(Input<0>, Var<T> g, Var<T> a, Var<T> y) const {
    if (part == Part::sign) return {};
    const Var<T> weight = part == Part::value ? g * y : g;
    return expand_dims(expand_dims(weight, -1), -1) * flipped(inverse(a));
  }
  template <class T>
  void run(Values<T> in, Positions, const View<T>& out) const {
    T* y = out.data;
    for_each_matrix<1>(in[0].shape, {in[0].strides}, [&](const auto& first) {
      const kernels::Determinant<T> det = kernels::determinant(matrix(in[0], first[0]));
      *y++ = part == Part::value ? det.value : part == Part::sign ? det.sign : det.log_abs;
    });
  }
};

}  // namespace

template <class T>
Var<T> det(Var<T> a, Source where) {
  return record(Det{Part::value}, {a}, where);
}
template <class T>
std::pair<Var<T>, Var<T>> slogdet(Var<T> a, Source where) {
  expect_square("slogdet", a, where);
  return {record(Det{Part::sign}, {a}, where), record(Det{Part::log_abs}, {a}, where)};
}
template <class T>
Var<T> logdet(Var<T> a, Source where) {
  expect_square("logdet", a, where);
  const typename Tape<T>::Line line(a.tape(), where);
  const auto [sign, log_abs] = slogdet(a, where);
  return wengert::where(sign < 0, std::numeric_limits<T>::quiet_NaN(), log_abs, where);
}

template <class T>
std::vector<Entry<T>> determinant_entries() {
  const auto regular = [](Sample sample) {
    sample.diagonal = 4;
    return sample;
  };
  return {{&table_of<Det, T>(),
           {regular(sample<T>(Det{Part::value}, {{3, 3}})), regular(sample<T>(Det{Part::value}, {{2, 2, 2}})),
            regular(sample<T>(Det{Part::sign}, {{3, 3}})), regular(sample<T>(Det{Part::log_abs}, {{2, 3, 3}}))}}};
}

#define INSTANTIATE(T)                                        \
  template Var<T> det(Var<T>, Source);                        \
  template std::pair<Var<T>, Var<T>> slogdet(Var<T>, Source); \
  template Var<T> logdet(Var<T>, Source);                     \
  template std::vector<Entry<T>> determinant_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
