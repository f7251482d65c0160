// Matrix product: which operands are packed, how C is cut into tiles, when the epilogue runs.
//
// 1. All of this follows from the shape and the strides of the whole problem, so results are the same run after run.
// 2. The depth is cut into slices of 1,536 bytes, so that a panel of B stays in L1; each element of C is summed
//    from the first slice to the last.
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
#include "autodiff/kernels/gemm_narrow-inl.h"
#include "autodiff/kernels/gemm_pack-inl.h"
#include "autodiff/kernels/gemm_rows-inl.h"
#include "autodiff/kernels/gemm_small-inl.h"
#include "autodiff/kernels/gemm_tile-inl.h"
#include "autodiff/kernels/threads.hpp"

#ifndef WENGERT_KERNELS_GEMM_CPP_ONCE
#define WENGERT_KERNELS_GEMM_CPP_ONCE
namespace wengert::kernels {
namespace {

enum class Panel { a, b, c };  // c: of C', where that is computed in its place

/// Memory of this thread for one packed operand; grows, never shrinks.
template <class T, Panel panel>
T* workspace(std::size_t size) {
  static thread_local Buffer<T> buffer;
  if (buffer.size() < size) buffer = Buffer<T>(size);
  return buffer.data();
}

constexpr std::ptrdiff_t ceil_divide(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }

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

/// Where part i of n begins among `count` things.
constexpr std::ptrdiff_t begin_of_part(std::ptrdiff_t count, std::ptrdiff_t i, std::ptrdiff_t n) {
  return n == 1 ? count * i : count * i / n;  // a division takes 4 ns, which matters for the smallest products
}

}  // namespace
}  // namespace wengert::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {
namespace {  // Local to this file: other families have tables of the same names

/// How C is cut. Tiles and slices decide which sums are formed, so they follow from the whole problem; threads then
/// take whole tiles.
template <class T>
struct Cut {
  bool neighbours, pack_a, pack_b;
  std::ptrdiff_t slices, bands;
  bool simple;  ///< A and B are read where they are, the depth and the rows of C are not cut

