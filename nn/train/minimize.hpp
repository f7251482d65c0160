/// A loss of no batches, minimised: all samples at once, or no samples at all, as in a differential equation.
///
///   const auto losses = nn::minimize(loss, mlp.parameters(), {.method = nn::Adam{.rate = 1e-2}, .steps = 5000});
#pragma once

#include <vector>

#include "nn/optim/optimizer.hpp"
#include "nn/optim/schedule.hpp"

namespace wengert::nn {

struct MinimizeOptions {
  Method method = Adam{};
  std::int64_t steps = 1000;
  Schedule schedule{};  ///< of the step from 0; takes the place of the method's rate
};

/// `steps` steps of the method down `loss`, one number, over the leaves `parameters`, from where they are. Returns the
/// loss before each step. Nothing stays on the tape. Throws ShapeError if the loss has more than one element,
/// UsageError if there is no parameter or one is no leaf.
template <class T>
std::vector<double> minimize(Var<T> loss, const std::vector<Var<T>>& parameters, const MinimizeOptions& options = {},
                             Source where = Source::here());

}  // namespace wengert::nn
