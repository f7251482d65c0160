#include "autodiff/program/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <list>
#include <new>
#include <ostream>
#include <unordered_map>
#include <unordered_set>

#include "autodiff/program/unit.hpp"
#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/print.hpp"

namespace wengert {

namespace {

constexpr std::size_t kProgramsKept = 32;

/// A value computed before, there until one of its leaves changes.
template <class T>
struct Cached final : Computed {
  std::shared_ptr<const Tensor<T>> tensor;
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves;

  bool valid() const { return tensor != nullptr; }
  void drop() override { tensor.reset(); }
};

/// What a tape remembers: values, and programs by what they compute.
template <class T>
class Memory final : public TapeMemory {
 public:
  std::unordered_map<NodeId, std::shared_ptr<Cached<T>>> values;
  struct Entry {
    std::string meaning;
    std::shared_ptr<Executable<T>> executable;
  };
  std::list<Entry> programs;  ///< the last used first
  Marks marks;

  void truncated(NodeId size) override {
    std::erase_if(values, [&](const auto& entry) { return entry.first >= size; });
  }
  static Memory& of(Tape<T>& tape) {
    if (!tape.memory()) tape.memory() = std::make_unique<Memory>();
    return static_cast<Memory&>(*tape.memory());
  }
};

/// All that a program's plan depends on, as bytes; leaves count by position, so that a program recorded again is found.
template <class T>
std::string meaning(const Graph<T>& graph, std::span<const std::uint32_t> assigned) {
  std::string bytes;
  bytes.reserve(32 * graph.nodes.size());  // about what it takes
  const auto put = [&](const auto& value) {
    const auto at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  };
  put(graph.outputs);
  for (const std::uint32_t r : graph.roots) put(r);
  for (const std::uint32_t leaf : assigned) put(leaf);
  std::unordered_map<std::uint32_t, std::uint32_t> shapes;
  for (std::uint32_t n = 0; n < graph.size(); ++n) {
    const auto& node = graph.nodes[n];
    put(node.cached);
    if (!node.cached) put(graph.op(n).id);
    for (const std::uint32_t x : graph.inputs_of(n)) put(x);
    const auto [shape, fresh] = shapes.try_emplace(graph.shape_id(n), static_cast<std::uint32_t>(shapes.size()));
    put(shape->second);
    if (fresh) {
      put(graph.shape(n).rank());
      for (const std::int64_t dim : graph.shape(n)) put(dim);
    }
    if (!node.cached && graph.attributes(n) != nullptr) {
      bytes.append(static_cast<const char*>(graph.attributes(n)), graph.op(n).attribute_bytes);
    }
  }
  return bytes;
}

template <class T>
std::shared_ptr<Executable<T>> build(Tape<T>& tape, std::span<const NodeId> outputs, std::span<const Assign<T>> assigns,
                                     bool use_cached, Graph<T>* pruned, const char* operation, Source where) {
  Memory<T>& memory = Memory<T>::of(tape);
  std::function<bool(NodeId)> is_cached;
  if (use_cached) {
    is_cached = [&](NodeId id) {
      const auto at = memory.values.find(id);
      if (at == memory.values.end()) return false;
      if (at->second->valid()) return true;
      memory.values.erase(at);
      return false;
    };
  }
  std::vector<NodeId> values;
  for (const Assign<T>& a : assigns) values.push_back(a.value.id());
  Graph<T> graph = prune<T>(tape, outputs, values, is_cached, memory.marks);

  // The leaves in the order in which a plan will number them: as they stand in the graph, then those only assigned.
  std::vector<std::shared_ptr<LeafStorage<T>>> leaves;
  std::vector<std::shared_ptr<const Tensor<T>>> cached;
  std::unordered_map<NodeId, std::uint32_t> place;
  for (const auto& node : graph.nodes) {
    if (node.cached) {
      cached.push_back(memory.values.at(node.origin)->tensor);
    } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
      place[node.origin] = static_cast<std::uint32_t>(leaves.size());
      leaves.push_back(tape.leaf_storage(node.origin));
    }
  }
  std::vector<std::uint32_t> assigned;
  for (const Assign<T>& a : assigns) {
    const auto [at, fresh] = place.try_emplace(a.leaf.id(), static_cast<std::uint32_t>(leaves.size()));
    if (fresh) leaves.push_back(tape.leaf_storage(a.leaf.id()));
    assigned.push_back(at->second);
  }