  explicit Cut(const Gemm<T>& g) {
    constexpr std::ptrdiff_t kHeight = 512;  // a packed block of A takes 768 KiB
    neighbours = rows_are_neighbours(g);
    // Packing pays only where long strides would miss the caches and the copy is used often enough; for 128 to 256 rows
    // and columns reading in place is 5 to 15 % faster.
    const bool wide = g.n * static_cast<std::ptrdiff_t>(sizeof(T)) >= 2048;
    pack_a = (!neighbours && g.a_col != 1) || (wide && g.m > 8 * kTileRows);
    pack_b = g.b_col != 1 || (wide && g.m > 12 * kTileRows);
    slices = g.k <= kSliceDepth<T> ? 1 : ceil_divide(g.k, kSliceDepth<T>);
    bands = g.m <= kHeight ? 1 : ceil_divide(g.m, kHeight);
    simple = slices == 1 && bands == 1 && !pack_a && !pack_b && (kMasked || g.n % kLanes<T> == 0);
  }
};

/// What one thread computes of C: a share of the tiles of each band, or of the panels of columns.
struct Part {
  std::ptrdiff_t tile = 0, tile_parts = 1;
  std::ptrdiff_t panel = 0, panel_parts = 1;
};

/// Asks for what tile `at` of `tiles` can bring to L2 of the next panel of B, `width` columns at b; a row of packs has
/// `row` elements.
template <class T>
void ask_for_panel(const Gemm<T>& g, const T* b, std::ptrdiff_t width, std::ptrdiff_t depth, std::ptrdiff_t row,
                   std::ptrdiff_t at, std::ptrdiff_t tiles, bool copied, Beside<T>& beside) {
  // Few tiles with much to ask for: the end of each loop and each change of kernel are mispredicted.
  if (g.b_row == 1) {
    const std::ptrdiff_t first = std::min(width, 4 * at), end = std::min(width, first + 4);
    beside.ask_rows(b + first * g.b_col, g.b_col, end - first, depth, row);
  } else if (copied) {  // what is not at its head is asked for while it is copied
    if (at + 1 == tiles) beside.ask(b, g.b_row, std::min(depth, kAhead));
  } else if (at * kAhead < depth) {
    beside.ask(b + at * kAhead * g.b_row, g.b_row, std::min(depth - at * kAhead, kAhead));
  }
}

template <class T>
void multiply(const Gemm<T>& g, const Cut<T>& cut, const Part& part, const TileProgram<T>* epilogue, T* scratch) {
  constexpr std::ptrdiff_t N = kLanes<T>, kWidth = N * kTilePacks;
  const auto [neighbours, pack_a, pack_b, slices, bands, simple] = cut;
  const std::ptrdiff_t panels = ceil_divide(g.n, kWidth);
  const std::ptrdiff_t first = begin_of_part(panels, part.panel, part.panel_parts) * kWidth;
  const std::ptrdiff_t end = std::min(g.n, begin_of_part(panels, part.panel + 1, part.panel_parts) * kWidth);
  const auto room = [](std::ptrdiff_t elements) { return static_cast<std::size_t>(elements + N); };
  T* packed_a = nullptr;
  T* packed_b = nullptr;
  if (pack_a) packed_a = workspace<T, Panel::a>(room(ceil_divide(g.m, bands) * ceil_divide(g.k, slices)));
  if (pack_b || !kMasked) packed_b = workspace<T, Panel::b>(room(kWidth * ceil_divide(g.k, slices)));
  const Streams<T> streams(epilogue, g.c);
  Beside<T> beside;

  for (std::ptrdiff_t band = 0, i0 = 0, height; band < bands; ++band, i0 += height) {  // nearly equal bands of rows,
    height = bands == 1 ? g.m : (g.m - i0) / (bands - band);
    for (std::ptrdiff_t slice = 0, p0 = 0, depth; slice < slices; ++slice, p0 += depth) {  // slices of depth,
      depth = slices == 1 ? g.k : (g.k - p0) / (slices - slice);
      for (std::ptrdiff_t j = first; j < end; j += kWidth) {
        const std::ptrdiff_t width = std::min(kWidth, g.n - j), packs = (width + N - 1) / N;
        const std::ptrdiff_t tail = width - (packs - 1) * N;
        const Rows tiles(height, packs == 1 && !pack_a);  // and tiles of rows
        const std::ptrdiff_t at_first = begin_of_part(tiles.tiles, part.tile, part.tile_parts);
        const std::ptrdiff_t at_end = begin_of_part(tiles.tiles, part.tile + 1, part.tile_parts);
        const T* b = g.b + p0 * g.b_row + j * g.b_col;
        const T* next = b + kWidth * g.b_col;
        const std::ptrdiff_t next_width = pack_b ? std::min(kWidth, end - j - kWidth) : 0;
        std::ptrdiff_t b_step = g.b_row;
        const T* start = g.bias != nullptr && slice == 0 ? g.bias + j : nullptr;
        const bool copies_b = pack_b && g.b_col == 1 && can_copy(tiles.of(at_first), packs);
        if (copies_b) {
          beside.copy_b = packed_b;
        } else if (pack_b || (!kMasked && tail != N)) {
          pack(b, g.b_col, g.b_row, width, packs * N, depth, packed_b);
          b = packed_b;
          b_step = packs * N;
        }
        const std::ptrdiff_t top = tiles.begin(at_first);
        std::ptrdiff_t ready = i0 + top;  // rows from here on wait for the epilogue
        for (std::ptrdiff_t at = at_first, r0 = top, rows; at < at_end; ++at, r0 += rows) {
          rows = tiles.of(at);
          const std::ptrdiff_t i = i0 + r0;
          const T* a = g.a + i * g.a_row + p0 * g.a_col;
          std::ptrdiff_t a_step = neighbours ? g.a_col : g.a_row;
          beside.copy_a = nullptr;
          if (pack_a) {
            T* panel = packed_a + r0 * depth;
            if (j == first && neighbours && can_copy(rows, packs)) {
              beside.copy_a = panel;
            } else {
              if (j == first) pack(a, g.a_row, g.a_col, rows, rows, depth, panel);
              a = panel;
              a_step = rows;
            }
          }
          beside.count = 0;
          // What is packed next comes from L3 while this tile is multiplied, as does what the epilogue will read.
          if (pack_a && j == first && g.a_col == 1 && at + 1 < at_end) {
            beside.ask_rows(g.a + (i + rows) * g.a_row + p0, g.a_row, tiles.of(at + 1), depth, packs * N);
          }
          if (next_width > 0) {
            ask_for_panel(g, next, next_width, depth, packs * N, at - at_first, at_end - at_first, copies_b, beside);
          }
          if (slice == slices - 1) streams.ask(i, j, rows, beside);
          const TileKernel<T> kernel = can_ask(rows, packs) && !beside.is_empty()
                                           ? tile_kernel_beside<T>(neighbours || pack_a, rows)
                                           : tile_kernel<T>(neighbours || pack_a, rows, packs);
          kernel({depth, a, a_step, b, b_step, g.c + i * g.c_row + j, g.c_row, tail, g.accumulate || slice > 0, start,
                  &beside});
          if (beside.copy_b != nullptr) {  // by the first tile
            b = std::exchange(beside.copy_b, nullptr);
            b_step = packs * N;
          }
          // Tiles that fit into one block share a run of the epilogue.
          if (epilogue == nullptr || slice != slices - 1) continue;
          if (at + 1 == at_end || (i + rows + tiles.low + 1 - ready) * width > kTile<T>) {
            epilogue->block(ready, i + rows - ready, j, width, scratch);
            ready = i + rows;
          }
        }
      }
    }
  }
}

template <class T>
void multiply(const Gemm<T>& g, const TileProgram<T>* epilogue) {
  const Cut<T> cut(g);
  constexpr double kNsPerSum = 0.02;  // of a product and an addition
  const double sums = static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
  if (!worth_sharing(kNsPerSum * sums)) {
    if (cut.simple && epilogue == nullptr) return multiply_simple(g, cut.neighbours);
    return multiply(g, cut, {}, epilogue, g.scratch);
  }
  // Each thread packs what it needs: cut the longer side, so that the shorter is packed twice. Sums of an epilogue go
  // down columns, which then must not be cut.
  const std::ptrdiff_t tiles = ceil_divide(g.m, kTileRows), panels = ceil_divide(g.n, kLanes<T> * kTilePacks);
  const bool by_columns = (epilogue != nullptr && !epilogue->init.empty()) || panels > tiles;
  const std::ptrdiff_t parts = std::min<std::ptrdiff_t>(threads(), by_columns ? panels : tiles);
  share(static_cast<std::size_t>(parts), [&](std::size_t p) {
    const auto i = static_cast<std::ptrdiff_t>(p);
    const Part part = by_columns ? Part{0, 1, i, parts} : Part{i, parts, 0, 1};
    T* scratch = epilogue == nullptr ? nullptr : scratch_of_thread<T>(epilogue->registers);
    multiply(g, cut, part, epilogue, scratch);
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
  } else if (by_block == nullptr && is_small(g)) {
    multiply_simple(g, rows_are_neighbours(g));
  } else {
    multiply(g, by_block);
  }
  if (by_block != nullptr) {
    by_block->end();
  } else if (g.epilogue != nullptr) {
    g.epilogue->all(g.scratch);
  }
}

/// The smallest products are done before all these questions are asked, which take a third of their time.
template <class T>
void run_quickly(const Gemm<T>& g) {
  if (is_small(g) && g.m * g.k <= 200 && g.m > 0 && g.n > 1 && g.epilogue == nullptr)
    return multiply_simple(g, rows_are_neighbours(g));
  run(g);
}

void gemm_f32(const Gemm<float>& problem) { run_quickly(problem); }
void gemm_f64(const Gemm<double>& problem) { run_quickly(problem); }

}  // namespace
}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wengert::kernels {
namespace {
HWY_EXPORT(gemm_f32);
HWY_EXPORT(gemm_f64);
}  // namespace

template <>
void gemm<float>(const Gemm<float>& problem) {
  HWY_DYNAMIC_DISPATCH(gemm_f32)(problem);
}
template <>
void gemm<double>(const Gemm<double>& problem) {
  HWY_DYNAMIC_DISPATCH(gemm_f64)(problem);
}

}  // namespace wengert::kernels
#endif
