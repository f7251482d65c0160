/// The timed loop of a row, which a busy machine cannot hold up for long.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <set>
#include <string>

#include "bench/report.hpp"

namespace bench {

/// Calls `step` as often as Google Benchmark wants. That number was chosen once; threads that wait for one which does
/// not run may take a thousand times as long later, so a row of several threads is given up after half a second.
template <class Step>
void repeat(benchmark::State& state, const Row& row, Step step) {
  using clock = std::chrono::steady_clock;
  if (row.threads == 1) {
    for (auto _ : state) step();
    return;
  }
  static std::set<std::string> given_up;
  constexpr const char* kBusy = "given up, its threads wait for one another: the machine is busy";
  if (given_up.contains(row.name)) return state.SkipWithError(kBusy);
  const auto end = clock::now() + std::chrono::milliseconds(500);
  for (auto _ : state) {
    step();
    if (clock::now() < end) continue;
    given_up.insert(row.name);
    state.SkipWithError(kBusy);
    break;
  }
}

}  // namespace bench
