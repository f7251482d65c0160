// Trainings of multilayer perceptrons, number by number, against scikit-learn's. Its conventions that differ:
//   Adam adds epsilon before the bias correction     nn::Adam{.early_epsilon = true}
//   the L2 term is alpha/2 Σ W² / rows of the batch  an L2 penalty of alpha / rows
//   squares are halved and averaged                  half_squares, reduced by mean
#include <doctest/doctest.h>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"

using namespace wengert;
using test::Json;

namespace {

nn::Method method_of(const Json& settings) {
  const double rate = settings["learning_rate_init"];
  if (settings["solver"] == "adam") return nn::Adam{.rate = rate, .early_epsilon = true};
  const double momentum = settings["momentum"];
  if (momentum == 0) return nn::Sgd{.rate = rate};
  if (settings["nesterovs_momentum"] == true) return nn::Nesterov{.rate = rate, .momentum = momentum};
  return nn::Momentum{.rate = rate, .momentum = momentum};
}

nn::Activation activation_of(const std::string& name) {
  if (name == "logistic") return nn::Activation::sigmoid;
  if (name == "tanh") return nn::Activation::tanh;
  return name == "relu" ? nn::Activation::relu : nn::Activation::identity;
}

nn::Samples<double> samples_of(const Json& row) {
  const auto x = test::tensor(row["X"]);
  const std::int64_t n = x.shape()[0];
  if (row["task"] == "classify") return {x, Tensor<std::int64_t>(row["y"].get<std::vector<std::int64_t>>())};
  return {x, Tensor<double>(Shape{n, 1}, row["y"].get<std::vector<double>>())};
}

nn::Samples<double> first_rows(const nn::Samples<double>& all, std::int64_t n) {
  Tensor<double> x(Shape{n, all.x.shape()[1]}, all.x.data());
  if (all.has_labels()) return {std::move(x), Tensor<std::int64_t>(Shape{n}, all.labels.data())};
  return {std::move(x), Tensor<double>(Shape{n, 1}, all.targets.data())};
}

/// The weights, then the biases, as scikit-learn lists them.
std::vector<Var<double>> weights_first(const nn::Mlp<double>& mlp) {
  std::vector<Var<double>> out;
  for (std::size_t l = 0; l < mlp.layers(); ++l) out.push_back(mlp.layer(l).W);
  for (std::size_t l = 0; l < mlp.layers(); ++l) out.push_back(mlp.layer(l).b);
  return out;
}

Var<double> objective_of(const std::string& task, const nn::Mlp<double>& mlp, const nn::Inputs<double>& batch) {
  const auto z = mlp.logits(batch.x);
  if (task == "classify") return nn::cross_entropy(z, batch.labels);
  if (task == "binary") return nn::binary_cross_entropy(z, batch.targets);
  return nn::half_squares(z, batch.targets, Reduction::mean);
}

}  // namespace

TEST_CASE("every training of scikit-learn is repeated: first loss and gradient, loss curve, end weights") {
  std::map<std::string, nn::Samples<double>> data;
  int runs = 0;
  for (const Json& row : test::oracle("sklearn-mlp")) {
    const std::string task = row["task"];
    if (row["suite"] == "sklearn-mlp-data") {
      data[task] = samples_of(row);
      continue;
    }
    CAPTURE(task);
    CAPTURE(row["settings"].dump());
    ++runs;
    const Json& settings = row["settings"];
    const nn::Samples<double>& samples = data.at(task);
    const std::int64_t batch = settings["batch_size"], outputs = row["start"][2]["shape"][1];
    const double alpha = settings["alpha"];
    Tape<double> tape;
    const nn::Mlp<double> mlp(tape, {samples.x.shape()[1], 16, 8, outputs},
                              {.hidden = activation_of(settings["activation"])});
    const auto leaves = weights_first(mlp);
    for (std::size_t i = 0; i < leaves.size(); ++i) tape.set(leaves[i], test::tensor(row["start"][i]));

    const nn::Samples<double> head = first_rows(samples, batch);
    nn::Inputs<double> all{.x = tape.leaf(head.x)};
    if (head.has_labels()) all.labels = tape.indices(head.labels);
    if (!head.has_labels()) all.targets = tape.leaf(head.targets);
    const double l2 = alpha / static_cast<double>(batch);
    const auto first = objective_of(task, mlp, all) + nn::l2_penalty(mlp.named_parameters(), l2);
    CHECK(test::relative(value(first).item(), row["first_loss"]) < 1e-12);
    const auto slopes = gradient(first, leaves);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      CHECK(nn::relative_difference(value(slopes[i]), test::tensor(row["first_grad"][i])) < 1e-12);
    }

    nn::Trainer<double> trainer(mlp.named_parameters(),
                                [&](const auto& b, auto&) { return objective_of(task, mlp, b); },
                                {.method = method_of(settings),
                                 .epochs = settings["max_iter"],
                                 .batch = batch,
                                 .shuffle = false,
                                 .l2 = l2,
                                 .progress = false});
    const auto history = trainer.fit(samples).history;
    for (std::size_t e = 0; e < history.size(); ++e) {
      CHECK(test::relative(history[e].loss, row["loss_curve"][e]) < 1e-12);
    }
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      CHECK(nn::relative_difference(value(leaves[i]), test::tensor(row["end"][i])) < 1e-12);
    }
  }
  CHECK(runs == 32);
}
