// A trainer in a file and out of it.
#include <fmt/format.h>

#include "nn/snapshot/notes.hpp"
#include "nn/snapshot/slot.hpp"
#include "nn/train/trainer.hpp"

namespace wengert::nn {

namespace {

/// What stands in the file beside the leaves.
constexpr const char* kOwn = "trainer.";
constexpr const char* kHistory = "trainer.history";

/// The slots of all leaves; none may be called like what stands beside them.
template <class T>
std::vector<Slot<T>> leaf_slots(const std::string& operation, const std::vector<Parameter<T>>& leaves, Source where) {
  for (const Parameter<T>& leaf : leaves) {
    if (!leaf.name.starts_with(kOwn)) continue;
    const std::string fact = fmt::format("\"{}\" is a name of the trainer's own, not of a parameter", leaf.name);
    throw UsageError(locate(operation, fact, where));
  }
  return slots_of(operation, leaves, where);
}

/// Where the best leaves stand in the file.
template <class T>
std::vector<Slot<T>> best_slots(const std::vector<Parameter<T>>& parameters) {
  std::vector<Slot<T>> slots;
  for (const Parameter<T>& p : parameters) slots.push_back({"trainer.best." + p.name, p.var});
  return slots;
}

/// Without these a training would go on as another one.
Metadata agreed(const std::string& method, const TrainerOptions& options) {
  return {{"method", method}, {"seed", fmt::format("{}", options.seed)}, {"shuffle", options.shuffle ? "yes" : "no"}};
}

}  // namespace
template <class T>
std::vector<Parameter<T>> Trainer<T>::leaves() const {
  std::vector<Parameter<T>> out = parameters_;
  std::vector<std::string> names;  // in the optimiser's order
  for (const auto& group : groups_) {
    for (const Parameter<T>& p : group) names.push_back(p.name);
  }
  for (const auto& moment : optimizer_.moments()) {
    out.push_back({names[moment.parameter] + "." + moment.name, moment.leaf, false});
  }
  return out;
}

template <class T>
void Trainer<T>::save(const std::filesystem::path& path, Source where) const {
  Safetensors file{arrays_of(leaf_slots("save", leaves(), where), where), to_notes(state_)};
  file.tensors.emplace(kHistory, to_tensor(state_.history));
  const std::vector<Slot<T>> best = best_slots(parameters_);
  for (std::size_t i = 0; i < best_.size(); ++i) file.tensors.emplace(best[i].name, best_[i]);
  const Plateau plateau = options_.plateau.value_or(Plateau{});
  file.metadata.merge(agreed(optimizer_.name(), options_));
  file.metadata.merge(Metadata{{"rate", fmt::format("{}", optimizer_.rate())},
                               {"plateau.best", fmt::format("{}", plateau.best)},
                               {"plateau.waited", fmt::format("{}", plateau.waited)},
                               {"plateau.cooling", fmt::format("{}", plateau.cooling)}});
  write_safetensors(Origin{"save", path.string(), where}, file);
}

template <class T>
void Trainer<T>::load(const std::filesystem::path& path, Source where) {
  const Origin origin{"load", path.string(), where};
  const std::vector<Slot<T>> slots = leaf_slots("load", leaves(), where);
  Safetensors file = read_safetensors(origin);
  const Metadata& notes = file.metadata;
  expect_notes(notes, agreed(optimizer_.name(), options_), origin);

  Arrays own;
  for (auto at = file.tensors.lower_bound(kOwn); at != file.tensors.end() && at->first.starts_with(kOwn);) {
    own.insert(file.tensors.extract(at++));
  }
  const Array rows = own.contains(kHistory) ? own.extract(kHistory).mapped() : Array();
  if (rows.type() != DType::f64) throw origin.error("history", "it is not of type f64");
  TrainingState state = from_notes(notes, from_tensor(rows.to<double>(Convert::never, where), origin), origin);
  const double rate = note<double>(notes, "rate", origin);
  std::optional<Plateau> plateau = options_.plateau;
  if (plateau) {
    plateau->best = note<double>(notes, "plateau.best", origin);
    plateau->waited = note<std::int64_t>(notes, "plateau.waited", origin);
    plateau->cooling = note<std::int64_t>(notes, "plateau.cooling", origin);
  }
  std::vector<Tensor<T>> best;
  if (options_.restore_best && state.best_epoch != 0) {
    best = values_for(best_slots(parameters_), own, Convert::never, false, origin);
  }
  set_leaves(slots, file.tensors, Convert::never, false, origin);  // the last that may throw
  state_ = std::move(state);
  best_ = std::move(best);
  options_.plateau = plateau;
  optimizer_.set_rate(rate);
}

template <class T>
bool Trainer<T>::resume(Source where) {
  if (!std::filesystem::exists(options_.snapshot)) return false;
  load(options_.snapshot, where);
  return true;
}

#define INSTANTIATE(T)                                                        \
  template std::vector<Parameter<T>> Trainer<T>::leaves() const;              \
  template void Trainer<T>::save(const std::filesystem::path&, Source) const; \
  template void Trainer<T>::load(const std::filesystem::path&, Source);       \
  template bool Trainer<T>::resume(Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
