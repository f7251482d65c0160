/// Making registry samples from op structs. For the .cpp files of ops/.
#pragma once

#include "autodiff/ops/registry.hpp"
#include "autodiff/ops/table.hpp"

namespace wengert {

/// A sample of `op` on inputs of these shapes, with a result of this one.
template <class T, class Op>
Sample sample(const Op& op, std::vector<Shape> inputs, const Shape& shape) {
  Sample out;
  if constexpr (!std::is_empty_v<Op>) {
    out.attributes.resize(sizeof(Op));
    std::memcpy(out.attributes.data(), &op, sizeof(Op));
  }
  out.shape = shape;
  out.inputs = std::move(inputs);
  return out;
}
/// The result's shape follows from the op.
template <class T, class Op>
Sample sample(const Op& op, const std::vector<Shape>& inputs) {
  return sample<T>(op, inputs, table_of<Op, T>().shape(&op, inputs));
}
/// Whose input `input` is integers in [0, bound).
inline Sample indexed(Sample sample, int input, std::int64_t bound) {
  sample.index_input = input;
  sample.index_bound = bound;
  return sample;
}

}  // namespace wengert
