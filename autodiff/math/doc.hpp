/// What an operation says about itself: tests, documentation and benchmarks read it through the registry.
#pragma once

#include <string_view>

namespace wengert {

/// An interval in which samples for tests may lie.
struct Interval {
  double low = -2, high = 2;
};

struct Doc {
  std::string_view name;     ///< as the user writes it
  std::string_view formula;  ///< "y = e^x"
  std::string_view slope;    ///< the derivative, in words of the formula
  std::string_view kinks{};  ///< conventions where the derivative does not exist; empty if it is smooth
  /// Where samples for tests are drawn, per input.
  Interval domain[3] = {};
};

/// Names an input of an operation in an overload set: `slope(Input<0>, …)`.
template <int I>
struct Input {};

/// Returned by `slope` where an input has no derivative: it is piecewise constant, or a condition.
struct NoGradient {};

}  // namespace wengert
