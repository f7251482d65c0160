#include "bench/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "bench/product.hpp"
#include "bench/update.hpp"

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

void Medians::expect(const Row& row) {
  std::string line = fmt::format("{}{} {}", row.workload, row.type, row.threads);
  if (std::find(order_.begin(), order_.end(), line) == order_.end()) order_.push_back(std::move(line));
}

bool Medians::ReportContext(const Context& context) {
  machine_ = fmt::format("{} CPUs at {:.0f} MHz", context.cpu_info.num_cpus, context.cpu_info.cycles_per_second / 1e6);
  return true;
}

void Medians::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type == Run::RT_Aggregate) continue;
    const std::string& name = run.run_name.function_name;
    const auto add_once = [&](auto& list, const std::string& item) {
      if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
    };
    if (run.error_occurred) {
      if (run.error_message != "not done by this implementation") {
        add_once(notes_, fmt::format("{}: {}", name, run.error_message));
      }
      continue;
    }
    times_[name].push_back(run.real_accumulated_time / static_cast<double>(run.iterations) * 1e6);
    const auto at = run.counters.find("difference");
    if (at != run.counters.end()) differences_[name] = at->second;
  }
}

double Medians::median(const std::string& name) const {
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

namespace {
std::string microseconds(double t) { return t == 0 ? "" : fmt::format("{:.{}f}", t, t < 10 ? 3 : t < 100 ? 1 : 0); }
std::string ratio(double a, double b) { return a == 0 || b == 0 ? "" : fmt::format("{:.2f}", a / b); }
}  // namespace

std::string Medians::steps() const {
  std::string out;
  for (const std::string& line : order_) {
    const auto space = line.find(' ');
    const std::string what = line.substr(0, space), threads = line.substr(space + 1);
    if (is_product(what) || is_update(what)) continue;
    const auto of = [&](const char* implementation) { return median(what + "/" + implementation + "/" + threads); };
    if (of("tape") == 0 && of("manual") == 0) continue;
    const double tape = of("tape"), record = of("record"), blas = of("manual"), eigen = of("manual_eigen"),
                 torch = of("libtorch");
    if (out.empty()) {
      out =
          fmt::format("\nµs per step, median ({})\n{:<9}{:>3}{:>11}{:>11}{:>11}{:>11}{:>11}{:>14}{:>13}{:>14}{:>12}\n",
                      machine_, "", "thr", "tape", "record", "manual", "on Eigen", "libtorch", "tape/manual",
                      "tape/torch", "record/tape", "difference");
    }
    double best = 0, off = 0;
    for (const double t : {blas, eigen}) best = t != 0 && (best == 0 || t < best) ? t : best;
    for (const auto& [name, d] : differences_) {
      if (name.starts_with(what + "/") && name.ends_with("/" + threads)) off = std::max(off, d);
    }
    out += fmt::format("{:<9}{:>3}{:>11}{:>11}{:>11}{:>11}{:>11}{:>14}{:>13}{:>14}{:>12.0e}\n", what, threads,
                       microseconds(tape), microseconds(record), microseconds(blas), microseconds(eigen),
                       microseconds(torch), ratio(tape, best), ratio(tape, torch), ratio(record, tape), off);
  }
  for (const std::string& note : notes_) out += note + "\n";
  return out;
}

std::string Medians::products() const {
  std::string out;
  for (const std::string& line : order_) {
    const auto space = line.find(' ');
    const std::string what = line.substr(0, space), threads = line.substr(space + 1);
    if (!is_product(what)) continue;
    const auto of = [&](const char* implementation) { return median(what + "/" + implementation + "/" + threads); };
    const double own = of("own"), blas = of("openblas"), eigen = of("eigen"), flops = product_flops(what);
    if (own == 0 && blas == 0) continue;
    const auto speed = [&](double t) { return t == 0 ? "" : fmt::format("{:.1f}", flops / t / 1e3); };
    if (out.empty()) {
      out = fmt::format("\nGFLOP/s, median\n{:<22}{:>3}{:>9}{:>10}{:>8}{:>11}{:>13}\n", "", "thr", "own", "OpenBLAS",
                        "Eigen", "own/best", "own ns/call");
    }
    double best = 0;
    for (const double t : {blas, eigen}) best = t != 0 && (best == 0 || t < best) ? t : best;
    out += fmt::format("{:<22}{:>3}{:>9}{:>10}{:>8}{:>11}{:>13.0f}\n", what, threads, speed(own), speed(blas),
                       speed(eigen), ratio(best, own), own * 1e3);
  }
  return out;
}

std::string Medians::updates() const {
  std::string out;
  for (const std::string& line : order_) {
    const auto space = line.find(' ');
    const std::string what = line.substr(0, space), threads = line.substr(space + 1);
    if (!is_update(what)) continue;
    const double adam = shortest(what + "/adam/" + threads), copy = shortest(what + "/copy/" + threads);
    if (adam == 0) continue;
    const auto speed = [&](double t) { return t == 0 ? "" : fmt::format("{:.1f}", update_bytes(what) / t / 1e3); };
    if (out.empty())
      out = fmt::format("\nGB/s, best\n{:<9}{:>3}{:>9}{:>9}{:>11}\n", "", "thr", "Adam", "copy", "Adam/copy");
    out += fmt::format("{:<9}{:>3}{:>9}{:>9}{:>11}\n", what, threads, speed(adam), speed(copy), ratio(copy, adam));
  }
  return out;
}

}  // namespace bench
