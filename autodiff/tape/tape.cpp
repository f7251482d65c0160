#include "autodiff/tape/tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

constexpr std::size_t kClosedScopesRemembered = 64;

template <class T>
constexpr OpTable<T> source_table(const char* name, Kind kind, std::size_t bytes = 0) {
  OpTable<T> table;
  table.name = name;
  table.id = hash_name(name);
  table.kind = kind;
  table.attribute_bytes = bytes;
  return table;
}
template <class T>
const OpTable<T> kLeaf = source_table<T>("leaf", Kind::leaf);
template <class T>
const OpTable<T> kIndex = source_table<T>("index", Kind::index);
template <class T>
const OpTable<T> kConstant = source_table<T>("constant", Kind::constant, sizeof(T));
template <class T>
const OpTable<T> kPlaceholder = source_table<T>("placeholder", Kind::placeholder);

}  // namespace

template <class T>
std::size_t Tape<T>::HashShape::operator()(const Shape& shape) const {
  auto hash = static_cast<std::size_t>(shape.rank());
  for (const std::int64_t dim : shape) hash = hash * 0x9E3779B97F4A7C15u + static_cast<std::size_t>(dim);
  return hash ^ (hash >> 29);
}

template <class T>
std::uint32_t Tape<T>::intern(const Shape& shape, std::span<const NodeId> inputs) {
  for (const NodeId id : inputs) {  // most results have the shape of an input
    if (*shapes_[nodes_[id].shape] == shape) return nodes_[id].shape;
  }
  const auto [at, fresh] = shape_ids_.try_emplace(shape, static_cast<std::uint32_t>(shapes_.size()));
  if (fresh) shapes_.push_back(&at->first);
  return at->second;
}

template <class T>
Var<T> Tape<T>::append(const OpTable<T>& op, const void* attributes, std::span<const NodeId> inputs, const Shape& shape,
                       Source where) {
  const std::size_t first = inputs_.size();
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  return append_node(op, attributes, first, shape, where);
}
template <class T>
Var<T> Tape<T>::append(const OpTable<T>& op, const void* attributes, std::span<const Var<T>> inputs, const Shape& shape,
                       Source where) {
  const std::size_t first = inputs_.size();
  for (const Var<T>& x : inputs) inputs_.push_back(x.id());
  return append_node(op, attributes, first, shape, where);
}

template <class T>
Var<T> Tape<T>::append_node(const OpTable<T>& op, const void* attributes, std::size_t first_input, const Shape& shape,
                            Source where) {
  const std::span<const NodeId> inputs(inputs_.begin() + static_cast<std::ptrdiff_t>(first_input), inputs_.end());
  Node<T> node;
  node.op = &op;
  node.where = forward_ == kNoNode ? line_of(where) : nodes_[forward_].where;
  node.forward = forward_;
  node.inputs = static_cast<std::uint32_t>(first_input);
  node.input_count = static_cast<std::uint32_t>(inputs.size());
  node.shape = intern(shape, inputs);
  node.generation = generation_;
  if (attributes != nullptr && op.attribute_bytes != 0) {
    node.attributes = static_cast<std::uint32_t>(attributes_.size());
    AttributeBlock block{};
    std::memcpy(block.bytes, attributes, op.attribute_bytes);
    attributes_.push_back(block);
  }
  nodes_.push_back(node);
  return {this, size() - 1, generation_};
}

template <class T>
Var<T> Tape<T>::repeat(NodeId id, std::span<const NodeId> inputs) {
  const Node<T> node = nodes_[id];
  const Var<T> out = append(*node.op, attributes(id), inputs, shape(id), node.where);
  nodes_.back().where = node.where;
  nodes_.back().forward = node.forward;
  return out;
}

template <class T>
Var<T> Tape<T>::append_leaf(const OpTable<T>& op, std::shared_ptr<LeafStorage<T>> storage, const Shape& shape,
                            Source where) {
  leaves_.push_back(std::move(storage));
  const Var<T> out = append_node(op, nullptr, inputs_.size(), shape, where);
  nodes_.back().attributes = static_cast<std::uint32_t>(leaves_.size() - 1);
  return out;
}

template <class T>
Var<T> Tape<T>::leaf(Tensor<T> value, Source where) {
  auto storage = std::make_shared<LeafStorage<T>>();
  const Shape shape = value.shape();
  storage->floats = std::move(value).release();
  return append_leaf(kLeaf<T>, std::move(storage), shape, where);
}

template <class T>
Index<T> Tape<T>::indices(Tensor<std::int64_t> value, Source where) {
  auto storage = std::make_shared<LeafStorage<T>>();
  const Shape shape = value.shape();
  storage->integers = std::move(value).release();
  const Var<T> out = append_leaf(kIndex<T>, std::move(storage), shape, where);
  return {this, out.id(), out.generation()};
}

template <class T>
Var<T> Tape<T>::constant(T value, const Shape& shape, Source where) {
  return append_node(kConstant<T>, &value, inputs_.size(), shape, where);
}

template <class T>
T Tape<T>::constant_value(NodeId id) const {
  T value;
  std::memcpy(&value, attributes(id), sizeof value);
  return value;
}

template <class T>
Var<T> Tape<T>::placeholder(const Shape& shape, Source where) {
  return append_node(kPlaceholder<T>, nullptr, inputs_.size(), shape, where);
}

