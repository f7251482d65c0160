#include "nn/train/minimize.hpp"

namespace wengert::nn {

template <class T>
std::vector<double> minimize(Var<T> loss, const std::vector<Var<T>>& parameters, const MinimizeOptions& options,
                             Source where) {
  loss.shape(where, "minimize");  // throws if it is stale
  const auto scope = loss.tape().scope(where);
  Optimizer<T> optimizer(parameters, options.method, where);
  auto step = compile<T>({loss}, optimizer.updates(gradient(loss, parameters, where), where), where);
  std::vector<double> losses;
  for (std::int64_t i = 0; i < options.steps; ++i) {
    if (options.schedule) optimizer.set_rate(options.schedule(i));
    optimizer.prepare(i + 1, where);
    step.run(where);
    losses.push_back(step.output(0, where).data[0]);
  }
  return losses;
}

template std::vector<double> minimize(Var<float>, const std::vector<Var<float>>&, const MinimizeOptions&, Source);
template std::vector<double> minimize(Var<double>, const std::vector<Var<double>>&, const MinimizeOptions&, Source);

}  // namespace wengert::nn
