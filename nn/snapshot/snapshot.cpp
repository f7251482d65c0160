#include "nn/snapshot/snapshot.hpp"

#include <fmt/format.h>

#include <charconv>

#include "autodiff/tensor/error.hpp"
#include "nn/snapshot/slot.hpp"

namespace wengert::nn {

namespace {

template <class T>
std::vector<Slot<T>> slots_of(const std::string& operation, const std::vector<Parameter<T>>& leaves, Source where) {
  std::vector<Slot<T>> slots;
  for (const Parameter<T>& leaf : leaves) slots.push_back({leaf.name, leaf.var});
  expect_leaves(operation, slots, where);
  return slots;
}

}  // namespace

template <class T>
void save_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves, const Metadata& notes,
                   Source where) {
  write_safetensors(path, {arrays_of(slots_of("save_snapshot", leaves, where), where), notes}, where);
}

template <class T>
Metadata load_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves,
                       const Metadata& required, Source where) {
  const Origin origin{"load_snapshot", path.string(), where};
  const std::vector<Slot<T>> slots = slots_of("load_snapshot", leaves, where);
  Safetensors content = read_safetensors(path, where);
  for (const auto& [name, text] : required) {
    const auto found = content.metadata.find(name);
    if (found == content.metadata.end()) throw origin.error(name, "the file does not say it");
    if (found->second == text) continue;
    throw origin.error(name, fmt::format(R"(it is "{}" in the file, "{}" is wanted)", found->second, text));
  }
  set_leaves(slots, content.tensors, Convert::never, false, origin);
  return std::move(content.metadata);
}

std::int64_t integer_note(const Metadata& notes, const std::string& name, Source where) {
  const auto found = notes.find(name);
  const std::string text = found == notes.end() ? "" : found->second;
  std::int64_t number = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && stop == text.data() + text.size()) return number;
  throw FileError(locate("integer_note",
                         found == notes.end() ? fmt::format("there is no note \"{}\"", name)
                                              : fmt::format(R"(note "{}" is "{}", no whole number)", name, text),
                         where));
}

#define INSTANTIATE(T)                                                                                             \
  template void save_snapshot(const std::filesystem::path&, const std::vector<Parameter<T>>&, const Metadata&,     \
                              Source);                                                                             \
  template Metadata load_snapshot(const std::filesystem::path&, const std::vector<Parameter<T>>&, const Metadata&, \
                                  Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
