#include "nn/loss/loss.hpp"

#include <fmt/format.h>

namespace wengert::nn {

namespace {

template <class T>
Var<T> squares(const char* name, Var<T> a, Var<T> t, Source where) {
  if (a.shape(where, name) != t.shape(where, name)) {
    throw ShapeError(locate(
        name,
        fmt::format("prediction and target differ in shape: {} and {}", to_string(a.shape()), to_string(t.shape())),
        where));
  }
  return square(a - t, where);
}

}  // namespace

template <class T>
Var<T> half_squares(Var<T> a, Var<T> t, Source where) {
  return 0.5 * sum(squares("half_squares", a, t, where), where);
}
template <class T>
Var<T> mean_squared_error(Var<T> a, Var<T> t, Source where) {
  return mean(squares("mean_squared_error", a, t, where), where);
}

#define INSTANTIATE(T)                                  \
  template Var<T> half_squares(Var<T>, Var<T>, Source); \
  template Var<T> mean_squared_error(Var<T>, Var<T>, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
