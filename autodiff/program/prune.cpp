#include <algorithm>

#include "autodiff/program/graph.hpp"

namespace wengert {

namespace {

/// Inputs whose elements a node reads: an alias or a barrier reads its first alone.
template <class T>
std::span<const NodeId> read_by(const Tape<T>& tape, NodeId id) {
  const OpTable<T>& op = *tape.node(id).op;
  return tape.inputs(id).first(op.alias || op.barrier ? 1 : tape.inputs(id).size());
}

/// The computed node that a barrier waits for, seen through views.
template <class T>
NodeId awaited(const Tape<T>& tape, NodeId barrier) {
  NodeId id = tape.inputs(barrier)[1];
  while (tape.node(id).op->kind == Kind::view) id = tape.inputs(id)[0];
  return id;
}

}  // namespace

template <class T>
Graph<T> prune(const Tape<T>& tape, std::span<const NodeId> outputs, std::span<const NodeId> values,
               const std::function<bool(NodeId)>& is_cached, Marks& marks) {
  Graph<T> graph;
  graph.tape = &tape;
  graph.outputs = outputs.size();

  // Found without recursion. A mark is first whether the node is cached, then its place in the graph.
  std::vector<NodeId> roots(outputs.begin(), outputs.end());
  roots.insert(roots.end(), values.begin(), values.end());
  marks.forget(tape.size());
  std::vector<NodeId>& found = marks.found;
  const auto visit = [&](NodeId id) {
    if (marks.has(id)) return;
    marks[id] = 0;
    found.push_back(id);
  };
  for (const NodeId id : roots) visit(id);
  for (std::size_t next = 0; next < found.size();) {  // which grows
    const NodeId id = found[next++];
    if (tape.node(id).op->kind > Kind::placeholder && is_cached && is_cached(id)) {
      marks[id] = 1;
      continue;
    }
    for (const NodeId x : read_by(tape, id)) visit(x);
  }
  std::ranges::sort(found);

  graph.nodes.reserve(found.size());
  graph.inputs.reserve(2 * found.size());  // about what it takes
  std::vector<std::uint32_t> from;
  for (const NodeId id : found) {
    const OpTable<T>& op = *tape.node(id).op;
    typename Graph<T>::Node node;
    node.origin = id;
    node.cached = marks[id] != 0;
    node.kind = node.cached ? Kind::leaf : op.kind;
    node.instruction = op.instruction;
    from.clear();
    if (!node.cached) {
      for (const NodeId x : read_by(tape, id)) from.push_back(marks[x]);
      // Where nothing has to be waited for (forward mode, the end of a chain) there is no sense in computing again.
      const NodeId wait = op.barrier ? awaited(tape, id) : kNoNode;
      const bool waits =
          op.barrier && marks.has(wait) && !graph.is_source(marks[wait]) && graph.nodes[from[0]].kind != Kind::constant;
      if (op.alias || (op.barrier && !waits)) {
        marks[id] = from[0];
        continue;
      }
      if (waits) from.push_back(marks[wait]);
    }
    marks[id] = graph.append(node, from);
  }
  graph.roots.reserve(roots.size());
  for (const NodeId id : roots) graph.roots.push_back(marks[id]);
  return graph;
}

template Graph<float> prune(const Tape<float>&, std::span<const NodeId>, std::span<const NodeId>,
                            const std::function<bool(NodeId)>&, Marks&);
template Graph<double> prune(const Tape<double>&, std::span<const NodeId>, std::span<const NodeId>,
                             const std::function<bool(NodeId)>&, Marks&);

}  // namespace wengert
