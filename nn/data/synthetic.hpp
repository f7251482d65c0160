/// Problems made by a formula: points of two classes, and functions to learn. The same arguments give the same numbers.
#pragma once

#include <cstdint>

#include "autodiff/tensor/source.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert::nn {

/// Points of the plane and their class, 0 or 1.
template <class T>
struct Labelled {
  Tensor<T> x;                  ///< [n, 2]
  Tensor<std::int64_t> labels;  ///< [n]
};

/// A function and where it was taken.
template <class T>
struct Sampled {
  Tensor<T> x;  ///< [n, inputs]
  Tensor<T> y;  ///< [n, 1]
};

/// How many points, how far off. All throw ValueError for n < 2 or unless noise is finite and >= 0.
struct SyntheticOptions {
  std::int64_t n = 100;    ///< points, of both classes together
  double noise = 0;        ///< standard deviation of what is added: to the points, or to the values of a function
  std::uint64_t seed = 0;  ///< of the noise
};

/// The four corners of the unit square; the class is exclusive or: the smallest problem no single layer solves.
template <class T>
Labelled<T> xor_corners();

/// Two spirals, one the other turned by 180 degrees (Lang and Witbrock 1988: three turns, radius 6.5 to 0.5; theirs is
/// n = 194). Classes alternate, starting with 0.
template <class T>
Labelled<T> two_spirals(const SyntheticOptions& options = {.n = 194}, Source where = Source::here());

/// Two half circles that reach into each other: (cos t, sin t) and (1 - cos t, 1/2 - sin t), t from 0 to pi. Classes
/// alternate, starting with 0.
template <class T>
Labelled<T> two_moons(const SyntheticOptions& options = {}, Source where = Source::here());

/// Franke's function of the unit square: two hills, a smaller one, a dip (Franke 1979). franke(0, 0) =
/// 0.766420591284923.
double franke(double x, double y);
/// 1 / (1 + 25 x^2): polynomials through equidistant points diverge from it (Runge 1901).
double runge(double x);

/// Franke's function on a grid of the unit square, options.n points per side: n^2 rows.
template <class T>
Sampled<T> franke_grid(const SyntheticOptions& options = {.n = 20}, Source where = Source::here());
/// Runge's function at n points from -1 to 1.
template <class T>
Sampled<T> runge_line(const SyntheticOptions& options = {}, Source where = Source::here());
/// sin x at n points from 0 to 2 pi.
template <class T>
Sampled<T> sine_line(const SyntheticOptions& options = {}, Source where = Source::here());

}  // namespace wengert::nn
