#include "bench/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace bench {

Row parse_row(std::string_view name) {
  Row out;
  out.name = name;
  const auto slash = name.find('/'), second = name.rfind('/');
  out.workload = name.substr(0, slash - 3);
  out.type = name.substr(slash - 3, 3);
  out.implementation = name.substr(slash + 1, second - slash - 1);
  out.threads = std::stoi(std::string(name.substr(second + 1)));
  return out;
}

void show_progress(std::string_view name) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r\033[K{}", name);
  std::fflush(stderr);
}

bool Medians::ReportContext(const Context& context) {
  machine_ = fmt::format("{} CPUs at {:.0f} MHz", context.cpu_info.num_cpus, context.cpu_info.cycles_per_second / 1e6);
  return true;
}

void Medians::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type == Run::RT_Aggregate) continue;
    const std::string& name = run.run_name.function_name;
    const bool busy = run.counters.contains("given_up");
    if (run.error_occurred || busy) {
      std::string note = fmt::format(
          "{}: {}", name, busy ? "given up, its threads wait for one another: the machine is busy" : run.error_message);
      if (run.error_message != "not done by this implementation" &&
          std::find(notes_.begin(), notes_.end(), note) == notes_.end()) {
        notes_.push_back(std::move(note));
      }
      continue;
    }
    times_[name].push_back(run.real_accumulated_time / static_cast<double>(run.iterations) * 1e6);
    counters_[name] = run.counters;
  }
}

double Medians::of(const std::string& name) const {
  const auto at = times_.find(name);
  if (at == times_.end()) return 0;
  std::vector<double> t = at->second;
  std::nth_element(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(t.size() / 2), t.end());
  return t[t.size() / 2];
}
double Medians::shortest(const std::string& name) const {
  const auto at = times_.find(name);
  return at == times_.end() ? 0 : *std::min_element(at->second.begin(), at->second.end());
}
double Medians::of(std::string_view what, std::string_view implementation, int threads) const {
  return of(fmt::format("{}/{}/{}", what, implementation, threads));
}

double Medians::counter(const std::string& name, const std::string& what) const {
  const auto row = counters_.find(name);
  if (row == counters_.end()) return 0;
  const auto at = row->second.find(what);
  return at == row->second.end() ? 0 : at->second.value;
}

double Medians::difference(std::string_view what, int threads) const {
  double out = 0;
  for (const auto& [name, counters] : counters_) {
    const Row row = parse_row(name);
    if (row.workload + row.type == what && row.threads == threads) out = std::max(out, counter(name, "difference"));
  }
  return out;
}

std::string Medians::notes() const {
  std::string out;
  for (const std::string& note : notes_) out += note + "\n";
  return out;
}

std::string microseconds(double t) { return t == 0 ? "" : fmt::format("{:.{}f}", t, t < 10 ? 3 : t < 100 ? 1 : 0); }
std::string ratio(double a, double b) { return a == 0 || b == 0 ? "" : fmt::format("{:.2f}", a / b); }
std::string percent(double a, double b) { return a == 0 || b == 0 ? "" : fmt::format("{:.0f} %", 100 * a / b); }
double best(double a, double b) { return a == 0 || (b != 0 && b < a) ? b : a; }

}  // namespace bench