template <class T>
LeafStorage<T>& Tape<T>::settable(const char* what, Kind kind, Var<T> leaf, Source where) {
  expect_mine("set", leaf, where);
  if (nodes_[leaf.id()].op->kind != kind) {
    throw UsageError(locate("set",
                            fmt::format("only {} can be set, and this is the result of {} recorded at {}", what,
                                        nodes_[leaf.id()].op->name, to_string(nodes_[leaf.id()].where)),
                            where));
  }
  return *leaves_[nodes_[leaf.id()].attributes];
}

template <class T>
void Tape<T>::set(Var<T> leaf, const Tensor<T>& value, Source where) {
  LeafStorage<T>& storage = settable("a leaf", Kind::leaf, leaf, where);
  if (value.shape() != shape(leaf.id())) {
    throw ShapeError(locate(
        "set",
        fmt::format("the leaf has shape {} but the tensor {}", to_string(shape(leaf.id())), to_string(value.shape())),
        where));
  }
  std::copy(value.begin(), value.end(), storage.floats.data());
  storage.changed();
}

template <class T>
void Tape<T>::set(Var<T> leaf, std::span<const T> values, Source where) {
  LeafStorage<T>& storage = settable("a leaf", Kind::leaf, leaf, where);
  if (values.size() != storage.floats.size()) {
    throw ShapeError(locate("set",
                            fmt::format("a leaf of shape {} needs {} value{}, {} given", to_string(shape(leaf.id())),
                                        storage.floats.size(), storage.floats.size() == 1 ? "" : "s",
                                        values.size() == 1 ? "1 was" : fmt::format("{} were", values.size())),
                            where));
  }
  std::copy(values.begin(), values.end(), storage.floats.data());
  storage.changed();
}

template <class T>
void Tape<T>::set(Index<T> leaf, const Tensor<std::int64_t>& value, Source where) {
  LeafStorage<T>& storage = settable("an index", Kind::index, leaf.node(), where);
  if (value.shape() != shape(leaf.node().id())) {
    throw ShapeError(locate("set",
                            fmt::format("the index has shape {} but the tensor {}", to_string(shape(leaf.node().id())),
                                        to_string(value.shape())),
                            where));
  }
  std::copy(value.begin(), value.end(), storage.integers.data());
  storage.changed();
}

template <class T>
void Tape<T>::refuse(const Tape* tape, std::string_view operation, Var<T> x, Source where) {
  if (x.empty()) throw UsageError(locate(operation, "an empty Var has no tape", where));
  if (&x.tape() != tape) {
    const Tape& other = x.tape();
    throw UsageError(locate(operation,
                            fmt::format("the operands are on two tapes: one was {}",
                                        other.holds(x) ? "recorded at " + to_string(other.node(x.id()).where)
                                                       : std::string("dropped with its scope")),
                            where));
  }
  const Closed& forgotten = tape->forgotten_;
  const bool perhaps_forgotten = x.generation() <= forgotten.generation && x.id() >= forgotten.size;
  for (const Closed& scope : tape->closed_) {  // oldest first: the first one that dropped it
    if (!perhaps_forgotten && scope.generation >= x.generation() && x.id() >= scope.size) {
      throw UsageError(locate(operation,
                              fmt::format("this Var was dropped with its scope, which was opened at {} and has ended",
                                          to_string(scope.where)),
                              where));
    }
  }
  throw UsageError(locate(operation, "this Var was dropped with its scope, which has ended", where));
}

template <class T>
void Tape<T>::truncate(NodeId size, Source where) {
  if (size >= nodes_.size()) return;
  // What varies in length is stored in the order of the nodes, so the first dropped owner of each tells where to cut.
  inputs_.resize(nodes_[size].inputs);
  std::size_t leaves = leaves_.size(), blocks = attributes_.size();
  for (NodeId id = this->size(); id-- > size;) {
    const Node<T>& node = nodes_[id];
    if (node.op->kind == Kind::leaf || node.op->kind == Kind::index) {
      leaves = node.attributes;
    } else if (node.op->attribute_bytes != 0) {
      blocks = node.attributes;
    }
  }
  leaves_.resize(leaves);
  attributes_.resize(blocks);
  nodes_.resize(size);
  while (!random_.empty() && random_.back() >= size) random_.pop_back();
  while (!kept_.empty() && kept_.back().first >= size) kept_.pop_back();
  closed_.push_back({generation_, size, where});
  if (closed_.size() > kClosedScopesRemembered) {
    forgotten_ = {closed_.front().generation, std::min(forgotten_.size, closed_.front().size), Source()};
    closed_.pop_front();
  }
  ++generation_;
  if (memory_) memory_->truncated(size);
}

template <class T>
std::size_t Tape<T>::bytes() const {
  return nodes_.capacity() * sizeof(Node<T>) + inputs_.capacity() * sizeof(NodeId) +
         attributes_.capacity() * sizeof(AttributeBlock) + shapes_.size() * (sizeof(Shape) + sizeof(const Shape*)) +
         random_.capacity() * sizeof(NodeId) + kept_.capacity() * sizeof(kept_[0]);
}

template class Tape<float>;
template class Tape<double>;

}  // namespace wengert
