/// Where the values of a plan lie, as pointers: in the arena, in a leaf, among cached values or constants.
#pragma once

#include <map>
#include <unordered_map>

#include "autodiff/program/unit.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

template <class T>
class Places {
 public:
  /// Gives `out`, which has its leaves already, its arena, cached values and constants.
  Places(const Plan<T>& plan, const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
         Executable<T>& out);

  /// Memory of a node that is no view.
  T* memory(std::uint32_t n) const;
  View<const T> view(std::uint32_t n) const;
  /// True if n is all of what lies in its memory, in order.
  bool is_whole(std::uint32_t n) const;
  /// `kMaxLanes` copies of a constant.
  T* constant(std::uint32_t n) const;
  /// As many of a number that is in no graph.
  T* number(T value);
  /// Place among the leaves of the program of an integer or float leaf.
  std::uint32_t leaf(std::uint32_t n) const { return leaf_[n]; }
  const std::int64_t* integers(std::uint32_t n) const { return out_.leaves[leaf_[n]]->integers.data(); }
  std::uint32_t leaf_of(NodeId origin) const;

 private:
  const Graph<T>& g() const { return p_.graph; }
  /// Only a rule that is not linear in its cotangent leaves something of it to be evaluated: one of the user's.
  UsageError nonlinear(std::uint32_t placeholder) const;

  const Plan<T>& p_;
  Executable<T>& out_;
  std::unordered_map<const LeafStorage<T>*, std::uint32_t> leaf_at_;  ///< its place among the leaves
  std::vector<std::uint32_t> leaf_;  ///< per node: its place among the leaves, or among the cached values
  std::map<std::uint32_t, std::size_t> constant_;
};

/// The tile program of a group; `product` is where the group's matrix product lies, if it has one.
template <class T>
void emit_tiles(const Plan<T>& plan, Places<T>& places, std::uint32_t group, T* product, kernels::TileProgram<T>& out);

}  // namespace wengert
