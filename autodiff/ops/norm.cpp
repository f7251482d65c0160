#include "autodiff/ops/norm.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"

namespace wengert {

template <class T>
Var<T> var(Var<T> x, const Axes& axes, double correction, bool keepdims, Source where) {
  const std::uint32_t mask = mask_of("var", x, axes, where);
  const typename Tape<T>::Line line(x.tape(), where);
  const auto n = static_cast<double>(count_along(x.shape(), mask));
  if (!(n - correction > 0)) {
    const Shape shape = keepdims ? kept(x.shape(), mask) : dropped(x.shape(), mask);
    return x.tape().constant(std::numeric_limits<T>::quiet_NaN(), shape, where);
  }
  const Var<T> square_mean = mean(square(x - mean(x, axes, true, where), where), axes, keepdims, where);
  return static_cast<T>(n / (n - correction)) * square_mean;
}

template <class T>
Var<T> stddev(Var<T> x, const Axes& axes, double correction, bool keepdims, Source where) {
  mask_of("stddev", x, axes, where);
  return sqrt(var(x, axes, correction, keepdims, where), where);
}

template <class T>
Var<T> norm(Var<T> x, double p, const Axes& axes, bool keepdims, Source where) {
  if (!(p > 0)) throw ValueError(locate("norm", fmt::format("p is {}, not above 0", p), where));
  const std::uint32_t mask = mask_of("norm", x, axes, where);
  const typename Tape<T>::Line line(x.tape(), where);
  if (count_along(x.shape(), mask) == 0) return sum(x, axes, keepdims, where);
  const Var<T> size = abs(x, where);
  if (p == 1) return sum(size, axes, keepdims, where);
  if (std::isinf(p)) return max(size, axes, keepdims, where);
  // A constant for every derivative: whatever it is, it cancels. Nothing to scale by where all are 0, or one is
  // infinite.
  const Var<T> largest = stop_gradient(max(size, axes, true, where), where);
  const Var<T> usable = chain(0 < largest, largest < std::numeric_limits<T>::infinity());
  const Var<T> scale = wengert::where(usable, largest, 1, where);
  const Var<T> outer = keepdims ? scale : reshape(scale, dropped(x.shape(), mask), where);
  if (p == 2) return outer * sqrt(sum(square(x / scale, where), axes, keepdims, where), where);
  const T power = static_cast<T>(p);
  return outer * pow(sum(pow(size / scale, power, where), axes, keepdims, where), 1 / power, where);
}

template <class T>
Var<T> layer_norm(Var<T> x, const Axes& axes, double epsilon, Source where) {
  mask_of("layer_norm", x, axes, where);
  const typename Tape<T>::Line line(x.tape(), where);
  const Var<T> d = x - mean(x, axes, true, where);
  return d / sqrt(mean(square(d, where), axes, true, where) + epsilon, where);
}

#define INSTANTIATE(T)                                               \
  template Var<T> var(Var<T>, const Axes&, double, bool, Source);    \
  template Var<T> stddev(Var<T>, const Axes&, double, bool, Source); \
  template Var<T> norm(Var<T>, double, const Axes&, bool, Source);   \
  template Var<T> layer_norm(Var<T>, const Axes&, double, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
