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
  std::array<std::uint32_t, kernels::kOperands> x{kNone, kNone, kNone, kNone};
  std::uint32_t label = kNone;  ///< the index that gives class labels
  double factor = 1;
  bool end = false;  ///< a reduction, complete after the last block
};

/// The instructions of each group, with what two nodes can do in one instruction: multiply and add, two results of one
/// input. `stored` tells the values that need memory, `uses` how often each is read.
template <class T>
class Select {
 public:
  Select(const Graph<T>& graph, const Fused& fused, const std::vector<std::uint32_t>& uses,
         const std::vector<bool>& stored);
  std::vector<Entry> operator()(std::uint32_t group);

 private:
  void fold_products(std::uint32_t group);
  Entry entry(std::uint32_t n, std::uint32_t group);

  const Graph<T>& graph_;
  const Fused& fused_;
  const std::vector<std::uint32_t>& uses_;
  const std::vector<bool>& stored_;
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

/// Orders the units so that few bytes are live and updates happen as soon as their gradient exists, and gives every
/// value its place: liveness, one arena, results over dying operands, assigned leaves in place. n log n.
template <class T>
Plan<T> plan(Graph<T> graph, Fused fused, std::vector<Assignment> assigns);

}  // namespace wengert
