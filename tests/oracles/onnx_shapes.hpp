// Shapes, indexing, normalisation and losses, as ONNX names them.
#pragma once

#include "tests/oracles/onnx_call.hpp"

namespace wengert::test::onnx {

inline std::vector<int> axes_at(const Call& c, std::size_t input) {
  const auto given = c.whole(input);
  return {given.begin(), given.end()};
}
inline V shaped(V x, std::vector<std::int64_t> dims, bool zeros_are_zeros) {
  std::int64_t known = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !zeros_are_zeros) dims[i] = x.shape()[static_cast<int>(i)];
    if (dims[i] != -1) known *= dims[i];
  }
  for (auto& dim : dims) dim = dim == -1 ? x.shape().size() / known : dim;
  return reshape(x, Shape(dims));
}
inline V sliced(const Call& c) {
  V y = c(0);
  const auto starts = c.whole(1), stops = c.whole(2);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const int axis = c.inputs() > 3 ? static_cast<int>(c.whole(3)[i]) : static_cast<int>(i);
    const std::int64_t step = c.inputs() > 4 ? c.whole(4)[i] : 1, n = y.shape()[axis];
    const std::int64_t stop = step < 0 && stops[i] < -n ? kEnd : stops[i];
    y = slice(y, axis, starts[i], stop, step);
  }
  return y;
}
inline V summed_up(const Call& c) {
  const int axis = static_cast<int>(c.whole(1)[0]);
  const bool reverse = c.get<int>("reverse", 0) == 1;
  const V x = reverse ? flip(c(0), axis) : c(0);
  V y = cumsum(x, axis);
  if (c.get<int>("exclusive", 0) == 1) y = y - x;
  return reverse ? flip(y, axis) : y;
}
/// (x - mean) / sqrt(var + epsilon) over `axes`, scaled and shifted along axis 1.
inline V per_channel(const Call& c, const V& y) {
  std::vector<std::int64_t> dims(static_cast<std::size_t>(y.shape().rank()), 1);
  dims[1] = y.shape()[1];
  return y * reshape(c(1), Shape(dims)) + reshape(c(2), Shape(dims));
}
inline V batch_normalized(const Call& c) {
  const float epsilon = c.number("epsilon", 1e-5f);
  if (c.get<int>("training_mode", 0) == 1) return per_channel(c, layer_norm(c(0), Axes{0, 2, 3}, epsilon));
  const Shape channels{1, c(0).shape()[1], 1, 1};
  return per_channel(c, (c(0) - reshape(c(3), channels)) / sqrt(reshape(c(4), channels) + epsilon));
}
inline V layer_normalized(const Call& c) {
  const int rank = c(0).shape().rank();
  std::vector<int> axes;
  for (int axis = normalize_axis(c.axis(-1), rank); axis < rank; ++axis) axes.push_back(axis);
  return layer_norm(c(0), Axes(axes), c.number("epsilon", 1e-5f)) * c(1) + c(2);
}
/// Cross entropy with classes along axis 1, an ignored class, and weights.
inline V loss(const Call& c, V predictions, bool probabilities) {
  CrossEntropyOptions<float> how;
  const std::string reduction = c.text("reduction", "mean");
  how.reduction = reduction == "sum" ? Reduction::sum : reduction == "none" ? Reduction::none : Reduction::mean;
  how.probabilities = probabilities;
  if (c.inputs() > 2) how.weights = c(2);
  Tensor<std::int64_t> labels(c(1).shape(), c.whole(1));
  const std::int64_t classes = predictions.shape()[1];
  if (c.has("ignore_index")) {
    how.ignore = true;
    for (auto& label : labels) label = label == c.get<std::int64_t>("ignore_index", 0) ? classes : label;
  }
  return cross_entropy(moveaxis(predictions, 1, -1), predictions.tape().indices(labels), how);
}

