#include "nn/snapshot/weights.hpp"

#include <fmt/format.h>

#include "nn/data/safetensors.hpp"
#include "nn/snapshot/slot.hpp"

namespace wengert::nn {

namespace {

template <class T>
std::vector<Slot<T>> slots_of(const std::string& operation, const Mlp<T>& mlp, const WeightOptions& options,
                              Source where) {
  if (!options.layers.empty() && options.layers.size() != mlp.layers()) {
    throw UsageError(
        locate(operation,
               fmt::format("one name per layer is needed (given: {}, layers: {})", options.layers.size(), mlp.layers()),
               where));
  }
  std::vector<Slot<T>> slots;
  for (std::size_t l = 0; l < mlp.layers(); ++l) {
    const std::string name = options.layers.empty() ? fmt::format("layers.{}", l) : options.layers[l];
    slots.push_back({name + ".weight", mlp.layer(l).W, options.layout == Layout::out_in});
    slots.push_back({name + ".bias", mlp.layer(l).b});
  }
  expect_leaves(operation, slots, where);
  return slots;
}

}  // namespace

template <class T>
void load_weights(const Mlp<T>& mlp, const std::filesystem::path& path, const WeightOptions& options, Source where) {
  const std::vector<Slot<T>> slots = slots_of("load_weights", mlp, options, where);
  const Origin origin{"load_weights", path.string(), where};
  const Safetensors content = read_safetensors(origin);
  set_leaves(slots, content.tensors, options.convert, options.others, origin);
}

template <class T>
void save_weights(const Mlp<T>& mlp, const std::filesystem::path& path, const WeightOptions& options, Source where) {
  const std::vector<Slot<T>> slots = slots_of("save_weights", mlp, options, where);
  write_safetensors(Origin{"save_weights", path.string(), where}, {arrays_of(slots, where), {{"format", "pt"}}});
}

#define INSTANTIATE(T)                                                                                   \
  template void load_weights(const Mlp<T>&, const std::filesystem::path&, const WeightOptions&, Source); \
  template void save_weights(const Mlp<T>&, const std::filesystem::path&, const WeightOptions&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
