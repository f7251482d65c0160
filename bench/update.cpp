#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

#include "bench/sections.hpp"
#include "bench/workload.hpp"
#include "nn/optim/optimizer.hpp"

namespace bench {
namespace {

using namespace wengert;

constexpr std::int64_t kParameters = 10'000'000;

template <class T>
struct Adam {
  Tape<T> tape;
  Var<T> w, g;
  nn::Optimizer<T> optimizer;
  Program<T> program;
  std::int64_t steps = 0;
  double difference = 0;  ///< of the first step from the formula in double

  Adam()
      : w(tape.leaf(drawn(11))),
        g(tape.leaf(drawn(12))),
        optimizer({w}, nn::Adam{}),
        program(compile<T>({}, optimizer.updates({g}))) {
    const Tensor<T> before = value(w), slope = value(g);
    step();
    const Tensor<T> after = value(w);
    for (std::int64_t i = 0; i < kParameters; ++i) {
      const double s = slope.data()[i], expected = before.data()[i] - 1e-3 * s / (std::abs(s) + 1e-8);
      difference = std::max(difference, std::abs(after.data()[i] - expected));
    }
  }
  void step() {
    optimizer.prepare(++steps);
    program.run();
  }
  static Tensor<T> drawn(std::uint64_t stream) {
    return Tensor<T>(Shape{kParameters}, cast<T>(uniform(stream, kParameters, -1, 1)));
  }
};

template <class T>
void time_adam(benchmark::State& state) {
  static Adam<T> adam;
  state.counters["difference"] = adam.difference;
  if (!(adam.difference < (sizeof(T) == 4 ? 1e-6 : 1e-12))) return state.SkipWithError("differs from the formula");
  for (auto _ : state) adam.step();
}

void copy(benchmark::State& state, std::size_t bytes) {
  static std::map<std::size_t, std::vector<char>> known;
  std::vector<char>& buffer = known[bytes];
  buffer.resize(bytes, 1);
  for (auto _ : state) {
    std::memcpy(buffer.data(), buffer.data() + bytes / 2, bytes / 2);
    benchmark::ClobberMemory();
  }
}

/// Bytes that one update reads and writes; the copy reads half of them and writes half of them.
double bytes_of(const Row& row) { return 7.0 * static_cast<double>(kParameters) * (row.type == "f32" ? 4 : 8); }

/// Adam on ten million parameters: reads g, w, m, v and writes w, m, v.
constexpr const char* kRows[] = {"A10Mf32/adam/1", "A10Mf32/copy/1", "A10Mf64/adam/1", "A10Mf64/copy/1"};

}  // namespace

void register_updates() {
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    benchmark::RegisterBenchmark(name, [row](benchmark::State& state) {
      show_progress(row.name);
      set_threads(row.threads);
      if (row.implementation == "copy") return copy(state, static_cast<std::size_t>(bytes_of(row)));
      row.type == "f32" ? time_adam<float>(state) : time_adam<double>(state);
    })->Unit(benchmark::kMicrosecond);
  }
}

std::string updates_table(const Medians& medians) {
  std::string out;
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    const std::string what = row.workload + row.type;
    const double adam = medians.shortest(what + "/adam/1"), copy = medians.shortest(what + "/copy/1");
    if (row.implementation != "adam" || adam == 0) continue;
    const auto speed = [&](double t) { return t == 0 ? "" : fmt::format("{:.1f}", bytes_of(row) / t / 1e3); };
    if (out.empty()) {
      out =
          fmt::format("\nGB/s, ten million parameters, best\n{:<9}{:>9}{:>9}{:>11}\n", "", "Adam", "copy", "Adam/copy");
    }
    out += fmt::format("{:<9}{:>9}{:>9}{:>11}\n", what, speed(adam), speed(copy), ratio(copy, adam));
  }
  return out;
}

}  // namespace bench
