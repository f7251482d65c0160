#include "nn/data/synthetic.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"

namespace wengert::nn {

namespace {

constexpr double kPi = std::numbers::pi;

void expect_options(const char* operation, const SyntheticOptions& options, Source where) {
  if (options.n >= 2 && options.noise >= 0 && std::isfinite(options.noise)) return;
  throw ValueError(locate(
      operation,
      fmt::format("n must be 2 or more and noise finite and not negative: n is {}, noise {}", options.n, options.noise),
      where));
}

/// Point i of n from `first` to `last`, both exact.
double point(double first, double last, std::int64_t i, std::int64_t n) {
  const double t = static_cast<double>(i) / static_cast<double>(n - 1);
  return first * (1 - t) + last * t;
}

/// n points, class i % 2, at curve(class, t) with t from 0 to 1 along each class.
template <class T, class Curve>
Labelled<T> two_curves(const char* operation, const SyntheticOptions& options, Source where, Curve curve) {
  expect_options(operation, options, where);
  Random random(options.seed);
  const std::int64_t n = options.n;
  Labelled<T> out{Tensor<T>(Shape{n, 2}), Tensor<std::int64_t>(Shape{n})};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t label = i % 2, of_class = (n + 1 - label) / 2;
    const std::array<double, 2> at = curve(label, of_class == 1 ? 0 : point(0, 1, i / 2, of_class));
    for (int j = 0; j < 2; ++j) {
      out.x.at(i, j) = static_cast<T>(at[static_cast<std::size_t>(j)] + random.normal(0, options.noise));
    }
    out.labels.at(i) = label;
  }
  return out;
}

/// f at n points from `first` to `last`.
template <class T, class F>
Sampled<T> line(const char* operation, const SyntheticOptions& options, Source where, double first, double last, F f) {
  expect_options(operation, options, where);
  Random random(options.seed);
  Sampled<T> out{Tensor<T>(Shape{options.n, 1}), Tensor<T>(Shape{options.n, 1})};
  for (std::int64_t i = 0; i < options.n; ++i) {
    const double x = point(first, last, i, options.n);
    out.x.data()[i] = static_cast<T>(x);
    out.y.data()[i] = static_cast<T>(f(x) + random.normal(0, options.noise));
  }
  return out;
}

}  // namespace

template <class T>
Labelled<T> xor_corners() {
  return {Tensor<T>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, Tensor<std::int64_t>{0, 1, 1, 0}};
}

template <class T>
Labelled<T> two_spirals(const SyntheticOptions& options, Source where) {
  return two_curves<T>("two_spirals", options, where, [](std::int64_t label, double t) {
    // Theirs: point i of 0..96 at angle i pi/16, radius 6.5 (104 - i)/104.
    const double i = 96 * t, angle = i * kPi / 16, radius = 6.5 * (104 - i) / 104, side = label == 0 ? 1 : -1;
    return std::array{side * radius * std::sin(angle), side * radius * std::cos(angle)};
  });
}

template <class T>
Labelled<T> two_moons(const SyntheticOptions& options, Source where) {
  return two_curves<T>("two_moons", options, where, [](std::int64_t label, double t) {
    const double x = std::cos(kPi * t), y = std::sin(kPi * t);
    return label == 0 ? std::array{x, y} : std::array{1 - x, 0.5 - y};
  });
}

double franke(double x, double y) {
  const auto square = [](double z) { return z * z; };
  return 0.75 * std::exp(-square(9 * x - 2) / 4 - square(9 * y - 2) / 4) +
         0.75 * std::exp(-square(9 * x + 1) / 49 - (9 * y + 1) / 10) +
         0.5 * std::exp(-square(9 * x - 7) / 4 - square(9 * y - 3) / 4) -
         0.2 * std::exp(-square(9 * x - 4) - square(9 * y - 7));
}

double runge(double x) { return 1 / (1 + 25 * x * x); }

template <class T>
Sampled<T> franke_grid(const SyntheticOptions& options, Source where) {
  expect_options("franke_grid", options, where);
  Random random(options.seed);
  const std::int64_t n = options.n;
  Sampled<T> out{Tensor<T>(Shape{n * n, 2}), Tensor<T>(Shape{n * n, 1})};
  for (std::int64_t i = 0; i < n * n; ++i) {
    const double x = point(0, 1, i / n, n), y = point(0, 1, i % n, n);
    out.x.at(i, 0) = static_cast<T>(x);
    out.x.at(i, 1) = static_cast<T>(y);
    out.y.at(i, 0) = static_cast<T>(franke(x, y) + random.normal(0, options.noise));
  }
  return out;
}

template <class T>
Sampled<T> runge_line(const SyntheticOptions& options, Source where) {
  return line<T>("runge_line", options, where, -1, 1, runge);
}

template <class T>
Sampled<T> sine_line(const SyntheticOptions& options, Source where) {
  return line<T>("sine_line", options, where, 0, 2 * kPi, [](double x) { return std::sin(x); });
}

#define INSTANTIATE(T)                                               \
  template Labelled<T> xor_corners();                                \
  template Labelled<T> two_spirals(const SyntheticOptions&, Source); \
  template Labelled<T> two_moons(const SyntheticOptions&, Source);   \
  template Sampled<T> franke_grid(const SyntheticOptions&, Source);  \
  template Sampled<T> runge_line(const SyntheticOptions&, Source);   \
  template Sampled<T> sine_line(const SyntheticOptions&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
