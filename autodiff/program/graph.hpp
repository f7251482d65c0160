/// The nodes a program is made of, as the passes see them: compact, in topological order, free of the tape's history.
///
///   tape ──prune──▶ Graph ──number──▶ Graph ──lay_out──▶ Graph ──fuse──▶ groups ──plan──▶ units
///
/// A graph lives during compilation only; shapes, attributes and lines stay on the tape.
#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include "autodiff/kernels/function.hpp"
#include "autodiff/tape/tape.hpp"

namespace wengert {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

template <class T>
struct Graph {
  struct Node {
    Kind kind = Kind::leaf;
    bool copied = false;            ///< kernel: moves its input to contiguous memory, whatever `origin` was
    bool cached = false;            ///< leaf: a value computed before, not a leaf of the tape
    std::uint16_t instruction = 0;  ///< map, reduce, rows
    std::uint32_t inputs = 0;       ///< first of `input_count` entries of Graph::inputs
    std::uint32_t input_count = 0;
    NodeId origin = kNoNode;  ///< the node of the tape it stands for: shape, attributes, line
  };

  const Tape<T>* tape = nullptr;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> roots;  ///< the outputs, then the values of the assigns
  std::size_t outputs = 0;           ///< how many of the roots are outputs
  /// By lay_out: the node whose memory node i looks at (itself, but for views), and of views through which window.
  std::vector<std::uint32_t> base, window_of;
  std::vector<Window> windows;

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes.size()); }
  std::span<const std::uint32_t> inputs_of(std::uint32_t n) const {
    return {inputs.data() + nodes[n].inputs, nodes[n].input_count};
  }
  const OpTable<T>& op(std::uint32_t n) const { return *tape->node(nodes[n].origin).op; }
  const Shape& shape(std::uint32_t n) const { return tape->shape(nodes[n].origin); }
  /// Equal for nodes of equal shape.
  std::uint32_t shape_id(std::uint32_t n) const { return tape->node(nodes[n].origin).shape; }
  Window window(std::uint32_t n) const { return window_of[n] == kNone ? Window(shape(n)) : windows[window_of[n]]; }
  const void* attributes(std::uint32_t n) const { return tape->attributes(nodes[n].origin); }
  bool is_source(std::uint32_t n) const { return nodes[n].kind <= Kind::placeholder; }
  bool is(std::uint32_t n, kernels::Instruction i) const {
    return nodes[n].kind == Kind::map && nodes[n].instruction == static_cast<std::uint16_t>(i);
  }

  std::uint32_t append(Node node, std::span<const std::uint32_t> from) {
    node.inputs = static_cast<std::uint32_t>(inputs.size());
    node.input_count = static_cast<std::uint32_t>(from.size());
    inputs.insert(inputs.end(), from.begin(), from.end());
    nodes.push_back(node);
    return size() - 1;
  }
};

/// Who reads each node, in order: the edges of a graph the other way round.
class Users {
 public:
  template <class T>
  explicit Users(const Graph<T>& graph) : first_(graph.size() + 1, 0), users_(graph.inputs.size()) {
    for (const std::uint32_t x : graph.inputs) ++first_[x + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
    for (std::uint32_t n = 0; n < graph.size(); ++n) {
      for (const std::uint32_t x : graph.inputs_of(n)) users_[next[x]++] = n;
    }
  }
  std::span<const std::uint32_t> operator()(std::uint32_t n) const {
    return {users_.data() + first_[n], users_.data() + first_[n + 1]};
  }

 private:
  std::vector<std::uint32_t> first_, users_;
};

/// The node that one instruction can compute together with n, from the same inputs over the same extent; kNone if there
/// is none.
template <class T>
std::uint32_t partner(const Graph<T>& graph, const Users& users, std::uint32_t n);

/// A number for each node of a tape, forgotten all at once: kept between compilations, so that one costs what it visits
/// and not what the tape holds.
class Marks {
 public:
  std::vector<NodeId> found;  ///< those visited, as prune lists them; it keeps its memory, too

  void forget(NodeId size) {
    found.clear();
    if (++now_ == 0) round_.clear(), now_ = 1;
    if (round_.size() < size) round_.resize(size, 0), number_.resize(size);
  }
  bool has(NodeId id) const { return round_[id] == now_; }
  std::uint32_t& operator[](NodeId id) {
    round_[id] = now_;
    return number_[id];
  }

 private:
  std::uint32_t now_ = 0;
  std::vector<std::uint32_t> round_, number_;
};

/// Only what the roots need: nodes reachable from them, never the whole tape. Nodes for which `is_cached` holds become
/// sources.
template <class T>
Graph<T> prune(const Tape<T>& tape, std::span<const NodeId> outputs, std::span<const NodeId> values,
               const std::function<bool(NodeId)>& is_cached, Marks& marks);

/// Value numbering: the same operation on the same inputs is one value. Broadcasts that elementwise operations read
/// dissolve, a product of depth 1 becomes an elementwise outer product. Drops what is no longer reachable.
template <class T>
Graph<T> number(const Graph<T>& graph);

/// Decides where each value can be read: resolves views to windows on their base and inserts a copy where a reader
/// could not follow the strides, where a constant is needed in memory, and where an output has no memory of its own.
/// `assigned` tells the leaves that the program overwrites.
template <class T>
Graph<T> lay_out(const Graph<T>& graph, const std::function<bool(NodeId)>& assigned);

/// Nodes that run as one unit, in order. A product may be the producer, reductions may be consumers.
struct Group {
  std::uint32_t product = kNone;
  std::vector<std::uint32_t> nodes;
};

struct Fused {
  std::vector<Group> groups;
  std::vector<std::uint32_t> group_of;  ///< per node; kNone for sources and views
};

/// Groups elementwise nodes of one extent by stages: stage(n) is the latest in which n can run, one earlier for every
/// edge that cannot be fused; connected nodes of one stage run together. Acyclic, since every edge between groups
/// enters a later stage. Linear.
template <class T>
Fused fuse(const Graph<T>& graph);

/// Most nodes of one group.
inline constexpr std::size_t kMaxGroup = 64;

/// The node whose shape is the extent over which n runs: itself, or the input that a reduction or row operation reads.
template <class T>
std::uint32_t home(const Graph<T>& graph, std::uint32_t n) {
  const Kind kind = graph.nodes[n].kind;
  return kind == Kind::reduce || kind == Kind::rows ? graph.inputs_of(n)[0] : n;
}
/// True if n gives one number per row of its home, to be read by other nodes of its group.
template <class T>
bool is_row_value(const Graph<T>& graph, std::uint32_t n);
/// True if n runs as an instruction of a tile program and others of its group may read its result.
template <class T>
bool is_tile(const Graph<T>& graph, std::uint32_t n);
/// True if n is the end of a group: a reduction whose result is complete only after the last block.
template <class T>
bool is_end(const Graph<T>& graph, std::uint32_t n);

}  // namespace wengert
