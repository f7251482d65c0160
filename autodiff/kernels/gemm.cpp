// Matrix product: which operands are packed, how C is cut into tiles, when the epilogue runs.
//
// 1. All of this follows from the shape and the strides of the whole problem, so results are the same run after run.
// 2. The depth is cut into slices of 2,048 bytes, so that a panel of B stays in L1 or close to it; each element of C is
//    summed from the first slice to the last.
// 3. A few columns behind the last full pack are computed apart, with packs that go another way (gemm_narrow-inl.h).
// 4. What a tile does beside multiplying (gemm_beside-inl.h) may follow from a thread's part: it changes no sum.
// 5. Packed panels live in buffers per thread and element type, which grow to the largest size seen and are freed with
//    the thread: no allocation after the first call of a size.
#include "autodiff/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autodiff/kernels/gemm.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <algorithm>
#include <cstdint>
#include <utility>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/gemm_blocked-inl.h"
#include "autodiff/kernels/gemm_narrow-inl.h"
#include "autodiff/kernels/gemm_pack-inl.h"
#include "autodiff/kernels/gemm_rows-inl.h"
#include "autodiff/kernels/gemm_small-inl.h"
#include "autodiff/kernels/threads.hpp"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

/// Whether the epilogue waits until C is complete, rather than running on each block of C just written.
///
/// A C of up to half of L2 is finished first and then passed over once in long runs: a block of 14 x 32 costs some
/// cycles per row and instruction, a run of 1,024 elements one cycle per pack (Adam on 784 x 128: 97 us by blocks, 41
/// us by runs). A larger C is passed over block by block while it is in L1; from L3 the same pass takes 1 ns per
/// element whatever it does. Not so where the epilogue streams other tensors and does much: Adam takes 0.6 ns after, in
/// long runs that memory keeps up with, and by block 1.4 ns, or 0.9 if tiles have asked for all it reads.
template <class T>
bool epilogue_waits(const Gemm<T>& g) {
  const TileProgram<T>& epilogue = *g.epilogue;
  return g.m * g.n * static_cast<std::ptrdiff_t>(sizeof(T)) <= kHalfL2 || g.m <= 3 || g.n == 1 || epilogue.whole_rows ||
         (epilogue.flat && epilogue.streams > 1) || !epilogue.columns_are_independent();
}

/// Whether threads share the columns of C, not the rows.
///
/// Of two threads that take rows one writes what lies some tiles below the other's last: prefetchers, which follow the
/// stores of a tile 16 tiles down, take lines back and forth between them (784x128x128, cores that share no L3: 407
/// GFLOP/s by rows, 489 by columns). Columns have no such border. But they must come out even, and a deep A that no L2
/// holds would be read by every thread.
template <class T>
bool share_columns(const Gemm<T>& g, const Cut<T>& cut, std::ptrdiff_t panels) {
  const std::ptrdiff_t n = threads(), idle = ceil_divide(panels, n) * n - panels;
  const bool streams_a = cut.slices > 1 && g.m * g.k * static_cast<std::ptrdiff_t>(sizeof(T)) > 8 * kHalfL2;
  return 8 * idle <= panels && (panels >= 4 * n || !streams_a);
}

template <class T>
void multiply(const Gemm<T>& g, const TileProgram<T>* epilogue) {
  const Cut<T> cut(g);
  constexpr double kNsPerSum = 0.02;  // of a product and an addition
  const double sums = static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
  if (!worth_sharing(kNsPerSum * sums)) {
    if (cut.simple && epilogue == nullptr) return multiply_simple(g, cut.neighbours);
    return Blocked<T>(g, cut, {}, epilogue, g.scratch).run();
  }
  const std::ptrdiff_t tiles = ceil_divide(g.m, kTileRows), panels = ceil_divide(g.n, kLanes<T> * kTilePacks);
  const bool sums_down_columns = epilogue != nullptr && !epilogue->init.empty();  // columns must not be cut then
  const bool by_columns = sums_down_columns || share_columns(g, cut, panels);
  const std::ptrdiff_t parts = std::min<std::ptrdiff_t>(threads(), by_columns ? panels : tiles);
  share(static_cast<std::size_t>(parts), [&](std::size_t p) {
    const auto i = static_cast<std::ptrdiff_t>(p);
    const Part part = by_columns ? Part{0, 1, i, parts} : Part{i, parts, 0, 1};
    T* scratch = epilogue == nullptr ? nullptr : scratch_of_thread<T>(epilogue->registers);
    Blocked<T>(g, cut, part, epilogue, scratch).run();
  });
}

