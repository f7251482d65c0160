#include "bench/product.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/threads.hpp"
#include "bench/report.hpp"
#include "bench/workload.hpp"

namespace bench {
namespace {

constexpr int kShapes[][3] = {  // m, n, k: products of the workloads and of common layers
    {1, 16, 2},      {8, 8, 8},        {32, 16, 2},       {32, 16, 16},      {100, 50, 64},
    {32, 64, 64},    {128, 10, 128},   {128, 128, 784},   {784, 128, 128},   {128, 784, 128},
    {128, 256, 256}, {512, 1024, 784}, {512, 1024, 1024}, {1024, 1024, 512}, {2048, 2048, 2048}};

template <class T>
void multiply_own(const Product<T>& p, int threads) {
  wengert::set_threads(threads);
  wengert::kernels::Gemm<T> g;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.a = p.a, g.a_row = p.a_transposed ? 1 : p.k, g.a_col = p.a_transposed ? p.m : 1;
  g.b = p.b, g.b_row = p.b_transposed ? 1 : p.n, g.b_col = p.b_transposed ? p.k : 1;
  g.c = p.c, g.c_row = p.n;
  wengert::kernels::gemm(g);
}

template <class T>
struct Operands {
  std::vector<T> a, b, c, expected;
  Product<T> product;
};

/// Operands in cache lines, filled once per shape.
template <class T>
Operands<T>& operands(const std::string& what) {
  static std::map<std::string, Operands<T>> known;
  Operands<T>& o = known[what];
  if (o.c.empty()) {
    Product<T>& p = o.product;
    std::sscanf(what.c_str() + 2, "%dx%dx%d", &p.m, &p.n, &p.k);
    p.a_transposed = what[0] == 'T', p.b_transposed = what[1] == 'T';
    const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
    o.a = cast<T>(uniform(6, size(p.m, p.k), -1, 1)), o.b = cast<T>(uniform(7, size(p.k, p.n), -1, 1));
    o.c.resize(size(p.m, p.n));
    p.a = o.a.data(), p.b = o.b.data(), p.c = o.c.data();
  }
  return o;
}

template <class T>
bool multiply(const std::string& implementation, const Product<T>& p, int threads) {
  if (implementation == "openblas") return multiply_openblas(p, threads);
  if (implementation == "eigen") return multiply_eigen(p, threads);
  multiply_own(p, threads);
  return true;
}

template <class T>
void time_product(benchmark::State& state, const Row& row) {
  show_progress(row.name);
  Operands<T>& o = operands<T>(row.workload);
  if (o.expected.empty()) {
    multiply_own(o.product, 1);
    o.expected = o.c;
  }
  if (!multiply(row.implementation, o.product, row.threads))
    return state.SkipWithError("not done by this implementation");
  double off = 0;
  for (std::size_t i = 0; i < o.c.size(); ++i) off = std::max(off, std::abs(double(o.expected[i]) - double(o.c[i])));
  if (!(off <= (sizeof(T) == 4 ? 2e-5 : 4e-14) * std::sqrt(o.product.k))) {
    return state.SkipWithError(fmt::format("differs from ours by {:.1e}", off).c_str());
  }
  for (auto _ : state) multiply(row.implementation, o.product, row.threads);
}

}  // namespace

bool is_product(std::string_view what) {
  return what.starts_with("NN") || what.starts_with("NT") || what.starts_with("TN");
}

double product_flops(std::string_view what) {
  int m = 0, n = 0, k = 0;
  std::sscanf(std::string(what).c_str() + 2, "%dx%dx%d", &m, &n, &k);
  return 2.0 * m * n * k;
}

void register_products(Medians& medians) {
  for (const char* type : {"f32", "f64"}) {
    for (const auto& [m, n, k] : kShapes) {
      for (const char* kind : {"NN", "NT", "TN"}) {
        for (const int threads : {1, 2}) {
          if (threads == 2 && m < 512) continue;
          for (const char* implementation : {"own", "openblas", "eigen"}) {
            const std::string name = fmt::format("{}{}x{}x{}{}/{}/{}", kind, m, n, k, type, implementation, threads);
            const Row row = parse_row(name);
            medians.expect(row);
            benchmark::RegisterBenchmark(name.c_str(), [row](benchmark::State& state) {
              row.type == "f32" ? time_product<float>(state, row) : time_product<double>(state, row);
            })->Unit(benchmark::kMicrosecond);
          }
        }
      }
    }
  }
}

}  // namespace bench
