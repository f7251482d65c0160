// The matrix product alone, ours and those of other libraries: each row first proves that its result is ours.
#include "bench/product.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/tensor/buffer.hpp"
#include "bench/repeat.hpp"
#include "bench/sections.hpp"
#include "bench/workload.hpp"

namespace bench {
namespace {

struct Size {
  int m, n, k;
  double flops() const { return 2.0 * m * n * k; }
};
// Products of the workloads and of common layers, and one whose rows begin within cache lines.
constexpr Size kSizes[] = {{1, 16, 2},       {8, 8, 8},         {32, 16, 2},       {32, 16, 16},
                           {100, 50, 64},    {32, 64, 64},      {128, 10, 128},    {128, 128, 784},
                           {784, 128, 128},  {128, 784, 128},   {128, 256, 256},   {1000, 1000, 1000},
                           {512, 1024, 784}, {512, 1024, 1024}, {1024, 1024, 512}, {2048, 2048, 2048}};

/// What each library multiplies: "TN8x8x8", "f32", 1.
struct Line {
  Size size;
  std::string workload, type;
  int threads;
  std::string what() const { return workload + type; }
};
std::vector<Line> all_lines() {
  std::vector<Line> out;
  for (const int threads : {1, 2}) {
    for (const char* type : {"f32", "f64"}) {
      for (const Size& s : kSizes) {
        if (threads == 2 && s.flops() < 0.6e6) continue;  // too small to share
        for (const char* kind : {"NN", "NT", "TN"}) {
          out.push_back({s, fmt::format("{}{}x{}x{}", kind, s.m, s.n, s.k), type, threads});
        }
      }
    }
  }
  return out;
}

template <class T>
void multiply_own(const Product<T>& p) {
  wengert::kernels::Gemm<T> g;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.a = p.a, g.a_row = p.a_transposed ? 1 : p.k, g.a_col = p.a_transposed ? p.m : 1;
  g.b = p.b, g.b_row = p.b_transposed ? 1 : p.n, g.b_col = p.b_transposed ? p.k : 1;
  g.c = p.c, g.c_row = p.n;
  wengert::kernels::gemm(g);
}
template <class T>
std::vector<Library<T>> libraries() {
  std::vector<Library<T>> out = other_libraries<T>();
  out.push_back({"own", [](int n) { wengert::set_threads(n); }, multiply_own<T>});
  return out;
}

template <class T>
struct Operands {
  wengert::Buffer<T> a, b, c;
  std::vector<T> expected;
  Product<T> product;
};

template <class T>
wengert::Buffer<T> buffer(const std::vector<double>& from) {
  wengert::Buffer<T> to(from.size());
  std::ranges::copy(cast<T>(from), to.data());
  return to;
}

/// Operands in memory as tensors have it, for all libraries, filled once per shape.
template <class T>
Operands<T>& operands(const std::string& what) {
  static std::map<std::string, Operands<T>> known;
  Operands<T>& o = known[what];
  if (o.c.size() == 0) {
    Product<T>& p = o.product;
    std::sscanf(what.c_str() + 2, "%dx%dx%d", &p.m, &p.n, &p.k);
    p.a_transposed = what[0] == 'T', p.b_transposed = what[1] == 'T';
    const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
    o.a = buffer<T>(uniform(6, size(p.m, p.k), -1, 1)), o.b = buffer<T>(uniform(7, size(p.k, p.n), -1, 1));
    o.c = wengert::Buffer<T>(size(p.m, p.n));
    p.a = o.a.data(), p.b = o.b.data(), p.c = o.c.data();
  }
  return o;
}

/// Computes it once, so that it is warm, and compares with ours: the largest difference, in roundings of a sum.
template <class T>
double difference(Operands<T>& o, const Library<T>& library) {
  if (o.expected.empty()) {
    multiply_own(o.product);
    o.expected.assign(o.c.data(), o.c.data() + o.c.size());
  }
  library.multiply(o.product);
  double off = 0;
  for (std::size_t i = 0; i < o.c.size(); ++i)
    off = std::max(off, std::abs(double(o.expected[i]) - double(o.c.data()[i])));
  return off / (std::numeric_limits<T>::epsilon() * std::sqrt(o.product.k));
}

template <class T>
void time_product(benchmark::State& state, const Row& row, const Library<T>& library) {
  show_progress(row.name);
  library.set_threads(row.threads);
  Operands<T>& o = operands<T>(row.workload);
  static std::map<std::string, double> differences;
  auto at = differences.find(row.name);
  if (at == differences.end()) at = differences.emplace(row.name, difference(o, library)).first;
  if (!(at->second <= 100))
    return state.SkipWithError(fmt::format("differs from ours by {:.0f} roundings", at->second).c_str());
  repeat(state, row, [&] { library.multiply(o.product); });
}

template <class T>
void register_lines(const char* type) {
  for (const Line& line : all_lines()) {
    if (line.type != type) continue;
    for (const Library<T>& library : libraries<T>()) {
      const Row row = parse_row(fmt::format("{}/{}/{}", line.what(), library.name, line.threads));
      benchmark::RegisterBenchmark(row.name.c_str(), [row, library](benchmark::State& state) {
        time_product<T>(state, row, library);
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace

void register_products() {
  register_lines<float>("f32");
  register_lines<double>("f64");
}

std::string products_table(const Medians& medians, const Peak& peak) {
  std::string out;
  int large = 0, won = 0;
  for (const Line& line : all_lines()) {
    const auto of = [&](const char* library) { return medians.of(line.what(), library, line.threads); };
    const double own = of("own"), blas = of("openblas"), onednn = of("onednn"), eigen = of("eigen");
    const double fastest = best(best(blas, onednn), eigen), flops = line.size.flops();
    if (own == 0) continue;
    if (out.empty()) {
      out = fmt::format("\nGFLOP/s of matrix products m x n x k, median; calls below 0.1 Mflop also in ns\n");
      out += fmt::format("{:<20}{:>3}{:>9}{:>10}{:>8}{:>8}{:>10}{:>7}{:>9}{:>9}{:>13}\n", "", "thr", "own", "OpenBLAS",
                         "oneDNN", "Eigen", "own/best", "peak", "1/2 thr", "own ns", "OpenBLAS ns");
    }
    const auto speed = [&](double t) { return t == 0 ? "" : fmt::format("{:.1f}", flops / (1e3 * t)); };
    const auto call = [&](double t) { return t == 0 || flops > 1e5 ? "" : fmt::format("{:.0f}", 1e3 * t); };
    const double one_thread = line.threads == 1 ? 0 : medians.of(line.what(), "own", 1);
    out += fmt::format("{:<20}{:>3}{:>9}{:>10}{:>8}{:>8}{:>10}{:>7}{:>9}{:>9}{:>13}\n", line.what(), line.threads,
                       speed(own), speed(blas), speed(onednn), speed(eigen), ratio(fastest, own),
                       percent(flops / (1e3 * own), line.threads * peak.of(line.type)), ratio(one_thread, own),
                       call(own), call(blas));
    if (flops < 2e4 || fastest == 0) continue;
    ++large;
    won += fastest / own >= 0.95 ? 1 : 0;
  }
  if (large > 0) out += fmt::format("own/best is 0.95 or more in {} of {} products from 0.02 Mflop up\n", won, large);
  return out;
}

}  // namespace bench
