/// Medians of all rows, from which the tables are made.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// <workload><type>/<implementation>/<threads>, taken apart.
struct Row {
  std::string name, workload, type, implementation;
  int threads = 1;
};
Row parse_row(std::string_view name);

/// One line on the terminal, overwritten by the next; an empty name clears it. Nothing if there is no terminal.
void show_progress(std::string_view name);

/// Collects what Google Benchmark measures and prints nothing meanwhile.
class Medians : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  /// Median of a row's repetitions, µs; 0 if it was not measured.
  double of(const std::string& name) const;
  /// Shortest repetition, µs: where others use the memory too, the median is theirs.
  double shortest(const std::string& name) const;
  /// Of what = "W2f32" by an implementation.
  double of(std::string_view what, std::string_view implementation, int threads) const;
  /// A number that a row counted, or 0.
  double counter(const std::string& name, const std::string& what) const;
  /// Largest "difference" that the rows of `what` counted.
  double difference(std::string_view what, int threads) const;
  const std::string& machine() const { return machine_; }
  /// False if a row was skipped because it computes something else.
  bool agree() const { return notes().find("differs from") == std::string::npos; }
  /// What was skipped, and why, a line each.
  std::string notes() const;

 private:
  std::string machine_;
  std::map<std::string, std::vector<double>> times_;
  std::map<std::string, benchmark::UserCounters> counters_;
  std::vector<std::string> notes_;
};

// Cells of a table, empty where a time was not measured (is 0).

std::string microseconds(double t);
std::string ratio(double a, double b);
/// "87 %"
std::string percent(double a, double b);
/// The smaller of two times.
double best(double a, double b);

}  // namespace bench
