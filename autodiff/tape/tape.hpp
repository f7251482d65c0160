/// The tape: a flat list of nodes, recorded lazily. It owns the nodes and the leaves' tensors; handles do not.
///
/// 1. Index order is topological order, for ever. No pointers between nodes, no counts, no recursion: a million nodes
///    build, differentiate, compile and die on a small stack.
/// 2. Neither copyable nor movable. Not thread-safe: one tape with its programs is used by one thread at a time; many
///    tapes may be used by many threads.
/// 3. A leaf is set through the tape alone, so a value computed from it is never stale.
/// 4. If recording throws, the tape is as before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autodiff/tape/var.hpp"
#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/tensor.hpp"

namespace wengert {

/// Something computed from leaves, which is wrong once one of them changes.
class Computed {
 public:
  virtual ~Computed() = default;
  virtual void drop() = 0;
};

/// A leaf's elements, shared between the tape and the programs that read or assign it.
template <class T>
class LeafStorage {
 public:
  Buffer<T> floats;               ///< of a leaf
  Buffer<std::int64_t> integers;  ///< of an index

  /// Whenever the elements have changed. Allocates nothing.
  void changed() {
    for (const std::weak_ptr<Computed>& value : computed_) {
      if (const auto alive = value.lock()) alive->drop();
    }
    computed_.clear();
  }
  /// `value` is to be dropped when the elements change.
  void remember(const std::shared_ptr<Computed>& value) {
    if (computed_.size() == computed_.capacity()) {  // at the cost of a growth, none of it for values long gone
      std::erase_if(computed_, [](const auto& old) { return old.expired(); });
    }
    computed_.push_back(value);
  }

 private:
  std::vector<std::weak_ptr<Computed>> computed_;
};

/// What a higher layer keeps beside a tape (compiled programs, computed values).
class TapeMemory {
 public:
  virtual ~TapeMemory() = default;
  /// The nodes from `size` on were dropped.
  virtual void truncated(NodeId size) = 0;
};

template <class T>
class Tape {
 public:
  Tape() = default;
  ~Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A leaf with this value: something to differentiate by, or data. A tensor that is moved in is not copied.
  Var<T> leaf(Tensor<T> value, Source where = Source::here());
  /// Of rank 1, copied. A template, so that braces mean a Tensor.
  template <class Values>
  requires std::is_same_v<Values, std::vector<T>> Var<T> leaf(const Values& values, Source where = Source::here()) {
    return leaf(Tensor<T>(values), where);
  }
  /// A rank-0 leaf.
  template <class Number>
  requires std::is_arithmetic_v<Number> Var<T> leaf(Number value, Source where = Source::here()) {
    return leaf(Tensor<T>(static_cast<T>(value)), where);
  }
  /// A leaf of integers: class labels, positions. Negative values count as out of range when read.
  Index<T> indices(Tensor<std::int64_t> value, Source where = Source::here());
  /// One number, repeated over `shape`. Not settable.
  Var<T> constant(T value, const Shape& shape = {}, Source where = Source::here());
  /// A cotangent that is never evaluated.
  Var<T> placeholder(const Shape& shape, Source where = Source::here());

  /// Replaces a leaf's elements; programs and values see them at once. Throws ShapeError if the shapes differ,
  /// UsageError if `leaf` is not a leaf of this tape.
  void set(Var<T> leaf, const Tensor<T>& value, Source where = Source::here());
  void set(Var<T> leaf, std::span<const T> values, Source where = Source::here());
  void set(Index<T> leaf, const Tensor<std::int64_t>& value, Source where = Source::here());
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void set(Var<T> leaf, Number value, Source where = Source::here()) {
    const T number = static_cast<T>(value);
    set(leaf, std::span<const T>(&number, 1), where);
  }

