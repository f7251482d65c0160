#include "nn/loss/penalty.hpp"

namespace wengert::nn {

namespace {

/// λ times the sum of f over all weights.
template <class T, class F>
Var<T> penalty(const char* name, const std::vector<Parameter<T>>& parameters, double lambda, Source where, F&& f) {
  Var<T> all;
  for (const Parameter<T>& p : parameters) {
    if (!p.trained || is_bias(p.name)) continue;
    p.var.shape(where, name);
    const typename Tape<T>::Line line(p.var.tape(), where);
    const Var<T> part = sum(f(p.var), where);
    all = all.empty() ? part : all + part;
  }
  if (all.empty()) throw UsageError(locate(name, "there is no weight among the parameters", where));
  const typename Tape<T>::Line line(all.tape(), where);
  return lambda * all;
}

}  // namespace

template <class T>
Var<T> l1_penalty(const std::vector<Parameter<T>>& parameters, double lambda, Source where) {
  return penalty("l1_penalty", parameters, lambda, where, [&](Var<T> w) { return abs(w, where); });
}
template <class T>
Var<T> l2_penalty(const std::vector<Parameter<T>>& parameters, double lambda, Source where) {
  return penalty("l2_penalty", parameters, 0.5 * lambda, where, [&](Var<T> w) { return square(w, where); });
}

#define INSTANTIATE(T)                                                          \
  template Var<T> l1_penalty(const std::vector<Parameter<T>>&, double, Source); \
  template Var<T> l2_penalty(const std::vector<Parameter<T>>&, double, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
