// SPDX-License-Identifier: MIT
// The main of the benchmarks: Google Benchmark's own.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
