// SPDX-License-Identifier: MIT
// What our steps take of memory: allocations per step, and the largest resident size, while it steps, of a process that
// does nothing else. A program of its own, because no opponent's library may be in the process, and each workload needs
// a fresh one. Steps store all gradients, as hand-written ones do.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "bench/workload.hpp"
#include "tests/allocations.hpp"

namespace {

struct Need {
  double allocations = 0;  ///< per step
  double peak_mib = 0;     ///< of the whole process, its libraries included; 0 if the workload is not done
};

/// Largest resident size since the last call. Linux: writing 5 starts the count afresh.
double peak_mib() {
  double kib = 0;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kib;
  }
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;
  return kib / 1024;
}

Need need(const bench::Implementation& by, const std::string& workload, const std::string& type) {
  Need out;
  const auto work = by.make(workload, type);
  if (!work) return out;
  constexpr int kSteps = 20;
  for (int i = 0; i < kSteps; ++i) work->step();
  peak_mib();
  const long before = allocations;
  for (int i = 0; i < kSteps; ++i) work->step();
  out.allocations = static_cast<double>(allocations - before) / kSteps;
  out.peak_mib = peak_mib();
  return out;
}

/// As measured by a child process.
Need need_of_child(const bench::Implementation& by, const std::string& workload, const std::string& type) {
  Need out;
  int ends[2];
  if (pipe(ends) != 0) return out;
  const pid_t child = fork();
  if (child == 0) {
    out = need(by, workload, type);
    _exit(write(ends[1], &out, sizeof out) == sizeof out ? 0 : 1);
  }
  close(ends[1]);
  if (read(ends[0], &out, sizeof out) != sizeof out) out = {};
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

}  // namespace

int main() {
  fmt::print("\nmemory, one thread\n{:<9}{:>18}{:>16}{:>33}\n", "", "allocations/step", "peak RSS MiB",
             "allocations/step recorded afresh");
  std::fflush(stdout);
  for (const char* workload : {"W1b1", "W1b32", "W2", "W3", "W4", "W5", "W6", "W7h", "W7p", "W8", "P1", "P2"}) {
    for (const char* type : {"f32", "f64"}) {
      const Need once = need_of_child(bench::tape_with_gradient(), workload, type),
                 afresh = need_of_child(bench::record(), workload, type);
      fmt::print("{:<9}{:>18.0f}{:>16.1f}{:>33}\n", fmt::format("{}{}", workload, type), once.allocations,
                 once.peak_mib, afresh.peak_mib == 0 ? "" : fmt::format("{:.0f}", afresh.allocations));
      std::fflush(stdout);
    }
  }
}
