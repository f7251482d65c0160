#include "autodiff/program/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>
#include <ostream>
#include <unordered_set>

#include "autodiff/program/memory.hpp"
#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/print.hpp"

namespace wengert {

namespace {

/// Compiles what no program kept does yet. `leaves` are those of the graph, then those only assigned.
template <class T>
std::shared_ptr<Executable<T>> compile_afresh(const Graph<T>& pruned, std::span<const Assign<T>> assigns,
                                              std::vector<std::shared_ptr<LeafStorage<T>>> leaves, Memory<T>& memory,
                                              const char* operation, Source where) {
  std::unordered_set<NodeId> assigned_ids;
  for (const Assign<T>& a : assigns) assigned_ids.insert(a.leaf.id());
  const std::function<bool(NodeId)> is_assigned = [&](NodeId id) { return assigned_ids.contains(id); };
  Graph<T> graph = lay_out(number(pruned), is_assigned);
  Fused fused = fuse(graph);
  std::vector<Assignment> assignments;
  for (std::size_t i = 0; i < assigns.size(); ++i) {
    assignments.push_back({assigns[i].leaf.id(), graph.roots[graph.outputs + i], false});
  }
  const Plan<T> planned = plan(std::move(graph), std::move(fused), std::move(assignments));
  try {
    return emit<T>(
        planned, [&](NodeId id) { return memory.value(id)->tensor; }, std::move(leaves));
  } catch (const std::bad_alloc&) {
    throw MemoryError(locate(operation,
                             fmt::format("there is no memory for what the program computes: {} elements of {} bytes",
                                         planned.arena, sizeof(T)),
                             where));
  }
}

template <class T>
std::shared_ptr<Executable<T>> build(Tape<T>& tape, std::span<const NodeId> outputs, std::span<const Assign<T>> assigns,
                                     bool use_cached, Graph<T>* pruned, const char* operation, Source where) {
  Memory<T>& memory = Memory<T>::of(tape);
  std::function<bool(NodeId)> is_cached;
  if (use_cached) is_cached = [&](NodeId id) { return memory.value(id) != nullptr; };
  std::vector<NodeId> values;
  values.reserve(assigns.size());
  for (const Assign<T>& a : assigns) values.push_back(a.value.id());
  Marks& marks = memory.marks;
  const Graph<T> graph = prune<T>(tape, outputs, values, is_cached, marks);

  // The leaves in the order in which a plan will number them: as they stand in the graph, then those only assigned. A
  // leaf's mark, its place in the graph, becomes its number.
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves;
  std::vector<std::shared_ptr<const Tensor<T>>> cached;
  const auto enter = [&](NodeId leaf) {
    marks[leaf] = static_cast<std::uint32_t>(leaves.size());
    leaves.push_back(tape.leaf_storage(leaf));
  };
  for (const auto& node : graph.nodes) {
    if (node.cached) {
      cached.push_back(memory.value(node.origin)->tensor);
    } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
      enter(node.origin);
    }
  }
  std::vector<std::uint32_t> assigned;
  assigned.reserve(assigns.size());
  for (const Assign<T>& a : assigns) {
    if (!marks.has(a.leaf.id())) enter(a.leaf.id());
    assigned.push_back(marks[a.leaf.id()]);
  }

  if (pruned != nullptr) *pruned = graph;
  std::string key = meaning<T>(graph, assigned);
  if (const auto known = memory.program(key)) {
    known->rebind(std::move(leaves), std::move(cached));
    return known;
  }
  const auto made = compile_afresh(graph, assigns, std::move(leaves), memory, operation, where);
  memory.keep(std::move(key), made);
  return made;
}

}  // namespace

template <class T>
Program<T> compile(std::span<const Var<T>> outputs, std::span<const Assign<T>> assigns, Source where) {
  if (outputs.empty() && assigns.empty()) throw UsageError(locate("compile", "there is nothing to compute", where));
  const Var<T> any = outputs.empty() ? assigns[0].leaf : outputs[0];
  if (any.empty()) throw UsageError(locate("compile", "an empty Var has no tape", where));
  Tape<T>& tape = any.tape();
  std::vector<NodeId> ids;
  ids.reserve(outputs.size());
  for (const Var<T>& output : outputs) {
    tape.expect_mine("compile", output, where);
    ids.push_back(output.id());
  }
  Marks& assigned = Memory<T>::of(tape).marks;
  assigned.forget(tape.size());
  for (const Assign<T>& a : assigns) {
    tape.expect_mine("assign", a.leaf, where);
    tape.expect_mine("assign", a.value, where);
    if (tape.node(a.leaf.id()).op->kind != Kind::leaf) {
      throw UsageError(locate("assign", "only a leaf can be assigned", where));
    }
    if (a.leaf.shape() != a.value.shape()) {
      throw ShapeError(locate(
          "assign",
          fmt::format("the leaf has shape {} but its value {}", to_string(a.leaf.shape()), to_string(a.value.shape())),
          where));
    }
    if (assigned.has(a.leaf.id())) {
      throw UsageError(locate(
          "assign", fmt::format("the leaf recorded at {} is assigned twice", to_string(tape.node(a.leaf.id()).where)),
          where));
    }
    assigned[a.leaf.id()] = 0;
  }
  return Program<T>(build<T>(tape, ids, assigns, false, nullptr, "compile", where));
}