template <class T>
HWY_NOINLINE void multiply_column(const Gemm<T>& g) {
  Gemm<T> row = transposed(g, g.c);  // C as a row
  row.accumulate = g.accumulate, row.bias = g.bias;
  if (are_few_rows(row)) return multiply_few_rows(row, 0);
  multiply(g.bias == nullptr ? row : g, static_cast<const TileProgram<T>*>(nullptr));
}

template <class T>
HWY_NOINLINE void multiply_narrow(const Gemm<T>& g) {
  T* c = workspace<T, Panel::c>(static_cast<std::size_t>(g.m * g.n));
  multiply(transposed(g, c), static_cast<const TileProgram<T>*>(nullptr));
  pack(c, g.m, 1, g.n, g.n, g.m, g.c);
}

/// The full packs of columns, then the few behind them.
template <class T>
HWY_NOINLINE void multiply_in_two(const Gemm<T>& g, std::ptrdiff_t few) {
  Gemm<T> full = g, rest = g;
  full.n = g.n - few, rest.n = few;
  if (full.n != 0) multiply(full, static_cast<const TileProgram<T>*>(nullptr));
  rest.b += full.n * g.b_col, rest.c += full.n;
  if (g.bias != nullptr) rest.bias += full.n;
  T* columns = workspace<T, Panel::c>(static_cast<std::size_t>(g.m * few));
  if (g.a_col == 1) {
    multiply_along_depth(rest, columns, std::make_integer_sequence<int, kLanes<T> / 4>());
  } else {
    multiply(transposed(rest, columns), static_cast<const TileProgram<T>*>(nullptr));
  }
  put_columns(rest, columns);
}

template <class T>
HWY_NOINLINE void run(const Gemm<T>& g) {
  const TileProgram<T>* by_block = g.epilogue != nullptr && !epilogue_waits(g) ? g.epilogue : nullptr;
  if (by_block != nullptr) by_block->begin();
  if (g.m == 0 || g.n == 0) {  // nothing to multiply
  } else if (are_few_rows(g)) {
    multiply_few_rows(g, 1);
  } else if (g.n == 1 && g.c_row == 1) {
    multiply_column(g);
  } else if (by_block == nullptr && is_narrow(g)) {
    multiply_narrow(g);
  } else if (const std::ptrdiff_t few = few_last_columns(g); few != 0) {
    multiply_in_two(g, few);
  } else {
    multiply(g, by_block);
  }
  if (by_block != nullptr) {
    by_block->end();
  } else if (g.epilogue != nullptr) {
    g.epilogue->all(g.scratch);
  }
}

template <class T>
void run_quickly(const Gemm<T>& g) {
  if (!is_small(g)) return run(g);
  multiply_simple(g, rows_are_neighbours(g));
  if (g.epilogue != nullptr) g.epilogue->all(g.scratch);
}
GemmFn<float> function_f32() { return run_quickly<float>; }
GemmFn<double> function_f64() { return run_quickly<double>; }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(function_f32);
HWY_EXPORT(function_f64);
}  // namespace

template <>
GemmFn<float> gemm_function<float>() {
  return HWY_DYNAMIC_DISPATCH(function_f32)();
}
template <>
GemmFn<double> gemm_function<double>() {
  return HWY_DYNAMIC_DISPATCH(function_f64)();
}

}  // namespace wengert::kernels
#endif
