#include "nn/train/state.hpp"

#include <fmt/format.h>

#include <iterator>

#include "nn/snapshot/notes.hpp"

namespace wengert::nn {

namespace {

template <class N>
struct Field {
  const char* name;
  N Seen::*value;
};
constexpr Field<std::int64_t> kCounts[] = {
    {"epoch.of", &Seen::of}, {"epoch.samples", &Seen::samples}, {"epoch.steps", &Seen::steps}};
constexpr Field<double> kNumbers[] = {{"epoch.loss_sum", &Seen::loss_sum},
                                      {"epoch.gradient_norm", &Seen::gradient_norm},
                                      {"epoch.step_seconds", &Seen::step_seconds},
                                      {"epoch.seconds", &Seen::seconds}};

std::int64_t count_note(const Metadata& notes, const std::string& name, const Origin& origin) {
  const auto n = note<std::int64_t>(notes, name, origin);
  if (n < 0) throw origin.error("", fmt::format("note \"{}\" is {}, it must not be negative", name, n));
  return n;
}

}  // namespace

Metadata to_notes(const TrainingState& state) {
  Metadata notes{{"step", fmt::format("{}", state.step)},
                 {"epoch", fmt::format("{}", state.history.size())},
                 {"best_epoch", fmt::format("{}", state.best_epoch)}};
  for (const auto& field : kCounts) notes[field.name] = fmt::format("{}", state.seen.*field.value);
  for (const auto& field : kNumbers) notes[field.name] = fmt::format("{}", state.seen.*field.value);
  return notes;
}

TrainingState from_notes(const Metadata& notes, std::vector<Epoch> history, const Origin& origin) {
  TrainingState state{.step = count_note(notes, "step", origin),
                      .history = std::move(history),
                      .best_epoch = count_note(notes, "best_epoch", origin)};
  const std::int64_t epochs = count_note(notes, "epoch", origin), rows = std::ssize(state.history);
  if (epochs != rows) throw origin.error("", fmt::format("epoch {} has a history of {} rows", epochs, rows));
  if (state.best_epoch > epochs) {
    throw origin.error("", fmt::format("the best epoch is {} of {}", state.best_epoch, epochs));
  }
  for (const auto& field : kCounts) state.seen.*field.value = count_note(notes, field.name, origin);
  for (const auto& field : kNumbers) state.seen.*field.value = note<double>(notes, field.name, origin);
  if (state.seen.samples > state.seen.of) {
    throw origin.error("", fmt::format("{} samples of an epoch of {} were seen", state.seen.samples, state.seen.of));
  }
  return state;
}

}  // namespace wengert::nn