namespace {

template <class T>
Tensor<T> value_for(const char* operation, Var<T> x, Source where) {
  x.shape(where, operation);  // throws if there is no value
  Tape<T>& tape = x.tape();
  Memory<T>& memory = Memory<T>::of(tape);
  const NodeId id = x.id();
  if (const Cached<T>* known = memory.value(id)) return *known->tensor;
  Graph<T> graph;
  const std::shared_ptr<Executable<T>> executable = build<T>(tape, {&id, 1}, {}, true, &graph, operation, where);
  executable->run(where);
  const auto& output = executable->outputs[0];
  auto tensor = std::make_shared<const Tensor<T>>(output.shape, output.data);

  const auto entry = std::make_shared<Cached<T>>();
  entry->tensor = tensor;
  for (const auto& node : graph.nodes) {
    if (node.cached) {
      const auto& leaves = memory.value(node.origin)->leaves;
      entry->leaves.insert(entry->leaves.end(), leaves.begin(), leaves.end());
    } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
      entry->leaves.push_back(tape.leaf_storage(node.origin));
    }
  }
  std::ranges::sort(entry->leaves);
  entry->leaves.erase(std::unique(entry->leaves.begin(), entry->leaves.end()), entry->leaves.end());
  memory.keep(id, entry);
  executable->release_cached();
  return *tensor;
}

}  // namespace

template <class T>
Tensor<T> value(Var<T> x, Source where) {
  return value_for("value", x, where);
}
template <class T>
void print(Var<T> x, Source where) {
  print(value_for("print", x, where));
}
template <class T>
std::ostream& operator<<(std::ostream& out, Var<T> x) {
  return out << to_string(value_for("operator<<", x, Source()));
}

template <class T>
Executable<T>& Program<T>::executable(const char* operation, Source where) const {
  if (!executable_) throw UsageError(locate(operation, "an empty Program was never compiled", where));
  return *executable_;
}
template <class T>
void Program<T>::run(Source where) {
  executable("run", where).run(where);
}
template <class T>
std::size_t Program<T>::size() const {
  return executable_ ? executable_->outputs.size() : 0;
}
template <class T>
View<const T> Program<T>::output_for(const char* operation, std::size_t i, Source where) const {
  const Executable<T>& program = executable(operation, where);
  const auto& outputs = program.outputs;
  if (i >= outputs.size()) {
    throw UsageError(locate(operation, fmt::format("output {} of a program that has {}", i, outputs.size()), where));
  }
  if (!program.was_run) throw UsageError(locate(operation, "the program was not run yet: call run() first", where));
  return {outputs[i].data, outputs[i].shape};
}
template <class T>
Tensor<T> Program<T>::value(std::size_t i, Source where) const {
  const View<const T> view = output_for("value", i, where);
  return Tensor<T>(view.shape, view.data);
}
template <class T>
std::vector<UnitInfo> Program<T>::units() const {
  std::vector<UnitInfo> out;
  for (const Unit<T>& unit : executable("units", {}).units) {
    out.push_back({unit.kind == UnitKind::product, fmt::format("{}", fmt::join(unit.names, "+")), unit.where});
  }
  return out;
}
template <class T>
std::vector<UnitInfo> Program<T>::profile(int runs, Source where) {
  std::vector<UnitInfo> out = units();
  std::vector<double> shortest(out.size(), std::numeric_limits<double>::infinity());
  for (int i = 0; i < runs; ++i) executable("profile", where).run(where, shortest);
  for (std::size_t u = 0; u < out.size(); ++u) out[u].nanoseconds = runs > 0 ? shortest[u] : 0;
  return out;
}
template <class T>
std::size_t Program<T>::arena_bytes() const {
  return executable("arena_bytes", {}).arena.size() * sizeof(T);
}

#define INSTANTIATE(T)                                                                      \
  template class Program<T>;                                                                \
  template Program<T> compile(std::span<const Var<T>>, std::span<const Assign<T>>, Source); \
  template Tensor<T> value(Var<T>, Source);                                                 \
  template void print(Var<T>, Source);                                                      \
  template std::ostream& operator<<(std::ostream&, Var<T>)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
