#include "autodiff/ops/loss.hpp"

#include <fmt/format.h>

#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

template <class T>
void expect_same_shape(const char* name, Var<T> prediction, Var<T> target, Source where) {
  if (prediction.shape(where, name) == target.shape(where, name)) return;
  throw ShapeError(locate(name,
                          fmt::format("prediction and target differ in shape: {} and {}", to_string(prediction.shape()),
                                      to_string(target.shape())),
                          where));
}

template <class T>
Var<T> reduced(Var<T> each, Reduction reduction, Source where) {
  switch (reduction) {
    case Reduction::mean: return mean(each, where);
    case Reduction::sum: return sum(each, where);
    case Reduction::none: break;
  }
  return each;
}

// Products go through chain: a weight of 0 silences an infinite term.

template <class T>
Var<T> binary_cross_entropy(Var<T> logits, Var<T> targets, Reduction reduction, Source where) {
  expect_same_shape("binary_cross_entropy", logits, targets, where);
  const typename Tape<T>::Line line(logits.tape(), where);
  const Var<T> hit = chain(targets, softplus(negate(logits, where), where), where);
  const Var<T> miss = chain(T(1) - targets, softplus(logits, where), where);
  return reduced(hit + miss, reduction, where);
}

template <class T>
Var<T> binary_cross_entropy_of_probabilities(Var<T> p, Var<T> targets, Reduction reduction, Source where) {
  expect_same_shape("binary_cross_entropy_of_probabilities", p, targets, where);
  const typename Tape<T>::Line line(p.tape(), where);
  const Var<T> hit = xlogy(targets, p, where);
  const Var<T> miss = chain(T(1) - targets, log1p(negate(p, where), where), where);
  return reduced(-(hit + miss), reduction, where);
}

template <class T>
Var<T> kl_divergence(Var<T> p, Var<T> q, Reduction reduction, Source where) {
  expect_same_shape("kl_divergence", q, p, where);
  const typename Tape<T>::Line line(q.tape(), where);
  return reduced(xlogy(p, p, where) - xlogy(p, q, where), reduction, where);
}

template <class T>
Var<T> kl_divergence_of_log(Var<T> p, Var<T> log_q, Reduction reduction, Source where) {
  expect_same_shape("kl_divergence_of_log", log_q, p, where);
  const typename Tape<T>::Line line(log_q.tape(), where);
  return reduced(xlogy(p, p, where) - chain(p, log_q, where), reduction, where);
}

template <class T>
Var<T> huber(Var<T> prediction, Var<T> target, std::type_identity_t<T> delta, Reduction reduction, Source where) {
  expect_same_shape("huber", prediction, target, where);
  const typename Tape<T>::Line line(prediction.tape(), where);
  if (!(delta > 0)) throw ValueError(locate("huber", fmt::format("delta is {}, it must be positive", delta), where));
  const Var<T> d = prediction - target, a = abs(d, where);
  return reduced(wengert::where(less_equal(a, delta, where), T(0.5) * square(d, where), delta * (a - delta / 2), where),
                 reduction, where);
}

template <class T>
Var<T> smooth_l1(Var<T> prediction, Var<T> target, std::type_identity_t<T> beta, Reduction reduction, Source where) {
  expect_same_shape("smooth_l1", prediction, target, where);
  const typename Tape<T>::Line line(prediction.tape(), where);
  if (!(beta >= 0))
    throw ValueError(locate("smooth_l1", fmt::format("beta is {}, it must not be negative", beta), where));
  const Var<T> d = prediction - target, a = abs(d, where);
  if (beta == 0) return reduced(a, reduction, where);
  return reduced(wengert::where(less(a, beta, where), T(0.5) / beta * square(d, where), a - beta / 2, where), reduction,
                 where);
}

template <class T>
Var<T> poisson_loss(Var<T> rate, Var<T> counts, Reduction reduction, Source where) {
  expect_same_shape("poisson_loss", rate, counts, where);
  const typename Tape<T>::Line line(rate.tape(), where);
  return reduced(rate - xlogy(counts, rate, where) + lgamma(counts + 1, where), reduction, where);
}

#define INSTANTIATE(T)                                                                      \
  template void expect_same_shape(const char*, Var<T>, Var<T>, Source);                     \
  template Var<T> reduced(Var<T>, Reduction, Source);                                       \
  template Var<T> binary_cross_entropy(Var<T>, Var<T>, Reduction, Source);                  \
  template Var<T> binary_cross_entropy_of_probabilities(Var<T>, Var<T>, Reduction, Source); \
  template Var<T> kl_divergence(Var<T>, Var<T>, Reduction, Source);                         \
  template Var<T> kl_divergence_of_log(Var<T>, Var<T>, Reduction, Source);                  \
  template Var<T> huber(Var<T>, Var<T>, std::type_identity_t<T>, Reduction, Source);        \
  template Var<T> smooth_l1(Var<T>, Var<T>, std::type_identity_t<T>, Reduction, Source);    \
  template Var<T> poisson_loss(Var<T>, Var<T>, Reduction, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
