#include "autodiff/ops/random.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autodiff/ops/axis.hpp"
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/sample.hpp"
#include "autodiff/tensor/random.hpp"

namespace wengert {

namespace {

/// The generator of one random operation in one step.
Random generator(const std::int64_t* key, std::uint64_t stream) {
  constexpr std::uint64_t on_tape = std::uint64_t{1} << 63, steps = (std::uint64_t{1} << 39) - 1;
  return Random(static_cast<std::uint64_t>(key[0]),
                on_tape | (static_cast<std::uint64_t>(key[1]) & steps) << 24 | stream);
}

struct Uniform {
  static constexpr Doc doc{"uniform", "y_i in [low, high), random by key, stream and i", "none"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  double low = 0, high = 1;
  std::uint64_t stream = 0;

  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T>, Positions index, const View<T>& out) const {
    Random random = generator(index[0], stream);
    uniform(std::span(out.data, static_cast<std::size_t>(out.shape.size())), static_cast<T>(low), static_cast<T>(high),
            random);
  }
};

struct Normal {
  static constexpr Doc doc{"normal", "y_i Gaussian, random by key, stream and i", "none"};
  static constexpr Kind kind = Kind::kernel;
  static constexpr int inputs = 1;
  double mean = 0, deviation = 1;
  std::uint64_t stream = 0;

  template <class T>
  NoGradient vjp(Input<0>, Var<T>, Var<T>, Var<T>) const {
    return {};
  }
  template <class T>
  void run(Values<T>, Positions index, const View<T>& out) const {
    Random random = generator(index[0], stream);
    normal(std::span(out.data, static_cast<std::size_t>(out.shape.size())), static_cast<T>(mean),
           static_cast<T>(deviation), random);
  }
};

template <class T>
void expect_key(const char* name, Index<T> key, Source where) {
  if (key.shape(where, name) == Shape{2}) return;
  throw ShapeError(
      locate(name, fmt::format("a key is two integers, seed and step: this is {}", to_string(key.shape())), where));
}

void expect_probability(const char* name, double p, Source where) {
  if (p >= 0 && p <= 1) return;
  throw ValueError(locate(name, fmt::format("probability {} is outside [0, 1]", p), where));
}

template <class T, class Op>
Var<T> drawn(Op op, Index<T> key, const Shape& shape, Source where) {
  op.stream = key.tape().next_stream();
  return record(op, {key.node()}, shape, where);
}

}  // namespace

template <class T>
Var<T> uniform(Index<T> key, const Shape& shape, double low, double high, Source where) {
  expect_key("uniform", key, where);
  if (!(static_cast<T>(low) < static_cast<T>(high) && std::isfinite(static_cast<T>(high) - static_cast<T>(low)))) {
    throw ValueError(locate("uniform", fmt::format("[{}, {}) is empty or not finite", low, high), where));
  }
  return drawn(Uniform{low, high}, key, shape, where);
}

template <class T>
Var<T> normal(Index<T> key, const Shape& shape, double mean, double deviation, Source where) {
  expect_key("normal", key, where);
  if (!(deviation >= 0 && std::isfinite(static_cast<T>(deviation)) && std::isfinite(static_cast<T>(mean)))) {
    throw ValueError(locate("normal", fmt::format("mean {} and deviation {}", mean, deviation), where));
  }
  return drawn(Normal{mean, deviation}, key, shape, where);
}

template <class T>
Var<T> bernoulli(Index<T> key, const Shape& shape, double probability, Source where) {
  expect_key("bernoulli", key, where);
  expect_probability("bernoulli", probability, where);
  return less(uniform(key, shape, 0, 1, where), probability, where);
}

template <class T>
Var<T> dropout(Var<T> x, Index<T> key, double rate, Source where) {
  const Shape shape = x.shape(where, "dropout");
  x.tape().expect_mine("dropout", key.node(), where);
  expect_key("dropout", key, where);
  expect_probability("dropout", rate, where);
  if (rate == 0) return x;
  const typename Tape<T>::Line line(x.tape(), where);
  const Var<T> kept = bernoulli(key, shape, 1 - rate, where);
  return wengert::where(kept, x * (1 / (1 - rate)), 0, where);
}

template <class T>
std::vector<Entry<T>> random_entries() {
  return {{&table_of<Uniform, T>(), {indexed(sample<T>(Uniform{-1, 2, 3}, {{2}}, {3, 5}), 0, 1000)}},
          {&table_of<Normal, T>(), {indexed(sample<T>(Normal{1, 2, 3}, {{2}}, {7}), 0, 1000)}}};
}

#define INSTANTIATE(T)                                                     \
  template Var<T> uniform(Index<T>, const Shape&, double, double, Source); \
  template Var<T> normal(Index<T>, const Shape&, double, double, Source);  \
  template Var<T> bernoulli(Index<T>, const Shape&, double, Source);       \
  template Var<T> dropout(Var<T>, Index<T>, double, Source);               \
  template std::vector<Entry<T>> random_entries()
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
