// SPDX-License-Identifier: MIT
// Steps of the tape against the same steps written by hand, by hand on Eigen, and with libtorch, in one run: every row
// first proves that it computes the same, then all are timed in random order. Google Benchmark's flags apply, for
// instance --benchmark_filter=W2f32 and --benchmark_out=rows.json.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>

#include "bench/product.hpp"
#include "bench/report.hpp"
#include "bench/update.hpp"
#include "bench/workload.hpp"

namespace {

using namespace bench;

/// <workload><type>/<implementation>/<threads>
constexpr const char* kRows[] = {
    // clang-format off
    "W1b1f32/tape/1", "W1b1f32/record/1", "W1b1f32/manual/1", "W1b1f32/manual_eigen/1", "W1b1f32/libtorch/1",
    "W1b1f64/tape/1", "W1b1f64/record/1", "W1b1f64/manual/1", "W1b1f64/manual_eigen/1", "W1b1f64/libtorch/1",
    "W1b32f32/tape/1", "W1b32f32/record/1", "W1b32f32/manual/1", "W1b32f32/manual_eigen/1", "W1b32f32/libtorch/1",
    "W1b32f64/tape/1", "W1b32f64/record/1", "W1b32f64/manual/1", "W1b32f64/manual_eigen/1", "W1b32f64/libtorch/1",
    "W2f32/tape/1", "W2f32/record/1", "W2f32/manual/1", "W2f32/manual_eigen/1", "W2f32/libtorch/1",
    "W2f64/tape/1", "W2f64/record/1", "W2f64/manual/1", "W2f64/manual_eigen/1", "W2f64/libtorch/1",
    "W3f32/tape/1", "W3f32/record/1", "W3f32/manual/1", "W3f32/manual_eigen/1", "W3f32/libtorch/1",
    "W3f64/tape/1", "W3f64/record/1", "W3f64/manual/1", "W3f64/manual_eigen/1", "W3f64/libtorch/1",
    "W4f32/tape/1", "W4f32/record/1", "W4f32/manual/1", "W4f32/manual_eigen/1", "W4f32/libtorch/1",
    "W4f64/tape/1", "W4f64/record/1", "W4f64/manual/1", "W4f64/manual_eigen/1", "W4f64/libtorch/1",
    "W5f32/tape/1", "W5f32/record/1", "W5f32/manual/1", "W5f32/manual_eigen/1", "W5f32/libtorch/1",
    "W5f64/tape/1", "W5f64/record/1", "W5f64/manual/1", "W5f64/manual_eigen/1", "W5f64/libtorch/1",
    "W6f32/tape/1", "W6f32/manual/1", "W6f32/manual_eigen/1", "W6f32/libtorch/1",
    "W6f64/tape/1", "W6f64/manual/1", "W6f64/manual_eigen/1", "W6f64/libtorch/1",
    "W7hf64/tape/1", "W7hf64/manual/1", "W7hf64/libtorch/1",
    "W7pf64/tape/1", "W7pf64/manual/1", "W7pf64/libtorch/1",
    "W8f64/tape/1", "W8f64/manual/1", "W8f64/libtorch/1",
    "P1f32/tape/1", "P1f32/manual/1", "P1f32/manual_eigen/1", "P1f32/libtorch/1",
    "P2f32/tape/1", "P2f32/manual/1", "P2f32/manual_eigen/1", "P2f32/libtorch/1",
    "W2f32/tape/2", "W2f32/manual/2", "W2f32/libtorch/2",
    "W2f64/tape/2", "W2f64/manual/2", "W2f64/libtorch/2",
    "W3f32/tape/2", "W3f32/manual/2", "W3f32/libtorch/2",
    "W3f64/tape/2", "W3f64/manual/2", "W3f64/libtorch/2",
    "W4f32/tape/2", "W4f32/manual/2", "W4f32/libtorch/2",
    "W4f64/tape/2", "W4f64/manual/2", "W4f64/libtorch/2",
    "W5f32/tape/2", "W5f32/manual/2", "W5f32/libtorch/2",
    "W5f64/tape/2", "W5f64/manual/2", "W5f64/libtorch/2",
    "W6f32/tape/2", "W6f32/manual/2", "W6f32/libtorch/2",
    "W6f64/tape/2", "W6f64/manual/2", "W6f64/libtorch/2",
    // clang-format on
};

std::optional<Implementation> find(std::string_view implementation) {
  if (implementation == "tape") return tape();
  if (implementation == "record") return record();
#ifdef WENGERT_BENCH_BLAS
  if (implementation == "manual") return manual();
#endif
#ifdef WENGERT_BENCH_EIGEN
  if (implementation == "manual_eigen") return manual_eigen();
#endif
#ifdef WENGERT_BENCH_LIBTORCH
  if (implementation == "libtorch") return libtorch();
#endif
  return {};
}

/// What the first five steps of a case say.
struct Answer {
  double first_loss = 0, fifth_loss = 0;
  std::vector<double> gradient;  ///< of the first
};
Answer ask(Case& work) {
  Answer out;
  for (int i = 1; i <= 5; ++i) {
    work.step();
    if (i == 1) out.first_loss = work.loss(), out.gradient = work.gradient();
  }
  out.fifth_loss = work.loss();
  return out;
}
/// The right answers: ours, in f64.
const Answer& reference(const std::string& workload) {
  static std::map<std::string, Answer> known;
  const auto at = known.find(workload);
  if (at != known.end()) return at->second;
  return known.emplace(workload, ask(*tape().make(workload, "f64"))).first->second;
}
/// Largest difference of losses and gradients, relative to the largest element.
double difference(const Answer& a, const Answer& b) {
  if (a.gradient.size() != b.gradient.size()) return std::numeric_limits<double>::infinity();
  double out = 0, largest = 0, off = 0;
  for (std::size_t i = 0; i < a.gradient.size(); ++i) {
    off = std::max(off, std::abs(a.gradient[i] - b.gradient[i]));
    largest = std::max(largest, std::abs(b.gradient[i]));
  }
  out = off / largest;
  out = std::max(out, std::abs(a.first_loss - b.first_loss) / std::abs(b.first_loss));
  return std::max(out, std::abs(a.fifth_loss - b.fifth_loss) / std::abs(b.fifth_loss));
}

/// A row, made when it is first timed and kept, so that repetitions find it warm.
struct Ready {
  std::unique_ptr<Case> work;
  double difference = 0;
};

void time_row(benchmark::State& state, const Row& row, const Implementation& by) {
  by.set_threads(row.threads);
  static std::map<std::string, Ready> rows;
  auto at = rows.find(row.name);
  if (at == rows.end()) {
    at = rows.emplace(row.name, Ready{by.make(row.workload, row.type), 0}).first;
    if (at->second.work) at->second.difference = difference(ask(*at->second.work), reference(row.workload));
  }
  show_progress(row.name);
  const auto& [work, off] = at->second;
  if (!work) return state.SkipWithError("not done by this implementation");
  if (!(off <= (row.type == "f32" ? 1e-3 : 1e-9))) {
    return state.SkipWithError(fmt::format("differs from the tape by {:.1e}", off).c_str());
  }
  for (auto _ : state) work->step();
  state.counters["difference"] = off;
}

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
  std::vector<std::string> arguments = {argv[0], "--benchmark_repetitions=9", "--benchmark_min_time=0.05",
                                        "--benchmark_enable_random_interleaving=true"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (std::string& a : arguments) pointers.push_back(a.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;

  Medians medians;
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    medians.expect(row);
    if (const auto by = find(row.implementation)) {
      benchmark::RegisterBenchmark(name, [row, by](benchmark::State& state) {
        time_row(state, row, *by);
      })->Unit(benchmark::kMicrosecond);
    }
  }
  register_products(medians);
  register_updates(medians);
  benchmark::RunSpecifiedBenchmarks(&medians);
  show_progress("");
  fmt::print("{}", medians.steps());
  fmt::print("{}", medians.products());
  fmt::print("{}", medians.updates());
}
