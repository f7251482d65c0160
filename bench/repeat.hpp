/// The timed loop of a row, which a busy machine cannot hold up for long.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <set>
#include <string>

#include "bench/report.hpp"

namespace bench {

/// Calls `step` as often as Google Benchmark wants. That number was chosen once; threads that wait for one which does
/// not run may take a thousand times as long later. So a row of several threads stops after half a second, for good,
/// and counts "given_up": its time means nothing. (An error would not do: all repetitions must have the same
/// iterations.)
template <class Step>
void repeat(benchmark::State& state, const Row& row, Step step) {
  using clock = std::chrono::steady_clock;
  if (row.threads == 1) {
    for (auto _ : state) step();
    return;
  }
  static std::set<std::string> given_up;
  const auto end = clock::now() + std::chrono::milliseconds(500);
  bool late = given_up.contains(row.name);
  for (auto _ : state) {
    if (late) continue;
    step();
    late = clock::now() > end;
  }
  if (!late) return;
  given_up.insert(row.name);
  state.counters["given_up"] = 1;
}

}  // namespace bench
