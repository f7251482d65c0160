// Matrix products cut into blocks: panels of B that stay in or near L1, rows of A that stay in L2, tiles of C in
// registers, and the epilogue on each block of C just written.
//
// Included once per instruction set.

#if defined(WENGERT_KERNELS_GEMM_BLOCKED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WENGERT_KERNELS_GEMM_BLOCKED_INL_H_
#undef WENGERT_KERNELS_GEMM_BLOCKED_INL_H_
#else
#define WENGERT_KERNELS_GEMM_BLOCKED_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/gemm_beside-inl.h"
#include "autodiff/kernels/gemm_narrow-inl.h"
#include "autodiff/kernels/gemm_pack-inl.h"
#include "autodiff/kernels/gemm_small-inl.h"
#include "autodiff/kernels/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wengert::kernels::HWY_NAMESPACE {

constexpr std::ptrdiff_t ceil_divide(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }

/// Where part i of n begins among `count` things.
constexpr std::ptrdiff_t begin_of_part(std::ptrdiff_t count, std::ptrdiff_t i, std::ptrdiff_t n) {
  return n == 1 ? count * i : count * i / n;  // a division takes 4 ns, which matters for the smallest products
}

/// How C is cut. Tiles and slices decide which sums are formed, so they follow from the whole problem; threads then
/// take whole tiles.
template <class T>
struct Cut {
  bool neighbours, pack_a, pack_b;
  std::ptrdiff_t slices, bands;
  bool simple;  ///< A and B are read where they are, the depth and the rows of C are not cut

