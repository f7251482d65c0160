// Losses and normalisation, as PyTorch names them.
#pragma once

#include "tests/oracles/torch_linear_algebra.hpp"

namespace wengert::test::torch {

/// Cross entropy with PyTorch's choices: classes along axis 1, an ignored class, weights, smoothing.
inline V classes(Call& c, V predictions, bool probabilities) {
  CrossEntropyOptions<double> how;
  how.reduction = c.reduction();
  how.smoothing = c.number("label_smoothing", 0);
  how.probabilities = probabilities;
  if (c.has("weight")) how.weights = c.named("weight");
  const bool one = predictions.shape().rank() == 1;
  const V last = one ? predictions : moveaxis(predictions, 1, -1);
  if (!c.is_integers(0)) return cross_entropy(last, moveaxis(c.operand(0), 1, -1), how);
  Tensor<std::int64_t> labels = c.integers(0);
  if (c.has("ignore_index")) {
    how.ignore = true;
    for (auto& label : labels) {
      if (label == c.at("ignore_index").get<std::int64_t>()) label = last.shape()[-1];
    }
  }
  return cross_entropy(last, c.tape().indices(labels), how);
}

inline const Translations& losses() {
  static const Translations table = {
      {"nn.functional.binary_cross_entropy_with_logits",
       [](Call& c) {
         if (c.has("pos_weight")) throw Skip{"another weight for each of the two classes of a binary loss"};
         const V each = binary_cross_entropy(c.x(), c.operand(0), Reduction::none);
         const bool weighted = c.has("weight");
         return Vs{wengert::reduced(weighted ? each * c.named("weight") : each, c.reduction())};
       }},
      {"nn.functional.binary_cross_entropy",
       [](Call& c) {
         const V each = binary_cross_entropy_of_probabilities(c.x(), c.operand(0), Reduction::none);
         const bool weighted = c.has("weight");
         return Vs{wengert::reduced(weighted ? each * c.named("weight") : each, c.reduction())};
       }},
      {"nn.functional.kl_div",
       [](Call& c) {
         const V p = c.flag("log_target") ? exp(c.operand(0)) : c.operand(0);
         const V y = kl_divergence_of_log(p, c.x(), c.reduction());
         const bool per_batch = c.has("reduction") && c.at("reduction") == "batchmean";
         return Vs{per_batch ? y / c.x().shape()[0] : y};
       }},
      {"nn.functional.huber_loss",
       [](Call& c) { return Vs{huber(c.x(), c.operand(0), c.number("delta", 1), c.reduction())}; }},
      {"nn.functional.smooth_l1_loss",
       [](Call& c) { return Vs{smooth_l1(c.x(), c.operand(0), c.number("beta", 1), c.reduction())}; }},
      {"nn.functional.l1_loss", [](Call& c) { return Vs{smooth_l1(c.x(), c.operand(0), 0, c.reduction())}; }},
      {"nn.functional.mse_loss",
       [](Call& c) {
         const V each = square(c.x() - c.operand(0));
         const Reduction how = c.reduction();
         return Vs{how == Reduction::none ? each : how == Reduction::sum ? sum(each) : mean(each)};
       }},
      {"nn.functional.cross_entropy", [](Call& c) { return Vs{classes(c, c.x(), false)}; }},
      {"nn.functional.nll_loss", [](Call& c) { return Vs{classes(c, exp(c.x()), true)}; }},
      // normalisation
      {"nn.functional.layer_norm",
       [](Call& c) {
         const int rank = c.x().shape().rank(), count = static_cast<int>(c.arg(0).size());
         std::vector<int> axes;
         for (int axis = rank - count; axis < rank; ++axis) axes.push_back(axis);
         return Vs{layer_norm(c.x(), Axes(axes), c.number("eps", 1e-5)) * c.operand(1) + c.operand(2)};
       }},
      {"nn.functional.batch_norm",
       [](Call& c) {
         const int rank = c.x().shape().rank();
         if (rank < 2) throw Skip{"channels of a tensor without an axis for them"};
         std::vector<std::int64_t> channels(static_cast<std::size_t>(rank), 1);
         channels[1] = c.x().shape()[1];
         const auto at = [&](std::size_t i) { return reshape(c.operand(i), Shape(channels)); };
         const double epsilon = c.number("eps", 1e-5);
         std::vector<int> axes{0};
         for (int axis = 2; axis < rank; ++axis) axes.push_back(axis);
         const V y =
             c.flag("training") ? layer_norm(c.x(), Axes(axes), epsilon) : (c.x() - at(0)) / sqrt(at(1) + epsilon);
         return Vs{c.is_tensor(2) ? y * at(2) + at(3) : y};
       }},
      {"nn.functional.normalize",
       [](Call& c) {
         if (c.x().shape().rank() == 0)
           return Vs{c.x() / maximum(vector_norm(c.x(), c.number("p", 2), Json(), true), 1e-12)};
         const Json dim = c.has("dim") ? c.at("dim") : Json(1);
         return Vs{c.x() / maximum(vector_norm(c.x(), c.number("p", 2), dim, true), 1e-12)};
       }},
  };
  return table;
}

}  // namespace wengert::test::torch
