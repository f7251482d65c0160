#include "nn/solve/nlopt.hpp"

#include <fmt/format.h>
#include <nlopt.h>

#include <cmath>
#include <deque>
#include <exception>
#include <memory>
#include <new>

namespace wengert::nn {

namespace {

/// NLopt is written in C: no exception may pass through it, so one is kept for later.
struct Solver {
  std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> handle;
  std::string algorithm;
  Source where;
  std::exception_ptr thrown{};

  /// Throws what NLopt says of an argument it refuses.
  void expect(nlopt_result result) const {
    if (result == NLOPT_INVALID_ARGS) throw ValueError(locate("minimize_nlopt", reason(result), where));
    if (result == NLOPT_OUT_OF_MEMORY) throw std::bad_alloc();
  }

  std::string reason(nlopt_result result) const {
    switch (result) {
      case NLOPT_SUCCESS: return fmt::format("NLopt's {} has converged", algorithm);
      case NLOPT_FTOL_REACHED: return "the loss changed by no more than value_tolerance";
      case NLOPT_XTOL_REACHED: return "the parameters changed by no more than step_tolerance";
      case NLOPT_MAXEVAL_REACHED: return "all evaluations were used up";
      case NLOPT_MAXTIME_REACHED: return "the time was up";
      case NLOPT_ROUNDOFF_LIMITED: return "rounding errors allow no further progress";
      default: break;
    }
    const char* message = nlopt_get_errmsg(handle.get());
    return fmt::format("NLopt's {} failed: {}", algorithm,
                       message != nullptr ? message : nlopt_result_to_string(result));
  }
};

/// The loss, or a constraint.
template <class T>
struct Function {
  ValueAndGradient<T> f;
  Solver& solver;
  std::int64_t evaluations = 0;

  static double call(unsigned n, const double* x, double* gradient, void* self) {
    auto& [f, solver, evaluations] = *static_cast<Function*>(self);
    try {
      ++evaluations;
      return f({x, n}, {gradient, gradient == nullptr ? 0 : n}, solver.where);
    } catch (...) {
      solver.thrown = std::current_exception();
      nlopt_force_stop(solver.handle.get());
      return HUGE_VAL;
    }
  }
};

/// One for all, or one each.
std::vector<double> bounds(std::vector<double> given, std::size_t n, Source where) {
  if (given.size() == 1) given.resize(n, given[0]);
  if (given.empty() || given.size() == n) return given;
  throw ValueError(
      locate("minimize_nlopt",
             fmt::format("one bound for all elements or one each is needed (given: {}, elements: {})", given.size(), n),
             where));
}

}  // namespace

template <class T>
Minimum minimize_nlopt(Var<T> loss, const std::vector<Var<T>>& parameters,
                       const NloptOptions<std::type_identity_t<T>>& options, Source where) {
  Solver solver{{nullptr, &nlopt_destroy}, options.algorithm, where};
  std::deque<Function<T>> functions;  // the loss, then the constraints; NLopt keeps their addresses
  const auto function = [&](Var<T> y) {
    return &functions.emplace_back(ValueAndGradient<T>(y, parameters, where), solver);
  };
  ValueAndGradient<T>& f = function(loss)->f;
  const std::vector<double> start = f.x(where), lower = bounds(options.lower, f.size(), where),
                            upper = bounds(options.upper, f.size(), where);
  const nlopt_algorithm algorithm = nlopt_algorithm_from_string(options.algorithm.c_str());
  if (algorithm < 0) {
    throw ValueError(
        locate("minimize_nlopt", fmt::format("NLopt knows no algorithm \"{}\"", options.algorithm), where));
  }
  nlopt_opt_s* const handle = nlopt_create(algorithm, static_cast<unsigned>(f.size()));
  if (handle == nullptr) throw std::bad_alloc();
  solver.handle.reset(handle);

  const double tolerance = options.constraint_tolerance;
  solver.expect(nlopt_set_min_objective(handle, &Function<T>::call, &functions[0]));
  for (const Var<T>& y : options.zero) {
    solver.expect(nlopt_add_equality_constraint(handle, &Function<T>::call, function(y), tolerance));
  }
  for (const Var<T>& y : options.at_most_zero) {
    solver.expect(nlopt_add_inequality_constraint(handle, &Function<T>::call, function(y), tolerance));
  }
  if (!lower.empty()) solver.expect(nlopt_set_lower_bounds(handle, lower.data()));
  if (!upper.empty()) solver.expect(nlopt_set_upper_bounds(handle, upper.data()));
  solver.expect(nlopt_set_ftol_rel(handle, options.value_tolerance));
  solver.expect(nlopt_set_xtol_rel(handle, options.step_tolerance));
  solver.expect(nlopt_set_maxeval(handle, options.evaluations));
  if (std::isfinite(options.seconds)) solver.expect(nlopt_set_maxtime(handle, options.seconds));

  std::vector<double> x = start;
  double value = 0;
  const nlopt_result result = nlopt_optimize(handle, x.data(), &value);
  if (solver.thrown != nullptr || result == NLOPT_INVALID_ARGS) f.set(start, where);
  if (solver.thrown != nullptr) std::rethrow_exception(solver.thrown);
  solver.expect(result);
  const bool converged = (result > 0 && result < NLOPT_MAXEVAL_REACHED) || result == NLOPT_ROUNDOFF_LIMITED;
  return f.minimum(x, functions[0].evaluations, converged, solver.reason(result), where);
}

template Minimum minimize_nlopt(Var<float>, const std::vector<Var<float>>&, const NloptOptions<float>&, Source);
template Minimum minimize_nlopt(Var<double>, const std::vector<Var<double>>&, const NloptOptions<double>&, Source);

}  // namespace wengert::nn
