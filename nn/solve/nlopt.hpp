/// Minimised by NLopt (S. G. Johnson, "The NLopt nonlinear-optimization package"), for problems whose loss is that of
/// all samples at once. Component `nlopt`: target wengert::nlopt, built where NLopt is installed.
///
///   const nn::Minimum found = nn::minimize_nlopt(loss, mlp.parameters(), {.algorithm = "LD_SLSQP"});
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "nn/solve/value_and_gradient.hpp"

namespace wengert::nn {

template <class T>
struct NloptOptions {
  std::string algorithm = "LD_LBFGS";  ///< its name in NLopt's manual, without NLOPT_
  double value_tolerance = 1e-14;      ///< relative change of the loss that ends it; 0: never
  double step_tolerance = 0;           ///< relative change of the parameters that ends it; 0: never
  int evaluations = 10000;             ///< at most; 0: any number
  double seconds = std::numeric_limits<double>::infinity();
  /// Bounds of the parameters' elements: one for all, or one each in the order of ValueAndGradient; empty: none. Global
  /// algorithms need both.
  std::vector<double> lower{}, upper{};
  /// Vars of one element that must be 0, or at most 0, up to the tolerance; for algorithms that take such constraints:
  /// LD_SLSQP, LD_MMA (not zero), the augmented Lagrangian ones.
  std::vector<Var<T>> zero{}, at_most_zero{};
  double constraint_tolerance = 1e-9;
};

/// Minimises `loss`, one number, over the leaves `parameters`, from where they are. Afterwards they hold the best
/// point.
///
/// A solver that gives up is no error: `Minimum::reason` says so. What the loss's program throws passes through NLopt
/// to the caller, and the parameters are then as before. Throws ValueError for an algorithm NLopt does not know or
/// options it refuses, and as the constructor of ValueAndGradient.
template <class T>
Minimum minimize_nlopt(Var<T> loss, const std::vector<Var<T>>& parameters,
                       const NloptOptions<std::type_identity_t<T>>& options = {}, Source where = Source::here());

}  // namespace wengert::nn
