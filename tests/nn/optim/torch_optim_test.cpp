// Paths of optimisers, point by point, against PyTorch's. What it spells otherwise:
//   weight_decay of all but AdamW   is a penalty in the cost, λ/2 Σ w²
//   lr_decay of Adagrad             is a schedule, η / (1 + (t - 1) λ)
//   NAdam of PyTorch 1.13           is nn::NAdam{.repeated_mu = true}; Dozat's is tested in methods_test.cpp
#include <doctest/doctest.h>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::Json;

namespace {

nn::Method method_of(const Json& row) {
  const std::string name = row["optimiser"];
  const Json& d = row["defaults"];
  const double rate = d["lr"];
  const auto beta = [&](int i) { return d["betas"][static_cast<std::size_t>(i)].get<double>(); };
  if (name == "SGD" && d["momentum"] == 0) return nn::Sgd{.rate = rate};
  if (name == "SGD" && d["nesterov"] == true) return nn::Nesterov{.rate = rate, .momentum = d["momentum"]};
  if (name == "SGD") return nn::Momentum{.rate = rate, .momentum = d["momentum"], .dampening = d["dampening"]};
  if (name == "Adagrad") return nn::Adagrad{.rate = rate, .epsilon = d["eps"]};
  if (name == "Adadelta") return nn::Adadelta{.rate = rate, .rho = d["rho"], .epsilon = d["eps"]};
  if (name == "RMSprop") {
    return nn::RmsProp{
        .rate = rate, .rho = d["alpha"], .epsilon = d["eps"], .momentum = d["momentum"], .centred = d["centered"]};
  }
  if (name == "Adam" && d["amsgrad"] == true) {
    return nn::AmsGrad{.rate = rate, .beta1 = beta(0), .beta2 = beta(1), .epsilon = d["eps"]};
  }
  if (name == "Adam") return nn::Adam{.rate = rate, .beta1 = beta(0), .beta2 = beta(1), .epsilon = d["eps"]};
  if (name == "AdamW") {
    return nn::AdamW{.rate = rate, .decay = d["weight_decay"], .beta1 = beta(0), .beta2 = beta(1), .epsilon = d["eps"]};
  }
  if (name == "Adamax") return nn::Adamax{.rate = rate, .beta1 = beta(0), .beta2 = beta(1), .epsilon = d["eps"]};
  if (name == "NAdam") {
    return nn::NAdam{.rate = rate,
                     .beta1 = beta(0),
                     .beta2 = beta(1),
                     .epsilon = d["eps"],
                     .psi = d["momentum_decay"],
                     .repeated_mu = true};
  }
  REQUIRE(name == "RAdam");
  return nn::RAdam{.rate = rate, .beta1 = beta(0), .beta2 = beta(1), .epsilon = d["eps"]};
}

Var<double> cost_of(const std::string& function, Var<double> p) {
  if (function == "bowl") return 0.5 * sum(p.tape().leaf({1.0, 2.0, 3.0}) * square(p));
  const auto head = slice(p, 0, 0, 2), tail = slice(p, 0, 1, 3);
  return sum(100.0 * square(tail - square(head)) + square(1.0 - head));
}

}  // namespace

TEST_CASE("every path of PyTorch's optimisers is followed to 1e-12") {
  const auto rows = test::oracle("torch-optim");
  CHECK(rows.size() == 21);
  for (const Json& row : rows) {
    CAPTURE(row["optimiser"].get<std::string>());
    CAPTURE(row["settings"].dump());
    CAPTURE(row["function"].get<std::string>());
    Tape<double> tape;
    const auto p = tape.leaf({-1.2, 1.0, 0.5});
    const auto cost = cost_of(row["function"], p);
    const Json& defaults = row["defaults"];
    const double penalty = row["optimiser"] == "AdamW" ? 0.0 : defaults["weight_decay"].get<double>();
    const double slower = row["optimiser"] == "Adagrad" ? defaults["lr_decay"].get<double>() : 0.0;
    nn::Optimizer<double> optimizer({p}, method_of(row));
    const double rate = optimizer.rate();
    auto program = compile<double>({cost}, optimizer.updates({gradient(cost + 0.5 * penalty * sum(square(p)), p)}));
    double largest_cost = 0, largest_point = 0;
    for (std::size_t t = 0; t < row["loss"].size(); ++t) {
      optimizer.set_rate(rate / (1 + static_cast<double>(t) * slower));
      optimizer.prepare(static_cast<std::int64_t>(t + 1));
      program.run();
      largest_cost = std::max(largest_cost, test::relative(program.value().item(), row["loss"][t]));
      const Tensor<double> expected(row["path"][t + 1].get<std::vector<double>>());
      largest_point = std::max(largest_point, nn::relative_difference(value(p), expected));
    }
    CHECK(largest_cost <= 1e-12);
    CHECK(largest_point <= 1e-12);
  }
}
