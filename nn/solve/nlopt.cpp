#include "nn/solve/nlopt.hpp"

#include <fmt/format.h>
#include <nlopt.h>

#include <cmath>
#include <exception>
#include <memory>

namespace wengert::nn {

namespace {

using Solver = std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)>;

/// What NLopt, written in C, hands back at each evaluation. No exception may pass through it, so one is kept for later.
template <class T>
struct Evaluation {
  ValueAndGradient<T>& f;
  nlopt_opt solver;
  Source where;
  std::int64_t count = 0;
  std::exception_ptr thrown{};

  static double call(unsigned n, const double* x, double* gradient, void* self) {
    auto& at = *static_cast<Evaluation*>(self);
    try {
      ++at.count;
      return at.f({x, n}, {gradient, gradient == nullptr ? 0 : n}, at.where);
    } catch (...) {
      at.thrown = std::current_exception();
      nlopt_force_stop(at.solver);
      return HUGE_VAL;
    }
  }
};

/// One for all, or one each.
std::vector<double> bounds(std::vector<double> given, std::size_t n) {
  if (given.size() == 1) given.resize(n, given[0]);
  return given;
}

std::string reason(nlopt_result result, const NloptOptions& options, const char* message) {
  switch (result) {
    case NLOPT_FTOL_REACHED: return "the loss changed by no more than value_tolerance";
    case NLOPT_XTOL_REACHED: return "the parameters changed by no more than step_tolerance";
    case NLOPT_MAXEVAL_REACHED: return "all evaluations were used up";
    case NLOPT_MAXTIME_REACHED: return "the time was up";
    case NLOPT_ROUNDOFF_LIMITED: return "rounding errors allow no further progress";
    case NLOPT_FAILURE:
    case NLOPT_OUT_OF_MEMORY:
    case NLOPT_INVALID_ARGS:
      return fmt::format("NLopt's {} failed: {}", options.algorithm,
                         message == nullptr ? nlopt_result_to_string(result) : message);
    default: return fmt::format("NLopt's {} has converged", options.algorithm);
  }
}

}  // namespace

template <class T>
Minimum minimize_nlopt(Var<T> loss, const std::vector<Var<T>>& parameters, const NloptOptions& options, Source where) {
  const auto refuse = [&](const std::string& fact) { throw ValueError(locate("minimize_nlopt", fact, where)); };
  ValueAndGradient<T> f(loss, parameters, where);
  const std::vector<double> start = f.x(where), lower = bounds(options.lower, f.size()),
                            upper = bounds(options.upper, f.size());
  for (const auto& bound : {lower, upper}) {
    if (!bound.empty() && bound.size() != f.size()) {
      refuse(fmt::format("{} bounds for parameters of {} elements", bound.size(), f.size()));
    }
  }
  const nlopt_algorithm algorithm = nlopt_algorithm_from_string(options.algorithm.c_str());
  if (algorithm < 0) refuse(fmt::format("NLopt knows no algorithm \"{}\"", options.algorithm));
  const Solver solver(nlopt_create(algorithm, static_cast<unsigned>(f.size())), &nlopt_destroy);
  Evaluation<T> evaluation{f, solver.get(), where};
  const auto expect = [&](nlopt_result result) {
    if (result < 0) refuse(reason(NLOPT_INVALID_ARGS, options, nlopt_get_errmsg(solver.get())));
  };
  expect(nlopt_set_min_objective(solver.get(), &Evaluation<T>::call, &evaluation));
  if (!lower.empty()) expect(nlopt_set_lower_bounds(solver.get(), lower.data()));
  if (!upper.empty()) expect(nlopt_set_upper_bounds(solver.get(), upper.data()));
  expect(nlopt_set_ftol_rel(solver.get(), options.value_tolerance));
  expect(nlopt_set_xtol_rel(solver.get(), options.step_tolerance));
  expect(nlopt_set_maxeval(solver.get(), options.evaluations));
  if (std::isfinite(options.seconds)) expect(nlopt_set_maxtime(solver.get(), options.seconds));

  std::vector<double> x = start;
  double unused = 0;
  const nlopt_result result = nlopt_optimize(solver.get(), x.data(), &unused);
  if (evaluation.thrown != nullptr || result == NLOPT_INVALID_ARGS) f.set(start, where);
  if (evaluation.thrown != nullptr) std::rethrow_exception(evaluation.thrown);
  if (result == NLOPT_INVALID_ARGS) expect(result);
  return f.minimum(x, evaluation.count,
                   (result > 0 && result < NLOPT_MAXEVAL_REACHED) || result == NLOPT_ROUNDOFF_LIMITED,
                   reason(result, options, nlopt_get_errmsg(solver.get())), where);
}

template Minimum minimize_nlopt(Var<float>, const std::vector<Var<float>>&, const NloptOptions&, Source);
template Minimum minimize_nlopt(Var<double>, const std::vector<Var<double>>&, const NloptOptions&, Source);

}  // namespace wengert::nn
