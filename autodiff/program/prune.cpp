#include <algorithm>

#include "autodiff/program/graph.hpp"

namespace wengert {

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
  std::vector<NodeId> found, todo;
  const auto visit = [&](NodeId id) {
    if (marks.has(id)) return;
    marks[id] = 0;
    todo.push_back(id);
  };
  for (const NodeId id : roots) visit(id);
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    found.push_back(id);
    if (tape.node(id).op->kind > Kind::placeholder && is_cached && is_cached(id)) {
      marks[id] = 1;
      continue;
    }
    for (const NodeId x : tape.inputs(id)) visit(x);
  }
  std::ranges::sort(found);

  graph.nodes.reserve(found.size());
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
      for (const NodeId x : tape.inputs(id)) from.push_back(marks[x]);
    }
    marks[id] = graph.append(node, from);
  }
  for (const NodeId id : roots) graph.roots.push_back(marks[id]);
  return graph;
}

template Graph<float> prune(const Tape<float>&, std::span<const NodeId>, std::span<const NodeId>,
                            const std::function<bool(NodeId)>&, Marks&);
template Graph<double> prune(const Tape<double>&, std::span<const NodeId>, std::span<const NodeId>,
                             const std::function<bool(NodeId)>&, Marks&);

}  // namespace wengert
