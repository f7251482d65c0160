/// One entry of the tape.
#pragma once

#include <cstdint>

#include "autodiff/tape/op.hpp"
#include "autodiff/tensor/source.hpp"

namespace wengert {

/// Position of a node on its tape. Inputs always stand before the node that reads them.
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xFFFFFFFF;

/// 48 bytes. What varies in length (inputs, shape, attributes) stands in arrays of the tape.
template <class T>
struct Node {
  const OpTable<T>* op = nullptr;
  Source where;              ///< the user's line; a node made by a rule inherits it from its forward node
  std::uint32_t inputs = 0;  ///< first of `input_count` entries of the tape's input array
  std::uint32_t input_count = 0;
  std::uint32_t shape = 0;       ///< entry of the tape's shapes
  std::uint32_t attributes = 0;  ///< entry of the tape's attribute blocks; leaves: of its leaves
  std::uint32_t generation = 0;  ///< tells a handle of this node from one of a dropped node at the same position
  NodeId forward = kNoNode;      ///< the node whose rule made this one, if any
};

}  // namespace wengert
