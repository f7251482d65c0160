#include "nn/solve/ceres.hpp"

#include <ceres/gradient_problem.h>
#include <ceres/gradient_problem_solver.h>
#include <fmt/format.h>

#include <cmath>
#include <exception>

namespace wengert::nn {

namespace {

/// What Ceres, which is not written for exceptions, hands back at each evaluation: one is kept for later.
template <class T>
struct Evaluation {
  ValueAndGradient<T>& f;
  Source where;
  std::int64_t count = 0;
  std::exception_ptr thrown{};

  bool operator()(const double* x, double* value, double* gradient) {
    try {
      ++count;
      *value = f({x, f.size()}, {gradient, gradient == nullptr ? 0 : f.size()}, where);
      return true;
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  }
};

template <class T>
class Function : public ceres::FirstOrderFunction {
 public:
  explicit Function(Evaluation<T>& evaluation) : evaluation_(evaluation) {}
  bool Evaluate(const double* x, double* value, double* gradient) const override {
    return evaluation_.thrown == nullptr && evaluation_(x, value, gradient);
  }
  int NumParameters() const override { return static_cast<int>(evaluation_.f.size()); }

 private:
  Evaluation<T>& evaluation_;
};

}  // namespace

template <class T>
Minimum minimize_ceres(Var<T> loss, const std::vector<Var<T>>& parameters, const CeresOptions& options, Source where) {
  const auto refuse = [&](const std::string& fact) { throw ValueError(locate("minimize_ceres", fact, where)); };
  ceres::GradientProblemSolver::Options how;
  if (!ceres::StringToLineSearchDirectionType(options.direction, &how.line_search_direction_type)) {
    refuse(fmt::format("Ceres knows no direction \"{}\"", options.direction));
  }
  how.function_tolerance = options.value_tolerance;
  how.gradient_tolerance = options.gradient_tolerance;
  how.parameter_tolerance = 0;
  how.max_num_iterations = options.iterations;
  if (std::isfinite(options.seconds)) how.max_solver_time_in_seconds = options.seconds;
  how.logging_type = ceres::SILENT;
  if (std::string fact; !how.IsValid(&fact)) refuse(fact);

  ValueAndGradient<T> f(loss, parameters, where);
  const std::vector<double> start = f.x(where);
  std::vector<double> x = start;
  Evaluation<T> evaluation{f, where};
  ceres::GradientProblemSolver::Summary summary;
  ceres::Solve(how, ceres::GradientProblem(new Function<T>(evaluation)), x.data(), &summary);  // the problem owns it
  if (evaluation.thrown != nullptr) {
    f.set(start, where);
    std::rethrow_exception(evaluation.thrown);
  }
  return f.minimum(x, evaluation.count, summary.termination_type == ceres::CONVERGENCE, summary.message, where);
}

template Minimum minimize_ceres(Var<float>, const std::vector<Var<float>>&, const CeresOptions&, Source);
template Minimum minimize_ceres(Var<double>, const std::vector<Var<double>>&, const CeresOptions&, Source);

}  // namespace wengert::nn
