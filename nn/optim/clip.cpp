#include "nn/optim/clip.hpp"

#include <limits>

namespace wengert::nn {

namespace {

/// largest/norm where the norm is larger than that and finite, else 1.
template <class T>
Var<T> factor(Var<T> norm, double largest, Source where) {
  const typename Tape<T>::Line line(norm.tape(), where);
  const auto shrink = less(largest, norm, where) * less(norm, std::numeric_limits<double>::infinity(), where);
  return wengert::where(shrink, largest / norm, 1.0, where);
}

}  // namespace

template <class T>
Var<T> clip_by_value(Var<T> g, double largest, Source where) {
  return maximum(minimum(g, largest, where), -largest, where);
}

template <class T>
Var<T> global_norm(const std::vector<Var<T>>& gradients, Source where) {
  if (gradients.empty()) throw UsageError(locate("global_norm", "no gradients were given", where));
  Var<T> scale;
  for (const Var<T>& g : gradients) {
    if (g.shape(where, "global_norm").size() == 0) continue;
    const Var<T> largest = max(abs(g, where), where);
    scale = scale.empty() ? largest : maximum(scale, largest, where);
  }
  if (scale.empty()) return gradients[0].tape().constant(T(0), Shape{}, where);
  scale = stop_gradient(scale, where);  // the norm does not depend on it
  const Var<T> divisor = wengert::where(equal(scale, 0.0, where), 1.0, scale, where);
  const typename Tape<T>::Line line(scale.tape(), where);
  Var<T> squares;
  for (const Var<T>& g : gradients) {
    const Var<T> part = sum(square(g / divisor, where), where);
    squares = squares.empty() ? part : squares + part;
  }
  return wengert::where(less(scale, std::numeric_limits<double>::infinity(), where), scale * sqrt(squares, where),
                        scale, where);
}

template <class T>
Var<T> clip_by_norm(Var<T> g, double largest, Source where) {
  g.shape(where, "clip_by_norm");
  const typename Tape<T>::Line line(g.tape(), where);
  return g * factor(global_norm(std::vector<Var<T>>{g}, where), largest, where);
}

template <class T>
Clipped<T> clip_by_global_norm(const std::vector<Var<T>>& gradients, double largest, Source where) {
  Clipped<T> out{{}, global_norm(gradients, where)};
  const Var<T> by = factor(out.norm, largest, where);
  const typename Tape<T>::Line line(by.tape(), where);
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
