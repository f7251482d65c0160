#include "nn/loss/loss.hpp"

#include <fmt/format.h>

namespace wengert::nn {

template <class T>
Var<T> half_squares(Var<T> a, Var<T> t, Reduction reduction, Source where) {
  expect_same_shape("half_squares", a, t, where);
  const typename Tape<T>::Line line(a.tape(), where);
  return 0.5 * reduced(square(a - t, where), reduction, where);
}

template <class T>
Var<T> mean_squared_error(Var<T> a, Var<T> t, Reduction reduction, Source where) {
  expect_same_shape("mean_squared_error", a, t, where);
  const typename Tape<T>::Line line(a.tape(), where);
  return reduced(square(a - t, where), reduction, where);
}

template <class T>
Var<T> mean_absolute_error(Var<T> a, Var<T> t, Reduction reduction, Source where) {
  expect_same_shape("mean_absolute_error", a, t, where);
  const typename Tape<T>::Line line(a.tape(), where);
  return reduced(abs(a - t, where), reduction, where);
}

template <class T>
Var<T> negative_log_likelihood(Var<T> log_p, Index<T> labels, Reduction reduction, Source where) {
  const Shape& shape = log_p.shape(where, "negative_log_likelihood");
  if (shape.rank() != 2 || labels.shape(where, "negative_log_likelihood") != Shape{shape[0]}) {
    throw ShapeError(locate("negative_log_likelihood",
                            fmt::format("log-probabilities [n, classes] and labels [n] are needed: they are {} and {}",
                                        to_string(shape), to_string(labels.shape())),
                            where));
  }
  const typename Tape<T>::Line line(log_p.tape(), where);
  return reduced(-sum(chain(one_hot(labels, shape[1], false, where), log_p, where), -1, false, where), reduction,
                 where);
}

#define INSTANTIATE(T)                                                    \
  template Var<T> half_squares(Var<T>, Var<T>, Reduction, Source);        \
  template Var<T> mean_squared_error(Var<T>, Var<T>, Reduction, Source);  \
  template Var<T> mean_absolute_error(Var<T>, Var<T>, Reduction, Source); \
  template Var<T> negative_log_likelihood(Var<T>, Index<T>, Reduction, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
