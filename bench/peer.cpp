// SPDX-License-Identifier: MIT
// Our column in a table of other libraries, each of which is a program that is called in the same way and prints one
// line of the same form. Unlike the rows named "tape", its steps store all gradients, because the others show theirs.
//
//   wengert_peer time|alloc|gemm|check WORKLOAD f32|f64 THREADS [DUMP]
//
// WORKLOAD is w1b1 to w8. Prints, separated by tabs, -1 where the mode does not measure it:
//   column workload type threads mode median_us p10_us p90_us rss_kb allocations gemm_share loss1 loss5 steps
// DUMP gets the gradients of steps 1 and 5 as doubles. Exit status 3: no such workload. PEER_NAME names the column,
// PEER_SECONDS is the time to measure for. Allocations are those counted by a preloaded library.
#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "bench/workload.hpp"

namespace {

using Clock = std::chrono::steady_clock;
double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Quantiles {
  double median = -1, p10 = -1, p90 = -1;
  long steps = 0;
};
/// Warms up for a quarter of the time, then takes samples of at least 200 µs, and at least 15 of them.
Quantiles time(bench::Case& work) {
  const char* seconds = std::getenv("PEER_SECONDS");
  const double budget = 1e6 * (seconds != nullptr ? std::atof(seconds) : 1.2);
  Quantiles out;
  auto start = Clock::now();
  do work.step(), ++out.steps;
  while (microseconds_since(start) < budget / 4);
  const long each = std::max(1L, static_cast<long>(200 * static_cast<double>(out.steps) / microseconds_since(start)));
  std::vector<double> samples;
  start = Clock::now();
  while (microseconds_since(start) < budget || samples.size() < 15) {
    const auto sample = Clock::now();
    for (long i = 0; i < each; ++i) work.step();
    samples.push_back(microseconds_since(sample) / static_cast<double>(each));
    out.steps += each;
  }
  std::sort(samples.begin(), samples.end());
  const auto at = [&](std::size_t tenth) { return samples[samples.size() * tenth / 10]; };
  out.median = at(5), out.p10 = at(1), out.p90 = at(9);
  return out;
}

/// Per step, by a preloaded library that exports `long peer_alloc_count()`; -1 without.
double allocations(bench::Case& work) {
  const auto count = reinterpret_cast<long (*)()>(dlsym(RTLD_DEFAULT, "peer_alloc_count"));
  if (count == nullptr) return -1;
  constexpr int kSteps = 20;
  for (int i = 0; i < kSteps; ++i) work.step();
  const long before = count();
  for (int i = 0; i < kSteps; ++i) work.step();
  return static_cast<double>(count() - before) / kSteps;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: {} time|alloc|gemm|check WORKLOAD f32|f64 THREADS [DUMP]\n", argv[0]);
    return 2;
  }
  const std::string mode = argv[1], id = argv[2], type = argv[3];
  const int threads = std::atoi(argv[4]);
  std::string workload = id;
  workload[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(workload[0])));
  const bench::Implementation ours = bench::tape_with_gradient();
  ours.set_threads(threads);
  const auto work = ours.make(workload, type);
  if (!work) return 3;

  double loss1 = 0, loss5 = 0;
  std::vector<double> gradients;
  for (int step = 1; step <= 5; ++step) {
    work->step();
    if (step != 1 && step != 5) continue;
    (step == 1 ? loss1 : loss5) = work->loss();
    const std::vector<double> g = work->gradient();
    gradients.insert(gradients.end(), g.begin(), g.end());
  }
  if (argc > 5) {
    std::ofstream(argv[5], std::ios::binary)
        .write(reinterpret_cast<const char*>(gradients.data()),
               static_cast<std::streamsize>(gradients.size() * sizeof(double)));
  }
  gradients = {};
  const Quantiles us = mode == "time" ? time(*work) : Quantiles{};
  const double per_step = mode == "alloc" ? allocations(*work) : -1;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const char* name = std::getenv("PEER_NAME");
  fmt::print("{}\t{}\t{}\t{}\t{}\t{:.4g}\t{:.4g}\t{:.4g}\t{}\t{:g}\t-1\t{:.17g}\t{:.17g}\t{}\n",
             name != nullptr ? name : "wengert", id, type, threads, mode, us.median, us.p10, us.p90, usage.ru_maxrss,
             per_step, loss1, loss5, 5 + us.steps);
}
