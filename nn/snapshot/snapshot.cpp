#include "nn/snapshot/snapshot.hpp"

#include "nn/snapshot/notes.hpp"
#include "nn/snapshot/slot.hpp"

namespace wengert::nn {

template <class T>
void save_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves, const Metadata& notes,
                   Source where) {
  write_safetensors(Origin{"save_snapshot", path.string(), where},
                    {arrays_of(slots_of("save_snapshot", leaves, where), where), notes});
}

template <class T>
Metadata load_snapshot(const std::filesystem::path& path, const std::vector<Parameter<T>>& leaves,
                       const Metadata& required, Source where) {
  const Origin origin{"load_snapshot", path.string(), where};
  const std::vector<Slot<T>> slots = slots_of("load_snapshot", leaves, where);
  Safetensors content = read_safetensors(origin);
  expect_notes(content.metadata, required, origin);
  set_leaves(slots, content.tensors, Convert::never, false, origin);
  return std::move(content.metadata);
}

std::int64_t integer_note(const Metadata& notes, const std::string& name, Source where) {
  return note<std::int64_t>(notes, name, {"integer_note", "", where});
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
