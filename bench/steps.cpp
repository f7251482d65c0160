// Steps of the tape against the same steps written by hand, by hand on Eigen, and with libtorch: every row first proves
// that it computes the same.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "bench/repeat.hpp"
#include "bench/sections.hpp"
#include "bench/workload.hpp"

namespace bench {
namespace {

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
  repeat(state, row, [&] { work->step(); });
  state.counters["difference"] = off;
}

}  // namespace

void register_steps() {
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    if (const auto by = find(row.implementation)) {
      benchmark::RegisterBenchmark(name, [row, by](benchmark::State& state) {
        time_row(state, row, *by);
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

std::string steps_table(const Medians& medians, const Peak& peak) {
  std::string out;
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    const std::string what = row.workload + row.type;
    const auto of = [&](const char* implementation) { return medians.of(what, implementation, row.threads); };
    // Whoever has two cores uses one where two are slower, as they are if threads wait for one another.
    const auto fastest = [&](const char* implementation) {
      return best(of(implementation), medians.of(what, implementation, 1));
    };
    const double tape = of("tape"), manual = of("manual"), eigen = of("manual_eigen"), torch = of("libtorch");
    if (row.implementation != "tape" || (tape == 0 && manual == 0)) continue;
    if (out.empty()) {
      out = fmt::format(
          "\nµs per step, median ({}); multiply-adds reach {:.0f} (f32) and {:.0f} (f64) GFLOP/s a thread\n",
          medians.machine(), peak.of("f32"), peak.of("f64"));
      out += fmt::format("{:<9}{:>3}{:>11}{:>11}{:>11}{:>11}{:>11}{:>13}{:>12}{:>13}{:>7}{:>10}{:>12}\n", "", "thr",
                         "tape", "record", "manual", "on Eigen", "libtorch", "tape/manual", "tape/torch", "record/tape",
                         "peak", "1/2 thr", "difference");
    }
    Net net;
    const bool trains = find_net(row.workload, net) && row.workload[0] == 'W' && !row.workload.starts_with("W7");
    const double flops_per_ns = trains && tape != 0 ? net.flops() / (1e3 * tape) : 0;
    const double one_thread = row.threads == 1 ? 0 : medians.of(what, "tape", 1);
    out += fmt::format("{:<9}{:>3}{:>11}{:>11}{:>11}{:>11}{:>11}{:>13}{:>12}{:>13}{:>7}{:>10}{:>12.0e}\n", what,
                       row.threads, microseconds(tape), microseconds(of("record")), microseconds(manual),
                       microseconds(eigen), microseconds(torch),
                       ratio(tape, best(fastest("manual"), fastest("manual_eigen"))), ratio(tape, fastest("libtorch")),
                       ratio(of("record"), tape), percent(flops_per_ns, row.threads * peak.of(row.type)),
                       ratio(one_thread, tape), medians.difference(what, row.threads));
  }
  return out;
}

}  // namespace bench
