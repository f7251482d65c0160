/// Slopes by differences: no derivative rule takes part. For the .cpp files that compare with them.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

namespace wengert {

/// How a number changes at a point of a line, and how far that can be trusted.
struct Difference {
  double slope = 0;       ///< central differences, extrapolated to step 0
  double error = 0;       ///< of the slope: how far apart its last extrapolations lie
  double noise = 0;       ///< what the rounding of the numbers can do to the slope
  double left = 0;        ///< the slope to the left, also extrapolated
  double right = 0;       ///< the slope to the right: the same unless there is a kink
  double side_error = 0;  ///< of right - left, rounding included

  /// Whether the slopes of both sides differ by more than `allowed`.
  bool has_kink(double allowed) const { return std::abs(right - left) > allowed + 4 * side_error; }
  /// Whether the slope is known well within `allowed` (`error` is an estimate), or as far as rounding lets it be.
  bool is_settled(double allowed) const { return error <= allowed / 10 + noise; }
};

/// Slopes at x of all the numbers that f gives. Steps go from (1 + |x|)/10, or as much less as f stays finite, down by
/// halves; central differences have an error in even powers of the step, one-sided ones in all powers, and each tableau
/// gives the entry that its neighbours confirm best (Ridders 1982: "Accurate computation of F'(x) and
/// F'(x)F''(x)"). So one sequence of steps fits every type and scale. Where f is not finite, `error` is infinite.
/// Rounding is judged by the numbers, and by `size` where they are the rest of larger ones that cancel.
template <class T>
std::vector<Difference> differences(const std::function<std::vector<double>(T)>& f, T x, double size = 0);

}  // namespace wengert
