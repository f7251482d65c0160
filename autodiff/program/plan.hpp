/// From groups to a plan: instructions, the order of the units, and where each value lies. Nothing here holds a
/// pointer; `emit` turns a plan into units.
#pragma once

#include <array>
#include <vector>

#include "autodiff/program/graph.hpp"

namespace wengert {

/// One instruction of a group, on nodes of the graph.
struct Entry {
  kernels::Instruction instruction{};
  std::uint32_t y = kNone, y2 = kNone;
  std::array<std::uint32_t, kernels::kOperands> x{kNone, kNone, kNone, kNone, kNone};
  std::uint32_t label = kNone;  ///< the index that gives class labels
  double factor = 1;
  bool end = false;  ///< a reduction, complete after the last block
};

/// Of each value how often it is read, and whether it needs memory: outside a tile program it has no register.
struct Uses {
  std::vector<std::uint32_t> count;
  std::vector<bool> stored;
};

/// The instructions of each group, with what two nodes can do in one instruction: multiply and add, two results of one
/// input.
template <class T>
class Select {
 public:
  Select(const Graph<T>& graph, const Fused& fused, const Uses& uses);
  std::vector<Entry> operator()(std::uint32_t group);

 private:
  void fold_products(std::uint32_t group);
  /// Whether m, of this instruction and read by n alone, can be part of n.
  bool folds(std::uint32_t m, kernels::Instruction instruction, std::uint32_t n) const;
  /// The factor of a product that is m / (sqrt(v) + e), all of which only n reads; or kNone.
  std::uint32_t adaptive_factor(std::uint32_t product, std::uint32_t n) const;
  void fold(std::uint32_t n) { folded_[n] = done_[n] = true; }
  Entry entry(std::uint32_t n, std::uint32_t group);

  const Graph<T>& graph_;
  const Fused& fused_;
  const Uses& uses_;
  Users users_;
  std::vector<bool> done_, folded_;
};

/// A leaf and the value it takes after the run.
struct Assignment {
  NodeId leaf = kNoNode;        ///< on the tape
  std::uint32_t value = kNone;  ///< in the graph
  bool in_place = false;        ///< written by its unit, after the last reader of the old value; else copied at the end
};

template <class T>
struct Plan {
  Graph<T> graph;
  Fused fused;
  std::vector<std::vector<Entry>> entries;  ///< per group
  std::vector<std::uint32_t> order;         ///< of the groups
  std::vector<Assignment> assigns;

  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> offset;  ///< per node: its place in the arena, or nowhere
  std::vector<NodeId> over;         ///< per node: the leaf it is written over, or kNoNode
  std::vector<std::uint32_t>
      product_result;                       ///< per group: the node that the product computes (itself, or with a bias)
  std::vector<std::uint32_t> product_lies;  ///< per group: the node in whose memory the product is written, or kNone
  std::vector<std::size_t> product_offset;  ///< per group: else its place in the arena
  std::vector<std::uint32_t> bias;          ///< per group: the row the product starts from, or kNone
  std::size_t arena = 0;                    ///< elements
};

/// Gives every value that needs it a place in one arena, by liveness: over a dying operand where it can; and a
/// product's result a place, and a bias to start from. For a plan whose order and updates in place are known.
template <class T>
void place(Plan<T>& plan, const Uses& uses);

/// Orders the units so that few bytes are live and updates happen as soon as their gradient exists, and gives every
/// value its place: liveness, one arena, results over dying operands, assigned leaves in place. n log n.
template <class T>
Plan<T> plan(Graph<T> graph, Fused fused, std::vector<Assignment> assigns);

}  // namespace wengert