  /// Drops what was recorded after it when it ends. Scopes nest.
  class Scope {
   public:
    Scope(Tape& tape, Source where) : tape_(tape), size_(tape.size()), where_(where) {}
    ~Scope() { tape_.truncate(size_, where_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Tape& tape_;
    NodeId size_;
    Source where_;
  };
  [[nodiscard]] Scope scope(Source where = Source::here()) { return Scope(*this, where); }

  // ---- for operations, the sweep and the passes -------------------------------------------------------------------

  /// Number of nodes.
  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  /// Bytes the tape holds for nodes, inputs and attributes (capacity; leaves' tensors not counted).
  std::size_t bytes() const;

  const Node<T>& node(NodeId id) const { return nodes_[id]; }
  const Shape& shape(NodeId id) const { return *shapes_[nodes_[id].shape]; }
  std::span<const NodeId> inputs(NodeId id) const {
    return {inputs_.data() + nodes_[id].inputs, nodes_[id].input_count};
  }
  /// The op struct of the node, or null if it has no attributes.
  const void* attributes(NodeId id) const {
    return nodes_[id].op->attribute_bytes == 0 ? nullptr : attributes_[nodes_[id].attributes].bytes;
  }
  const std::shared_ptr<LeafStorage<T>>& leaf_storage(NodeId id) const { return leaves_[nodes_[id].attributes]; }
  /// The value of a constant node.
  T constant_value(NodeId id) const;
  Var<T> var(NodeId id) { return {this, id, nodes_[id].generation}; }

  /// Whether x is a node of this tape that was not dropped.
  bool holds(Var<T> x) const {
    return !x.empty() && &x.tape() == this && x.id() < size() && nodes_[x.id()].generation == x.generation();
  }
  /// Throws UsageError if `x` is empty, of another tape, or was dropped with its scope.
  void expect_mine(std::string_view operation, Var<T> x, Source where) const {
    if (!holds(x)) refuse(this, operation, x, where);
  }
  /// Throws what is wrong with an x that `tape` does not hold.
  [[noreturn]] static void refuse(const Tape* tape, std::string_view operation, Var<T> x, Source where);

  /// Appends a node. `attributes` points to `op.attribute_bytes` bytes. Inputs must be nodes of this tape.
  Var<T> append(const OpTable<T>& op, const void* attributes, std::span<const NodeId> inputs, const Shape& shape,
                Source where);
  Var<T> append(const OpTable<T>& op, const void* attributes, std::span<const Var<T>> inputs, const Shape& shape,
                Source where);

  /// Appends node `id` once more, reading `inputs` in place of its own: same operation, attributes and line.
  Var<T> repeat(NodeId id, std::span<const NodeId> inputs);

  /// Keeps an object that the attributes of the last node point to, as long as that node.
  void keep(std::shared_ptr<const void> object) { kept_.emplace_back(size() - 1, std::move(object)); }

  /// The stream of the random operation that is recorded next: their ordinal. Streams of dropped nodes are given again,
  /// so that recording the same thing again draws the same numbers.
  std::uint64_t next_stream() {
    random_.push_back(size());
    return random_.size() - 1;
  }

  /// Drops the nodes from `size` on. `where` is the line of the scope that ends, for error messages.
  void truncate(NodeId size, Source where);

  /// While it lives, nodes recorded inherit line and origin of `forward`.
  class Rule {
   public:
    Rule(Tape& tape, NodeId forward) : tape_(tape), before_(tape.forward_) {
      tape.forward_ = tape.nodes_[forward].forward == kNoNode ? forward : tape.nodes_[forward].forward;
    }
    ~Rule() { tape_.forward_ = before_; }
    Rule(const Rule&) = delete;
    Rule& operator=(const Rule&) = delete;

   private:
    Tape& tape_;
    NodeId before_;
  };

  /// While it lives, nodes are recorded, and operators throw, in the name of this line: for functions that record
  /// several nodes by operators. Of two, the outer one counts. It must not enclose a function of the user's.
  class Line {
   public:
    Line(Tape& tape, Source where) : tape_(tape), before_(tape.line_) {
      if (before_.line() == 0) tape.line_ = where;
    }
    ~Line() { tape_.line_ = before_; }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

   private:
    Tape& tape_;
    Source before_;
  };
  /// The line in whose name is recorded what was written at `where`.
  Source line_of(Source where) const { return line_.line() == 0 ? where : line_; }

  /// Left by an exception, drops what was recorded since it was made. For functions that record several nodes.
  class AllOrNothing {
   public:
    AllOrNothing(Tape& tape, Source where)
        : tape_(tape), size_(tape.size()), exceptions_(std::uncaught_exceptions()), where_(where) {}
    ~AllOrNothing() {
      if (std::uncaught_exceptions() > exceptions_) tape_.truncate(size_, where_);
    }
    AllOrNothing(const AllOrNothing&) = delete;
    AllOrNothing& operator=(const AllOrNothing&) = delete;

   private:
    Tape& tape_;
    NodeId size_;
    int exceptions_;
    Source where_;
  };

  std::unique_ptr<TapeMemory>& memory() { return memory_; }

 private:
  struct AttributeBlock {
    alignas(8) std::byte bytes[kAttributeBytes];
  };
  struct Closed {
    std::uint32_t generation;  ///< handles of this generation or older, from `size` on, are stale
    NodeId size;
    Source where;
  };
  struct HashShape {
    std::size_t operator()(const Shape& shape) const;
  };

  std::uint32_t intern(const Shape& shape, std::span<const NodeId> inputs);
  /// A node whose inputs are those from `first_input` on.
  Var<T> append_node(const OpTable<T>& op, const void* attributes, std::size_t first_input, const Shape& shape,
                     Source where);
  Var<T> append_leaf(const OpTable<T>& op, std::shared_ptr<LeafStorage<T>> storage, const Shape& shape, Source where);
  LeafStorage<T>& settable(const char* what, Kind kind, Var<T> leaf, Source where);

  std::vector<Node<T>> nodes_;
  std::vector<NodeId> inputs_;
  std::vector<AttributeBlock> attributes_;
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves_;
  std::unordered_map<Shape, std::uint32_t, HashShape> shape_ids_;
  std::vector<const Shape*> shapes_;  ///< its keys by number; never moved, so a reference to a shape outlives recording
  std::vector<NodeId> random_;        ///< the random operations
  std::vector<std::pair<NodeId, std::shared_ptr<const void>>> kept_;  ///< with the node that each belongs to
  std::uint32_t generation_ = 0;
  NodeId forward_ = kNoNode;
  Source line_;                             ///< of a Line that lives
  std::deque<Closed> closed_;               ///< the last scopes that ended
  Closed forgotten_{0, kNoNode, Source()};  ///< those before: the last generation, the smallest size
  std::unique_ptr<TapeMemory> memory_;
};

template <class T>
const Shape& Var<T>::shape(Source where, const char* operation) const {
  if (tape_ == nullptr || !tape_->holds(*this)) Tape<T>::refuse(tape_, operation, *this, where);
  return tape_->shape(id_);
}

extern template class Tape<float>;
extern template class Tape<double>;

}  // namespace wengert
