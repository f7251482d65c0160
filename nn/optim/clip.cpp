#include "nn/optim/clip.hpp"

#include <limits>

namespace wengert::nn {

namespace {

/// largest/norm where the norm is larger than that and finite, else 1.
template <class T>
Var<T> factor(Var<T> norm, double largest, Source at) {
  const auto shrink = less(largest, norm, at) * less(norm, std::numeric_limits<double>::infinity(), at);
  return where(shrink, largest / norm, 1.0, at);
}

}  // namespace

template <class T>
Var<T> clip_by_value(Var<T> g, double largest, Source where) {
  return maximum(minimum(g, largest, where), -largest, where);
}

template <class T>
Var<T> global_norm(const std::vector<Var<T>>& gradients, Source at) {
  if (gradients.empty()) throw UsageError(locate("global_norm", "no gradients were given", at));
  Var<T> scale;
  for (const Var<T>& g : gradients) {
    if (g.shape(at, "global_norm").size() == 0) continue;
    const Var<T> largest = max(abs(g, at), at);
    scale = scale.empty() ? largest : maximum(scale, largest, at);
  }
  if (scale.empty()) return gradients[0].tape().constant(T(0), Shape{}, at);
  scale = stop_gradient(scale, at);  // the norm does not depend on it
  const Var<T> divisor = where(equal(scale, 0.0, at), 1.0, scale, at);
  Var<T> squares;
  for (const Var<T>& g : gradients) {
    const Var<T> part = sum(square(g / divisor, at), at);
    squares = squares.empty() ? part : squares + part;
  }
  return where(less(scale, std::numeric_limits<double>::infinity(), at), scale * sqrt(squares, at), scale, at);
}

template <class T>
Var<T> clip_by_norm(Var<T> g, double largest, Source where) {
  return g * factor(global_norm(std::vector<Var<T>>{g}, where), largest, where);
}

template <class T>
Clipped<T> clip_by_global_norm(const std::vector<Var<T>>& gradients, double largest, Source where) {
  Clipped<T> out{{}, global_norm(gradients, where)};
  const Var<T> by = factor(out.norm, largest, where);
  for (const Var<T>& g : gradients) out.gradients.push_back(g * by);
  return out;
}

#define INSTANTIATE(T)                                             \
  template Var<T> clip_by_value(Var<T>, double, Source);           \
  template Var<T> clip_by_norm(Var<T>, double, Source);            \
  template Var<T> global_norm(const std::vector<Var<T>>&, Source); \
  template Clipped<T> clip_by_global_norm(const std::vector<Var<T>>&, double, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
