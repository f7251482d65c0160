// SPDX-License-Identifier: MIT
// Ours against the best that is written by hand, in one run: all rows are timed in random order. Google Benchmark's
// flags apply, for instance --benchmark_filter=W2f32 and --benchmark_out=rows.json. docs/speed.md says what the rows
// mean.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "bench/sections.hpp"

namespace {

/// OpenBLAS reads these when it is loaded, and they may halve its speed: run again without them.
void clear_environment(char** argv) {
  bool found = false;
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) {
    found |= std::getenv(name) != nullptr;
    unsetenv(name);
  }
  if (found) execv("/proc/self/exe", argv);
}

}  // namespace

int main(int argc, char** argv) {
  clear_environment(argv);
  // Defaults that the command line may override: nine short measurements of each row, in random order.
  std::vector<std::string> arguments = {argv[0], "--benchmark_repetitions=9", "--benchmark_min_time=0.02",
                                        "--benchmark_enable_random_interleaving=true"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (std::string& a : arguments) pointers.push_back(a.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;

  bench::register_steps();
  bench::register_products();
  bench::register_growth();
  bench::register_updates();
  bench::Medians medians;
  bench::Peak peak;
  peak.measure();
  benchmark::RunSpecifiedBenchmarks(&medians);
  peak.measure();
  bench::show_progress("");
  fmt::print("{}{}{}{}{}", bench::steps_table(medians, peak), bench::products_table(medians, peak),
             bench::growth_table(medians, peak), bench::updates_table(medians), medians.notes());
  return medians.agree() ? 0 : 1;
}
