/// A loss as outside solvers want it: f(x) and its gradient, where x is one row of doubles.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "autodiff/autodiff.hpp"

namespace wengert::nn {

/// Where a solver came to. The parameters are there.
struct Minimum {
  double value = 0;              ///< of the loss
  std::int64_t evaluations = 0;  ///< of value and gradient
  bool converged = false;        ///< as the solver understands it; else it gave up or ran out of something
  std::string reason;            ///< why it stopped, as a sentence
};

/// x holds the elements of all parameters: one parameter after the other, each row-major.
template <class T>
class ValueAndGradient {
 public:
  /// Compiles the loss and its gradient. Throws ShapeError if the loss has more than one element, UsageError if there
  /// is no parameter, one is no leaf, or one is given twice.
  ValueAndGradient(Var<T> loss, std::vector<Var<T>> parameters, Source where = Source::here());

  /// Number of elements of x.
  std::size_t size() const { return size_; }
  /// x as the parameters are now.
  std::vector<double> x(Source where = Source::here()) const;
  /// The parameters become x, rounded to T. Throws ShapeError for another number of elements than size().
  void set(std::span<const double> x, Source where = Source::here());
  /// Sets x and returns f(x); its gradient goes into `gradient` unless that is empty. Allocates nothing after the first
  /// call. Throws as `set` and as the run of a program.
  double operator()(std::span<const double> x, std::span<double> gradient, Source where = Source::here());
  /// Sets x, where a solver stopped after `evaluations` for this reason. A loss that is not finite there has not
  /// converged, whatever the solver says.
  Minimum minimum(std::span<const double> x, std::int64_t evaluations, bool converged, std::string reason,
                  Source where = Source::here());

 private:
  void expect_size(const char* operation, std::size_t given, Source where) const;

  std::vector<Var<T>> parameters_;
  std::vector<Tensor<T>> values_;  ///< of each parameter, to round into
  std::size_t size_ = 0;
  Program<T> program_;
};

extern template class ValueAndGradient<float>;
extern template class ValueAndGradient<double>;

}  // namespace wengert::nn
