/// The timed loop of a row, which neither the rows before it nor a busy machine can hold up for long.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <ctime>
#include <set>
#include <string>
#include <thread>

#include "bench/report.hpp"

namespace bench {

/// Waits until no thread of this process runs: those of OpenMP and OpenBLAS go on spinning for some milliseconds after
/// their work, and whoever is timed then shares a core with them. Half a second at most.
inline void wait_for_threads() {
  const auto used = [] { return 1e9 * double(std::clock()) / CLOCKS_PER_SEC; };  // processor time, ns
  for (int i = 0; i < 250; ++i) {
    const double before = used();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (used() - before < 1e5) return;
  }
}

/// Calls `step` once, since the row before had the caches, and then as often as Google Benchmark wants. That number was
/// chosen once; threads that wait for one which does not run may take a thousand times as long later. So a row of
/// several threads stops after half a second, for good, and counts "given_up": its time means nothing. (An error would
/// not do: all repetitions must have the same iterations.)
template <class Step>
void repeat(benchmark::State& state, const Row& row, Step step) {
  using clock = std::chrono::steady_clock;
  wait_for_threads();
  step();
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
