// Matrix product: which operands are packed, how C is cut into tiles, when the epilogue runs.
//
// 1. All of this follows from the shape and the strides of the whole problem, so results are the same run after run.
// 2. The depth is cut into slices of 1,536 bytes, so that a panel of B stays in L1; each element of C is summed
//    from the first slice to the last.
// 3. What a tile does beside multiplying (gemm_beside-inl.h) may follow from a thread's part: it changes no sum.
// 4. Packed panels live in buffers per thread and element type, which grow to the largest size seen and are freed with
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
#include "autodiff/kernels/gemm_pack-inl.h"
#include "autodiff/kernels/gemm_rows-inl.h"
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

constexpr std::ptrdiff_t kHalfL2 = 512 * 1024;  // bytes

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
    constexpr std::ptrdiff_t kDepth = 1536 / static_cast<std::ptrdiff_t>(sizeof(T));  // a panel of B takes 48 KiB
    constexpr std::ptrdiff_t kHeight = 512;                                           // a packed block of A 768 KiB
    neighbours = g.a_row == 1 && g.m > 1;
    // Packing pays only where long strides would miss the caches and the copy is used often enough; for 128 to 256 rows
    // and columns reading in place is 5 to 15 % faster.
    const bool wide = g.n * static_cast<std::ptrdiff_t>(sizeof(T)) >= 2048;
    pack_a = (!neighbours && g.a_col != 1) || (wide && g.m > 8 * kTileRows);
    pack_b = g.b_col != 1 || (wide && g.m > 12 * kTileRows);
    slices = g.k <= kDepth ? 1 : ceil_divide(g.k, kDepth);
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
  const auto& kernels = tile_kernels<T>(neighbours || pack_a);
  const auto& kernels_beside = tile_kernels_beside<T>(neighbours || pack_a);
  const Streams<T> streams(epilogue, g.c);
  Beside<T> beside;

  for (std::ptrdiff_t band = 0, i0 = 0, height; band < bands; ++band, i0 += height) {  // nearly equal bands of rows,
    height = bands == 1 ? g.m : (g.m - i0) / (bands - band);
    for (std::ptrdiff_t slice = 0, p0 = 0, depth; slice < slices; ++slice, p0 += depth) {  // slices of depth,
      depth = slices == 1 ? g.k : (g.k - p0) / (slices - slice);
      const Rows tiles(height);  // and tiles of rows
      const std::ptrdiff_t at_first = begin_of_part(tiles.tiles, part.tile, part.tile_parts);
      const std::ptrdiff_t at_end = begin_of_part(tiles.tiles, part.tile + 1, part.tile_parts);
      for (std::ptrdiff_t j = first; j < end; j += kWidth) {
        const std::ptrdiff_t width = std::min(kWidth, g.n - j), packs = (width + N - 1) / N;
        const std::ptrdiff_t tail = width - (packs - 1) * N;
        const T* b = g.b + p0 * g.b_row + j * g.b_col;
        const T* next = b + kWidth * g.b_col;
        const std::ptrdiff_t next_width = pack_b ? std::min(kWidth, end - j - kWidth) : 0;
        std::ptrdiff_t b_step = g.b_row;
        const T* start = g.bias != nullptr && slice == 0 ? g.bias + j : nullptr;
        const bool copies_b = pack_b && g.b_col == 1 && can_copy(tiles.of(at_first));
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
            if (j == first && neighbours && can_copy(rows)) {
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
          const TileKernel<T> kernel =
              can_ask(rows) && !beside.is_empty()
                  ? kernels_beside[static_cast<std::size_t>(packs - 1)][static_cast<std::size_t>(rows - kTileRows + 1)]
                  : kernels[static_cast<std::size_t>(packs - 1)][static_cast<std::size_t>(rows - 1)];
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

/// What multiply() does on one thread if there is nothing to pack and no epilogue by block: its 12 ns of preparation
/// are longer than the smallest products take.
template <class T>
void multiply_simple(const Gemm<T>& g, bool neighbours) {
  constexpr std::ptrdiff_t N = kLanes<T>, kWidth = N * kTilePacks;
  const auto& kernels = tile_kernels<T>(neighbours);
  const Rows rows(g.m);
  for (std::ptrdiff_t j = 0; j < g.n; j += kWidth) {
    const std::ptrdiff_t packs = g.n - j > N ? 2 : 1, tail = std::min(N, g.n - j - (packs - 1) * N);
    const T* bias = g.bias != nullptr ? g.bias + j : nullptr;
    for (std::ptrdiff_t at = 0, i = 0; at < rows.tiles; i += rows.of(at++)) {
      kernels[static_cast<std::size_t>(packs - 1)][static_cast<std::size_t>(rows.of(at) - 1)](
          {g.k, g.a + i * g.a_row, neighbours ? g.a_col : g.a_row, g.b + j, g.b_row, g.c + i * g.c_row + j, g.c_row,
           tail, g.accumulate, bias});
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

/// The same product with C, a column, as a row: C' = B' A'.
template <class T>
Gemm<T> as_row(Gemm<T> g) {
  std::swap(g.a, g.b);
  std::swap(g.m, g.n);
  g.a_col = std::exchange(g.b_row, g.a_col);
  g.b_col = std::exchange(g.a_row, 0);
  g.c_row = g.n;
  return g;
}

template <class T>
void multiply_column(const Gemm<T>& g) {
  const Gemm<T> row = as_row(g);
  if (are_few_rows(row)) return multiply_few_rows(row, 0);
  multiply(g.bias == nullptr ? row : g, static_cast<const TileProgram<T>*>(nullptr));
}

/// True if C is so narrow that C' = B' A' wastes fewer lanes, and A can be read as rows of packs: in a layer's gradient
/// of ten classes, two thirds of the multiplications. From beyond L2 the longer rows of A come slower.
template <class T>
bool is_narrow(const Gemm<T>& g) {
  constexpr std::ptrdiff_t N = kLanes<T>;
  const std::ptrdiff_t as_it_is = ceil_divide(g.n, N) * g.m, transposed = ceil_divide(g.m, N) * g.n;
  return g.a_row == 1 && g.n >= 4 && g.k >= 32 && 3 * as_it_is >= 4 * transposed && g.c_row == g.n &&
         g.bias == nullptr && !g.accumulate && g.m * g.k * static_cast<std::ptrdiff_t>(sizeof(T)) <= kHalfL2;
}

template <class T>
void multiply_narrow(const Gemm<T>& g) {
  Gemm<T> t;
  t.m = g.n, t.n = g.m, t.k = g.k;
  t.a = g.b, t.a_row = g.b_col, t.a_col = g.b_row;
  t.b = g.a, t.b_row = g.a_col, t.b_col = g.a_row;
  t.c = workspace<T, Panel::c>(static_cast<std::size_t>(g.m * g.n)), t.c_row = g.m;
  multiply(t, static_cast<const TileProgram<T>*>(nullptr));
  pack(t.c, g.m, 1, g.n, g.n, g.m, g.c);
}

template <class T>
void run(const Gemm<T>& g) {
  const TileProgram<T>* by_block = g.epilogue != nullptr && !epilogue_waits(g) ? g.epilogue : nullptr;
  if (by_block != nullptr) by_block->begin();
  if (g.m == 0 || g.n == 0) {  // nothing to multiply
  } else if (are_few_rows(g)) {
    multiply_few_rows(g, 1);
  } else if (g.n == 1 && g.c_row == 1) {
    multiply_column(g);
  } else if (by_block == nullptr && is_narrow(g)) {
    multiply_narrow(g);
  } else {
    multiply(g, by_block);
  }
  if (by_block != nullptr) {
    by_block->end();
  } else if (g.epilogue != nullptr) {
    g.epilogue->all(g.scratch);
  }
}
void gemm_f32(const Gemm<float>& problem) { run(problem); }
void gemm_f64(const Gemm<double>& problem) { run(problem); }

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