  std::string key = meaning(graph, assigned);
  if (pruned != nullptr) *pruned = graph;
  for (auto entry = memory.programs.begin(); entry != memory.programs.end(); ++entry) {
    // A program somebody still holds keeps its memory to itself.
    if (entry->meaning != key || entry->executable.use_count() != 1 || entry->executable->running) continue;
    memory.programs.splice(memory.programs.begin(), memory.programs, entry);
    entry->executable->rebind(std::move(leaves), std::move(cached));
    return entry->executable;
  }

  std::unordered_set<NodeId> assigned_ids;
  for (const Assign<T>& a : assigns) assigned_ids.insert(a.leaf.id());
  const std::function<bool(NodeId)> is_assigned = [&](NodeId id) { return assigned_ids.contains(id); };
  graph = lay_out(number(graph), is_assigned);
  Fused fused = fuse(graph);
  std::vector<Assignment> assignments;
  for (std::size_t i = 0; i < assigns.size(); ++i) {
    assignments.push_back({assigns[i].leaf.id(), graph.roots[outputs.size() + i], false});
  }
  const Plan<T> planned = plan(std::move(graph), std::move(fused), std::move(assignments));
  std::shared_ptr<Executable<T>> executable;
  try {
    executable = emit<T>(
        planned, [&](NodeId id) { return memory.values.at(id)->tensor; }, leaves);
  } catch (const std::bad_alloc&) {
    throw MemoryError(locate(operation,
                             fmt::format("there is no memory for what the program computes: {} elements of {} bytes",
                                         planned.arena, sizeof(T)),
                             where));
  }
  memory.programs.push_front({std::move(key), executable});
  if (memory.programs.size() > kProgramsKept) memory.programs.pop_back();
  return executable;
}

}  // namespace

template <class T>
Program<T> compile(std::span<const Var<T>> outputs, std::span<const Assign<T>> assigns, Source where) {
  if (outputs.empty() && assigns.empty()) throw UsageError(locate("compile", "there is nothing to compute", where));
  const Var<T> any = outputs.empty() ? assigns[0].leaf : outputs[0];
  if (any.empty()) throw UsageError(locate("compile", "an empty Var has no tape", where));
  Tape<T>& tape = any.tape();
  std::vector<NodeId> ids;
  for (const Var<T>& output : outputs) {
    tape.expect_mine("compile", output, where);
    ids.push_back(output.id());
  }
  std::unordered_set<NodeId> assigned;
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
    if (!assigned.insert(a.leaf.id()).second) {
      throw UsageError(locate(
          "assign", fmt::format("the leaf recorded at {} is assigned twice", to_string(tape.node(a.leaf.id()).where)),
          where));
    }
  }
  return Program<T>(build<T>(tape, ids, assigns, false, nullptr, "compile", where));
}

namespace {

template <class T>
Tensor<T> value_for(const char* operation, Var<T> x, Source where) {
  x.shape(where, operation);  // throws if there is no value
  Tape<T>& tape = x.tape();
  Memory<T>& memory = Memory<T>::of(tape);
  if (const auto at = memory.values.find(x.id()); at != memory.values.end()) {
    if (at->second->valid()) return *at->second->tensor;
    memory.values.erase(at);
  }
  const NodeId id = x.id();
  Graph<T> graph;
  const std::shared_ptr<Executable<T>> executable = build<T>(tape, {&id, 1}, {}, true, &graph, operation, where);
  executable->run(where);
  const auto& output = executable->outputs[0];
  auto tensor = std::make_shared<const Tensor<T>>(output.shape, output.data);

  const auto entry = std::make_shared<Cached<T>>();
  entry->tensor = tensor;
  for (const auto& node : graph.nodes) {
    if (node.cached) {
      const auto& leaves = memory.values.at(node.origin)->leaves;
      entry->leaves.insert(entry->leaves.end(), leaves.begin(), leaves.end());
    } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
      entry->leaves.push_back(tape.leaf_storage(node.origin));
    }
  }
  std::ranges::sort(entry->leaves);
  entry->leaves.erase(std::unique(entry->leaves.begin(), entry->leaves.end()), entry->leaves.end());
  for (const auto& leaf : entry->leaves) leaf->remember(entry);
  memory.values.insert_or_assign(id, entry);
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
