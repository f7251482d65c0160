#include "bench/update.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

#include "bench/report.hpp"
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

}  // namespace

bool is_update(std::string_view what) { return what.starts_with("A10M"); }

double update_bytes(std::string_view what) {
  return 7.0 * static_cast<double>(kParameters) * (what.ends_with("f32") ? 4 : 8);
}

void register_updates(Medians& medians) {
  for (const char* type : {"f32", "f64"}) {
    for (const char* implementation : {"adam", "copy"}) {
      const Row row = parse_row(fmt::format("A10M{}/{}/1", type, implementation));
      medians.expect(row);
      benchmark::RegisterBenchmark(row.name.c_str(), [row](benchmark::State& state) {
        show_progress(row.name);
        set_threads(row.threads);
        if (row.implementation == "copy") return copy(state, static_cast<std::size_t>(update_bytes(row.type)));
        row.type == "f32" ? time_adam<float>(state) : time_adam<double>(state);
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace bench
