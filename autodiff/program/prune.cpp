#include <algorithm>

#include "autodiff/program/graph.hpp"

namespace wengert {

template <class T>
Graph<T> prune(const Tape<T>& tape, std::span<const NodeId> outputs, std::span<const NodeId> values,
               const std::function<bool(NodeId)>& is_cached) {
  Graph<T> graph;
  graph.tape = &tape;
  graph.outputs = outputs.size();

  // Reachable nodes, found without recursion; the rest of the tape costs a bit each and is never looked at.
  std::vector<NodeId> roots(outputs.begin(), outputs.end());
  roots.insert(roots.end(), values.begin(), values.end());
  NodeId last = 0;
  for (const NodeId id : roots) last = std::max(last, id);
  std::vector<bool> seen(last + 1, false);
  std::vector<NodeId> found, todo;
  const auto visit = [&](NodeId id) {
    if (seen[id]) return;
    seen[id] = true;
    todo.push_back(id);
  };
  for (const NodeId id : roots) visit(id);
  std::vector<bool> cached(last + 1, false);
  while (!todo.empty()) {
    const NodeId id = todo.back();
    todo.pop_back();
    found.push_back(id);
    if (tape.node(id).op->kind > Kind::placeholder && is_cached && is_cached(id)) {
      cached[id] = true;
      continue;
    }
    for (const NodeId x : tape.inputs(id)) visit(x);
  }
  std::sort(found.begin(), found.end());

  graph.nodes.reserve(found.size());
  std::vector<std::uint32_t> place(last + 1, kNone);
  std::vector<std::uint32_t> from;
  for (const NodeId id : found) {
    const OpTable<T>& op = *tape.node(id).op;
    typename Graph<T>::Node node;
    node.origin = id;
    node.cached = cached[id];
    node.kind = node.cached ? Kind::leaf : op.kind;
    node.instruction = op.instruction;
    from.clear();
    if (!node.cached) {
      for (const NodeId x : tape.inputs(id)) from.push_back(place[x]);
    }
    place[id] = graph.append(node, from);
  }
  for (const NodeId id : roots) graph.roots.push_back(place[id]);
  return graph;
}

template Graph<float> prune(const Tape<float>&, std::span<const NodeId>, std::span<const NodeId>,
                            const std::function<bool(NodeId)>&);
template Graph<double> prune(const Tape<double>&, std::span<const NodeId>, std::span<const NodeId>,
                             const std::function<bool(NodeId)>&);

}  // namespace wengert