inline const Translations& shapes_and_losses() {
  static const Translations table = {
      {"Reshape", [](const Call& c) { return shaped(c(0), c.whole(1), c.get<int>("allowzero", 0) == 1); }},
      {"Squeeze", [](const Call& c) { return squeeze(c(0), Axes(axes_at(c, 1))); }},
      {"Unsqueeze",
       [](const Call& c) {
         V y = c(0);
         auto axes = axes_at(c, 1);
         std::sort(axes.begin(), axes.end());
         for (const int axis : axes) y = expand_dims(y, axis);
         return y;
       }},
      {"Slice", sliced},
      {"Split",
       [](const Call& c) {
         const int axis = c.axis(0);
         if (c.inputs() > 1) return slice(c(0), axis, 0, c.whole(1)[0]);
         return split(c(0), static_cast<int>(c.outputs()), axis)[0];
       }},
      {"Tile", [](const Call& c) { return tile(c(0), c.whole(1)); }},
      {"Trilu",
       [](const Call& c) {
         const int k = c.inputs() > 1 ? static_cast<int>(c.whole(1)[0]) : 0;
         return c.get<int>("upper", 1) == 1 ? triu(c(0), k) : tril(c(0), k);
       }},
      {"Pad",
       [](const Call& c) {
         if (c.text("mode", "constant") != "constant") throw Skip{"padding by the tensor's own elements"};
         const auto given = c.whole(1);
         std::vector<Padding> paddings(given.size() / 2);
         for (std::size_t i = 0; i < paddings.size(); ++i) paddings[i] = {given[i], given[i + paddings.size()]};
         return pad(c(0), paddings, c.inputs() > 2 ? value(c(2)).item() : 0);
       }},
      {"Gather", [](const Call& c) { return take(c(0), c.index(1, c(0).shape()[c.axis(0)]), c.axis(0)); }},
      {"GatherElements", [](const Call& c) { return gather(c(0), c.index(1, c(0).shape()[c.axis(0)]), c.axis(0)); }},
      {"ScatterElements",
       [](const Call& c) {
         if (c.text("reduction", "none") != "add") throw Skip{"writing in place of adding, or by tuples of positions"};
         return scatter_add(c(0), c.axis(0), c.index(1, c(0).shape()[c.axis(0)]), c(2));
       }},
      {"ArgMax",
       [](const Call& c) {
         if (c.has("select_last_index")) throw Skip{"the last of equal elements"};
         return argmax(c(0), c.axis(0), c.get<int>("keepdims", 1) == 1);
       }},
      {"ArgMin",
       [](const Call& c) {
         if (c.has("select_last_index")) throw Skip{"the last of equal elements"};
         return argmin(c(0), c.axis(0), c.get<int>("keepdims", 1) == 1);
       }},
      {"CumSum", summed_up},
      {"Det", [](const Call& c) { return det(c(0)); }},
      {"Einsum",
       [](const Call& c) {
         std::vector<V> x;
         for (std::size_t i = 0; i < c.inputs(); ++i) x.push_back(c(i));
         return einsum(c.text("equation", ""), std::span<const V>(x));
       }},
      {"HardSigmoid",
       [](const Call& c) { return clamp(c.number("alpha", 0.2f) * c(0) + c.number("beta", 0.5f), 0, 1); }},
      {"ThresholdedRelu", [](const Call& c) { return where(greater(c(0), c.number("alpha", 1)), c(0), 0); }},
      {"LayerNormalization", layer_normalized},
      {"BatchNormalization", batch_normalized},
      {"InstanceNormalization",
       [](const Call& c) {
         return per_channel(c, layer_norm(c(0), Axes{2, 3}, c.number("epsilon", 1e-5f)));
       }},
      {"MeanVarianceNormalization",
       [](const Call& c) {
         return layer_norm(c(0), Axes{0, 2, 3}, 1e-9);
       }},
      {"GlobalAveragePool",
       [](const Call& c) {
         return mean(c(0), Axes{2, 3}, true);
       }},
      {"GlobalMaxPool",
       [](const Call& c) {
         return max(c(0), Axes{2, 3}, true);
       }},
      {"SoftmaxCrossEntropyLoss", [](const Call& c) { return loss(c, c(0), false); }},
      {"NegativeLogLikelihoodLoss", [](const Call& c) { return loss(c, exp(c(0)), true); }},
  };
  return table;
}

}  // namespace wengert::test::onnx
