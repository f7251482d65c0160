/// Medians of all rows, and the tables of ratios made from them.
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
  /// The tables list rows in this order.
  void expect(const Row& row);
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  /// Training steps: µs of each implementation, and the tape's share of the best opponent's time.
  std::string steps() const;
  /// Matrix products: GFLOP/s, and ours over the best library's.
  std::string products() const;
  /// Updates: GB/s read and written, and their share of a copy's; of the shortest times, for others use the memory too.
  std::string updates() const;

 private:
  /// Median of a row's repetitions, µs; 0 if it was not measured.
  double median(const std::string& name) const;
  double shortest(const std::string& name) const;

  std::string machine_;
  std::vector<std::string> order_;  ///< workload, type, threads as "W2f32 1"
  std::map<std::string, std::vector<double>> times_;
  std::map<std::string, double> differences_;
  std::vector<std::string> notes_;
};

}  // namespace bench
