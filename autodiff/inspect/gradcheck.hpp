/// gradcheck: derivatives against differences, for your own tests.
///
///   const auto energy = [](auto q, auto k) { return sum(k * square(q)); };
///   CHECK(gradcheck(energy, {q, k}, {.order = 2}));                        // doctest and Catch2 print the report
///   const auto report = gradcheck(energy, {q, k});
///   EXPECT_TRUE(report) << report;                                         // GoogleTest is told to
///
/// Every entry of the Jacobian of every output by every input is compared, so keep the tensors small: an entry of an
/// input costs 27 runs of f. Differences are extrapolated to step 0 (Ridders 1982), good for about 11 digits in double
/// and 4 in float; steps need not be chosen. (The complex step would give all digits, but our tensors are real.)
///
/// An entry of an input is skipped, and named, where the slopes to the right and to the left differ (a kink), or where
/// differences do not settle. A report on which nothing was compared fails.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/transform/gradient.hpp"

namespace wengert {

/// What to check, and how closely.
struct GradcheckOptions {
  int order = 1;        ///< 2: also the derivatives of the gradient, of sum(w y) with weights w if y is no number
  bool reverse = true;  ///< vjp; of order 2 reverse over reverse
  bool forward = true;  ///< jvp; of order 2 forward over reverse
  /// max|a - b| / max|b| may be as large, of a the derivatives of one output by one input, and b the differences. 0:
  /// the root of the type's epsilon, 1.5e-8 for double and 3.5e-4 for float.
  double tolerance = 0;
  /// A difference as small as this counts as none: for derivatives that are 0 as the rest of large terms.
  double absolute = 0;
};

/// A derivative and what differences say about it.
struct GradcheckEntry {
  int order = 1;
  Mode mode = Mode::reverse;
  std::size_t input = 0;                   ///< of f, counted from 0
  std::vector<std::int64_t> index;         ///< of the element of the input
  std::size_t output = 0;                  ///< order 2: the input by which y was differentiated first
  std::vector<std::int64_t> output_index;  ///< of the element of y, or of its gradient
  double derivative = 0, differences = 0;
  double relative = 0;  ///< |derivative - differences| by the largest slope of the output by the input
};

/// An element of an input that differences cannot judge.
struct GradcheckSkip {
  int order = 1;
  std::size_t input = 0;
  std::vector<std::int64_t> index;
  bool kink = false;           ///< else the differences do not settle, or f is not finite there
  double left = 0, right = 0;  ///< slopes of a kink, of the first output that has one
};

/// True in a condition if the derivatives are right.
struct GradcheckReport {
  bool passed = false;
  std::int64_t compared = 0;  ///< derivatives, each mode and order counted
  GradcheckEntry worst;       ///< has a meaning if anything was compared
  std::vector<GradcheckSkip> skipped;
  double tolerance = 0;

  explicit operator bool() const { return passed; }
};
/// A sentence, and one line more for each entry skipped, at most ten.
std::string to_string(const GradcheckReport& report);
std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);

/// Checks f at the inputs. f is called once, on leaves of a tape made for it, and returns a Var of any shape.
/// Throws UsageError without inputs or function, or if f returns a Var that is empty or of another tape; ValueError for
/// an input that is not finite, an order other than 1 and 2, a tolerance or absolute bound below 0, or no mode to
/// check.
template <class T>
GradcheckReport gradcheck(const std::function<Var<T>(const std::vector<Var<T>>&)>& f,
                          const std::vector<Tensor<T>>& inputs, const GradcheckOptions& options = {},
                          Source where = Source::here());
/// The same for f of as many Vars as there are inputs: gradcheck(f, {a, b}).
template <class F, class T, std::size_t N>
GradcheckReport gradcheck(F&& f, const Tensor<T> (&inputs)[N], const GradcheckOptions& options = {},
                          Source where = Source::here()) {
  const auto spread = [&f]<std::size_t... I>(const std::vector<Var<T>>& x, std::index_sequence<I...>) {
    return f(x[I]...);
  };
  return gradcheck<T>([&](const std::vector<Var<T>>& x) -> Var<T> { return spread(x, std::make_index_sequence<N>()); },
                      std::vector<Tensor<T>>(inputs, inputs + N), options, where);
}

}  // namespace wengert
