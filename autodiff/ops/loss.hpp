/// Losses that compare a prediction with a target element by element. The two must have the same shape: nothing is
/// broadcast. All throw ShapeError if they differ, ValueError for a parameter outside its range. Targets may be Vars of
/// any kind; their gradients exist too.
#pragma once

#include "autodiff/ops/cross_entropy.hpp"

namespace wengert {

/// The two pieces that every such loss is made of, yours too. `name` stands in the message.
template <class T>
void expect_same_shape(const char* name, Var<T> prediction, Var<T> target, Source where = Source::here());
/// The mean or sum over all elements, or `each` as it is.
template <class T>
Var<T> reduced(Var<T> each, Reduction reduction, Source where = Source::here());

/// -t ln p - (1 - t) ln(1 - p) with p = sigmoid(logits): exact for every logit, 0 or +inf at infinite ones.
template <class T>
Var<T> binary_cross_entropy(Var<T> logits, Var<T> targets, Reduction reduction = Reduction::mean,
                            Source where = Source::here());

/// The same from probabilities p in [0, 1]: +inf for a certain mistake, 0 for a certain hit. Nothing is clamped, so the
/// slope of a confident mistake is not lost.
template <class T>
Var<T> binary_cross_entropy_of_probabilities(Var<T> p, Var<T> targets, Reduction reduction = Reduction::mean,
                                             Source where = Source::here());

/// p ln(p / q), the terms of the divergence of q from p (Kullback and Leibler 1951); their sum is the divergence. 0
/// where p = 0, +inf where q = 0 and p is not.
template <class T>
Var<T> kl_divergence(Var<T> p, Var<T> q, Reduction reduction = Reduction::sum, Source where = Source::here());
/// The same with ln q for q, as log_softmax gives it.
template <class T>
Var<T> kl_divergence_of_log(Var<T> p, Var<T> log_q, Reduction reduction = Reduction::sum,
                            Source where = Source::here());

/// d²/2 for |d| <= delta, else delta (|d| - delta/2), of d = prediction - target (Huber 1964); delta > 0.
template <class T>
Var<T> huber(Var<T> prediction, Var<T> target, std::type_identity_t<T> delta = T(1),
             Reduction reduction = Reduction::mean, Source where = Source::here());

/// d²/(2 beta) for |d| < beta, else |d| - beta/2; with beta = 0 it is |d|, whose slope at 0 is 0 (Girshick 2015).
template <class T>
Var<T> smooth_l1(Var<T> prediction, Var<T> target, std::type_identity_t<T> beta = T(1),
                 Reduction reduction = Reduction::mean, Source where = Source::here());

/// rate - k ln rate + ln k!, of counts k that are Poisson with this rate; a rate of 0 explains k = 0 at no cost.
template <class T>
Var<T> poisson_loss(Var<T> rate, Var<T> counts, Reduction reduction = Reduction::mean, Source where = Source::here());

}  // namespace wengert