  explicit Cut(const Gemm<T>& g) {
    constexpr std::ptrdiff_t kHeight = 256;  // a packed block of A takes 512 KiB
    neighbours = rows_are_neighbours(g);
    // Packing pays only where long strides would miss the caches and the copy is used often enough; for 128 to 256 rows
    // and columns reading in place is 5 to 15 % faster, unless B comes from beyond L2.
    const bool wide = g.n * static_cast<std::ptrdiff_t>(sizeof(T)) >= 2048;
    const bool in_l2 = g.k * g.n * static_cast<std::ptrdiff_t>(sizeof(T)) <= 2 * kHalfL2;
    pack_a = (!neighbours && g.a_col != 1) || (wide && g.m > 8 * kTileRows);
    pack_b = g.b_col != 1 || (wide && g.m > (in_l2 ? 12 : 8) * kTileRows);
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

/// The tensors over C, itself apart, that an epilogue reads or writes: where they begin, and their row steps.
template <class T>
class Streams {
 public:
  Streams(const TileProgram<T>* epilogue, const T* c) {
    if (epilogue == nullptr) return;
    for (const Step<T>& step : epilogue->steps) {
      for (const Operand<T>& x : step.x) add(x, c);
      add(step.y, c), add(step.y2, c);
    }
  }
  /// Asks for what lies over a tile of `rows` rows that begins at (i, j).
  void ask(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t rows, Beside<T>& beside) const {
    for (std::size_t s = 0; s < count_; ++s) beside.ask(all_[s].at + i * all_[s].step + j, all_[s].step, rows);
  }

 private:
  void add(const Operand<T>& x, const T* c) {
    const bool over_c = x.place == Place::memory && x.row != 0 && x.col != 0;
    if (!over_c || x.data == c || count_ == all_.size()) return;
    for (std::size_t s = 0; s < count_; ++s) {
      if (all_[s].at == x.data) return;
    }
    all_[count_++] = {x.data, x.row, 0};
  }

  std::array<Ask<T>, 8> all_;
  std::size_t count_ = 0;
};

/// The product of one thread.
template <class T>
class Blocked {
 public:
  Blocked(const Gemm<T>& g, const Cut<T>& cut, const Part& part, const TileProgram<T>* epilogue, T* scratch)
      : g_(g), cut_(cut), part_(part), epilogue_(epilogue), scratch_(scratch), streams_(epilogue, g.c) {
    const auto room = [](std::ptrdiff_t elements) { return static_cast<std::size_t>(elements + N); };
    const std::ptrdiff_t depth = ceil_divide(g.k, cut.slices);
    if (cut.pack_a) packed_a_ = workspace<T, Panel::a>(room(ceil_divide(g.m, cut.bands) * depth));
    if (cut.pack_b || !kMasked) packed_b_ = workspace<T, Panel::b>(room(kWidth * depth));
    const std::ptrdiff_t panels = ceil_divide(g.n, kWidth);
    first_ = begin_of_part(panels, part.panel, part.panel_parts) * kWidth;
    end_ = std::min(g.n, begin_of_part(panels, part.panel + 1, part.panel_parts) * kWidth);
  }

  /// Nearly equal bands of rows, slices of depth, panels of columns.
  void run() {
    for (std::ptrdiff_t band = 0, i = 0, height; band < cut_.bands; ++band, i += height) {
      height = cut_.bands == 1 ? g_.m : (g_.m - i) / (cut_.bands - band);
      for (std::ptrdiff_t slice = 0, p = 0, depth; slice < cut_.slices; ++slice, p += depth) {
        depth = cut_.slices == 1 ? g_.k : (g_.k - p) / (cut_.slices - slice);
        const Block block{i, height, p, depth, slice == 0, slice + 1 == cut_.slices};
        for (std::ptrdiff_t j = first_; j < end_; j += kWidth) panel(block, j);
      }
    }
  }

 private:
  static constexpr std::ptrdiff_t N = kLanes<T>, kWidth = N * kTilePacks;
  /// Rows and depth of a block.
  struct Block {
    std::ptrdiff_t i, height, p, depth;
    bool first, last;  ///< slice
  };

  /// The columns of a block from j on, tile by tile.
  HWY_INLINE void panel(const Block& block, std::ptrdiff_t j) {
    const std::ptrdiff_t width = std::min(kWidth, g_.n - j), packs = (width + N - 1) / N, depth = block.depth;
    const Rows tiles(block.height, packs == 1 && !cut_.pack_a);
    const std::ptrdiff_t at_first = begin_of_part(tiles.tiles, part_.tile, part_.tile_parts);
    const std::ptrdiff_t at_end = begin_of_part(tiles.tiles, part_.tile + 1, part_.tile_parts);
    TileProduct<T> tile;
    tile.depth = depth;
    tile.tail = width - (packs - 1) * N;
    tile.b = g_.b + block.p * g_.b_row + j * g_.b_col;
    tile.b_step = g_.b_row;
    tile.c_row = g_.c_row;
    tile.accumulate = g_.accumulate || !block.first;
    tile.start = g_.bias != nullptr && block.first ? g_.bias + j : nullptr;
    tile.beside = &beside_;
    const T* next = tile.b + kWidth * g_.b_col;
    const std::ptrdiff_t next_width = cut_.pack_b ? std::min(kWidth, end_ - j - kWidth) : 0;
    const bool copies_b = cut_.pack_b && g_.b_col == 1 && can_copy(tiles.of(at_first), packs);
    beside_.copy_b = copies_b ? packed_b_ : nullptr;
    if (!copies_b && (cut_.pack_b || (!kMasked && tile.tail != N))) {
      pack(tile.b, g_.b_col, g_.b_row, width, packs * N, depth, packed_b_);
      tile.b = packed_b_;
      tile.b_step = packs * N;
    }
    std::ptrdiff_t i = block.i + tiles.begin(at_first), ready = i;  // rows from `ready` on wait for the epilogue
    for (std::ptrdiff_t at = at_first, rows; at < at_end; ++at, i += rows) {
      rows = tiles.of(at);
      place_a(tile, block, i, rows, packs, j == first_);
      beside_.count = 0;
      // What is packed next comes from L3 while this tile is multiplied, as does what the epilogue will read.
      if (cut_.pack_a && j == first_ && g_.a_col == 1 && at + 1 < at_end) {
        beside_.ask_rows(g_.a + (i + rows) * g_.a_row + block.p, g_.a_row, tiles.of(at + 1), depth, packs * N);
      }
      if (next_width > 0) ask_for_panel(next, next_width, depth, packs * N, at - at_first, at_end - at_first, copies_b);
      if (block.last) streams_.ask(i, j, rows, beside_);
      tile.c = g_.c + i * g_.c_row + j;
      const bool neighbours = cut_.neighbours || cut_.pack_a;
      const bool beside = can_ask(rows, packs) && !beside_.is_empty();
      (beside ? tile_kernel_beside<T>(neighbours, rows) : tile_kernel<T>(neighbours, rows, packs))(tile);
      if (beside_.copy_b != nullptr) {  // by the first tile
        tile.b = std::exchange(beside_.copy_b, nullptr);
        tile.b_step = packs * N;
      }
      // Tiles that fit into one block share a run of the epilogue.
      if (epilogue_ == nullptr || !block.last) continue;
      if (at + 1 == at_end || (i + rows + tiles.low + 1 - ready) * width > kTile<T>) {
        epilogue_->block(ready, i + rows - ready, j, width, scratch_);
        ready = i + rows;
      }
    }
  }

  /// Rows [i, i + rows) of A: where they are, or packed on their first use, by the tile itself if it can.
  HWY_INLINE void place_a(TileProduct<T>& tile, const Block& block, std::ptrdiff_t i, std::ptrdiff_t rows,
                          std::ptrdiff_t packs, bool first_use) {
    tile.a = g_.a + i * g_.a_row + block.p * g_.a_col;
    tile.a_step = cut_.neighbours ? g_.a_col : g_.a_row;
    beside_.copy_a = nullptr;
    if (!cut_.pack_a) return;
    T* panel = packed_a_ + (i - block.i) * block.depth;
    if (first_use && cut_.neighbours && can_copy(rows, packs)) {
      beside_.copy_a = panel;
      return;
    }
    if (first_use) pack(tile.a, g_.a_row, g_.a_col, rows, rows, block.depth, panel);
    tile.a = panel;
    tile.a_step = rows;
  }

  /// Asks for what tile `at` of `tiles` can bring to L2 of the next panel of B, `width` columns at b; a row of packs
  /// has `row` elements.
  void ask_for_panel(const T* b, std::ptrdiff_t width, std::ptrdiff_t depth, std::ptrdiff_t row, std::ptrdiff_t at,
                     std::ptrdiff_t tiles, bool copied) {
    // Few tiles with much to ask for: the end of each loop and each change of kernel are mispredicted.
    if (g_.b_row == 1) {
      const std::ptrdiff_t first = std::min(width, 4 * at), end = std::min(width, first + 4);
      beside_.ask_rows(b + first * g_.b_col, g_.b_col, end - first, depth, row);
    } else if (copied) {  // what is not at its head is asked for while it is copied
      if (at + 1 == tiles) beside_.ask(b, g_.b_row, std::min(depth, kAhead));
    } else if (at * kAhead < depth) {
      beside_.ask(b + at * kAhead * g_.b_row, g_.b_row, std::min(depth - at * kAhead, kAhead));
    }
  }

  const Gemm<T>& g_;
  const Cut<T>& cut_;
  Part part_;
  const TileProgram<T>* epilogue_;
  T* scratch_;
  Streams<T> streams_;
  Beside<T> beside_;
  T *packed_a_ = nullptr, *packed_b_ = nullptr;
  std::ptrdiff_t first_, end_;  ///< columns
};

}  // namespace wengert::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
