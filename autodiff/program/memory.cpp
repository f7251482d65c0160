#include "autodiff/program/memory.hpp"

#include <type_traits>

namespace wengert {

namespace {

constexpr std::size_t kProgramsKept = 32;

}  // namespace

template <class T>
Memory<T>& Memory<T>::of(Tape<T>& tape) {
  if (!tape.memory()) tape.memory() = std::make_unique<Memory>();
  return static_cast<Memory&>(*tape.memory());
}

template <class T>
void Memory<T>::truncated(NodeId size) {
  std::erase_if(values_, [&](const auto& entry) { return entry.first >= size; });
}

template <class T>
const Cached<T>* Memory<T>::value(NodeId id) {
  const auto at = values_.find(id);
  if (at == values_.end()) return nullptr;
  if (at->second->tensor != nullptr) return at->second.get();
  values_.erase(at);
  return nullptr;
}

template <class T>
void Memory<T>::keep(NodeId id, std::shared_ptr<Cached<T>> value) {
  for (const auto& leaf : value->leaves) leaf->remember(value);
  values_.insert_or_assign(id, std::move(value));
}

template <class T>
std::shared_ptr<Executable<T>> Memory<T>::program(const std::string& meaning) {
  for (auto entry = programs_.begin(); entry != programs_.end(); ++entry) {
    if (entry->meaning != meaning || entry->executable.use_count() != 1 || entry->executable->running) continue;
    programs_.splice(programs_.begin(), programs_, entry);
    return entry->executable;
  }
  return nullptr;
}

template <class T>
void Memory<T>::keep(std::string meaning, std::shared_ptr<Executable<T>> executable) {
  programs_.push_front({std::move(meaning), std::move(executable)});
  if (programs_.size() > kProgramsKept) programs_.pop_back();
}

template <class T>
std::string meaning(const Graph<T>& graph, std::span<const std::uint32_t> assigned) {
  struct Operation {  // without padding
    std::uint64_t id;
    std::uint32_t shape, inputs;  // of the tape a shape has one number, for ever
  };
  static_assert(std::has_unique_object_representations_v<Operation>);
  constexpr std::uint32_t cached = kNone;
  std::string bytes;
  bytes.reserve(64 * (graph.nodes.size() + 1));  // about what it takes
  const auto put = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(std::data(values)), std::size(values) * sizeof(*std::data(values)));
  };
  put(std::initializer_list<std::size_t>{graph.nodes.size(), graph.outputs, graph.roots.size(), assigned.size()});
  put(graph.roots);
  put(assigned);
  put(graph.inputs);
  for (std::uint32_t n = 0; n < graph.size(); ++n) {
    const auto& node = graph.nodes[n];
    const Node<T>& origin = graph.tape->node(node.origin);
    put(std::initializer_list<Operation>{
        {node.cached ? 0 : origin.op->id, origin.shape, node.cached ? cached : node.input_count}});
    if (node.cached || origin.op->attribute_bytes == 0) continue;
    put(std::span(static_cast<const std::byte*>(graph.attributes(n)), origin.op->attribute_bytes));
  }
  return bytes;
}

#define INSTANTIATE(T)      \
  template class Memory<T>; \
  template std::string meaning(const Graph<T>&, std::span<const std::uint32_t>)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
