/// Minimised by the line searches of Ceres (S. Agarwal, K. Mierle and others, "Ceres Solver"), for problems whose loss
/// is that of all samples at once. Component `ceres`: target wengert::ceres, built where Ceres is installed.
///
///   const nn::Minimum found = nn::minimize_ceres(loss, mlp.parameters());
#pragma once

#include <limits>
#include <string>

#include "nn/solve/value_and_gradient.hpp"

namespace wengert::nn {

struct CeresOptions {
  std::string direction = "LBFGS";   ///< or BFGS, NONLINEAR_CONJUGATE_GRADIENT, STEEPEST_DESCENT
  double value_tolerance = 1e-14;    ///< relative change of the loss that ends it
  double gradient_tolerance = 1e-9;  ///< largest element of the gradient that ends it
  int iterations = 1000;             ///< at most
  double seconds = std::numeric_limits<double>::infinity();
};

/// Minimises `loss`, one number, over the leaves `parameters`, from where they are. Afterwards they hold the best
/// point.
///
/// A solver that gives up is no error: `Minimum::reason` says so. What the loss's program throws passes through Ceres
/// to the caller, and the parameters are then as before. Throws ValueError for a direction Ceres does not know or
/// options it refuses, and as the constructor of ValueAndGradient.
template <class T>
Minimum minimize_ceres(Var<T> loss, const std::vector<Var<T>>& parameters, const CeresOptions& options = {},
                       Source where = Source::here());

}  // namespace wengert::nn
