#include "nn/model/layers.hpp"

#include <fmt/format.h>

namespace wengert::nn {

namespace {

void expect_positive(const char* name, const char* what, std::int64_t size, Source where) {
  if (size < 1) throw ShapeError(locate(name, fmt::format("{} is {}, it must be positive", what, size), where));
}

/// x against mean and variance of its columns or rows.
template <class T>
Var<T> normalized(Var<T> centred, Var<T> variance, double epsilon, Var<T> weight, Var<T> bias, Source where) {
  return centred / sqrt(variance + epsilon, where) * weight + bias;
}

}  // namespace

template <class T>
Linear<T> linear(Tape<T>& tape, std::int64_t in, std::int64_t out, Random& random, Init init, double bias,
                 Source where) {
  expect_positive("linear", "in", in, where);
  expect_positive("linear", "out", out, where);
  return {tape.leaf(initial_weights<T>(in, out, init, random), where),
          tape.leaf(full<T>(Shape{out}, static_cast<T>(bias)), where)};
}

template <class T>
Var<T> BatchNorm1d<T>::forward(Var<T> x, Pass<T>& pass) const {
  const Source where = pass.where;
  const Shape& shape = x.shape(where, "batch_norm");
  if (shape.rank() != 2 || shape[1] != weight.shape(where)[0]) {
    throw ShapeError(locate(
        "batch_norm", fmt::format("x must be [n, {}], it is {}", weight.shape(where)[0], to_string(shape)), where));
  }
  const typename Tape<T>::Line line(x.tape(), where);
  if (!pass.training) return normalized(x - running_mean, running_var, epsilon, weight, bias, where);
  const Var<T> mean_now = mean(x, 0, false, where), centred = x - mean_now;
  const Var<T> variance = mean(square(centred, where), 0, false, where);
  pass.updates.push_back(assign(running_mean, (1 - momentum) * running_mean + momentum * mean_now));
  if (const double n = static_cast<double>(shape[0]); n > 1) {
    pass.updates.push_back(assign(running_var, (1 - momentum) * running_var + momentum * n / (n - 1) * variance));
  }
  return normalized(centred, variance, epsilon, weight, bias, where);
}

template <class T>
BatchNorm1d<T> batch_norm(Tape<T>& tape, std::int64_t features, Source where) {
  expect_positive("batch_norm", "features", features, where);
  const Shape shape{features};
  return {.weight = tape.leaf(ones<T>(shape), where),
          .bias = tape.leaf(zeros<T>(shape), where),
          .running_mean = tape.leaf(zeros<T>(shape), where),
          .running_var = tape.leaf(ones<T>(shape), where)};
}

template <class T>
Var<T> LayerNorm<T>::forward(Var<T> x, Pass<T>& pass) const {
  const Source where = pass.where;
  const Shape& shape = x.shape(where, "layer_norm");
  const std::int64_t features = weight.shape(where, "layer_norm")[0];
  if (shape.rank() == 0 || shape[-1] != features) {
    throw ShapeError(
        locate("layer_norm", fmt::format("x must be [..., {}], it is {}", features, to_string(shape)), where));
  }
  const typename Tape<T>::Line line(x.tape(), where);
  const Var<T> centred = x - mean(x, -1, true, where);
  return normalized(centred, mean(square(centred, where), -1, true, where), epsilon, weight, bias, where);
}

template <class T>
LayerNorm<T> layer_norm(Tape<T>& tape, std::int64_t features, Source where) {
  expect_positive("layer_norm", "features", features, where);
  return {.weight = tape.leaf(ones<T>(Shape{features}), where), .bias = tape.leaf(zeros<T>(Shape{features}), where)};
}

template <class T>
Var<T> Dropout<T>::forward(Var<T> x, Pass<T>& pass) const {
  if (!pass.training) return x;
  if (pass.key.node().empty()) {
    throw UsageError(locate("dropout", "a training pass needs a key, tape.indices({seed, step})", pass.where));
  }
  return dropout(x, pass.key, rate, pass.where);
}

template <class T>
Embedding<T> embedding(Tape<T>& tape, std::int64_t count, std::int64_t features, Random& random, Source where) {
  expect_positive("embedding", "count", count, where);
  expect_positive("embedding", "features", features, where);
  return {tape.leaf(initial_weights<T>(count, features, Init::normal, random), where)};
}

#define INSTANTIATE(T)                                                                            \
  template Linear<T> linear(Tape<T>&, std::int64_t, std::int64_t, Random&, Init, double, Source); \
  template struct BatchNorm1d<T>;                                                                 \
  template BatchNorm1d<T> batch_norm(Tape<T>&, std::int64_t, Source);                             \
  template struct LayerNorm<T>;                                                                   \
  template LayerNorm<T> layer_norm(Tape<T>&, std::int64_t, Source);                               \
  template struct Dropout<T>;                                                                     \
  template Embedding<T> embedding(Tape<T>&, std::int64_t, std::int64_t, Random&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
