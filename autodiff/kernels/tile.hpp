/// The contract between compiler and kernels: a tile program is what one fused group does to its elements.
///
/// 1. A group has a home, outer × rows × cols elements. It is run block by block; a block is some rows by some columns
///    of one outer plane and has at most `kTile` elements (or one row, where an instruction needs whole rows), so that
///    values living in scratch registers never leave the L1 cache.
/// 2. Instructions run in order, each over the whole block. An operand moves with the block by its strides; its column
///    stride is 0 or 1.
/// 3. A result may be written over an operand of the same instruction if both have the same strides.
/// 4. Reductions add to what stands in their result; the unit sets it first (`TileProgram::init`).
/// 5. A large home is cut into chunks of blocks, by its shape alone. Reductions that several chunks share have a
///    partial result for each, joined in order at the end: so the bits do not depend on how many threads run the
///    chunks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "autodiff/kernels/function.hpp"
#include "autodiff/tensor/buffer.hpp"

namespace wengert::kernels {

/// How the operand of one call moves along a row.
enum class How : std::uint8_t {
  advance,  ///< contiguous elements
  splat,    ///< one full SIMD vector of equal elements, the same for all rows
  spread,   ///< one element per row (or for all rows, stride 0), to be spread over the row
};

/// One instruction applied to one block. Bound afresh for every block, hence without default values.
template <class T>
struct Call {
  std::ptrdiff_t rows, cols;
  T* y;  ///< first result: row r starts at y + r * y_stride. Reductions: see Layout
  std::ptrdiff_t y_stride;
  T* y2;  ///< second result of instructions that have two
  std::ptrdiff_t y2_stride;
  std::array<const T*, kOperands> x;
  std::array<std::ptrdiff_t, kOperands> stride;  ///< row strides of x
  std::array<How, kOperands> how;
  const std::int64_t* label;  ///< one class index per row, for cross entropy
  T factor;                   ///< of a sum
};

/// Applies one instruction to one block.
template <class T>
using TileFn = void (*)(const Call<T>&);

/// The function that runs `instruction` on the best instruction set of this machine.
template <class T>
TileFn<T> tile(Instruction instruction);

/// Elements of a block: one scratch register of 4 KiB, so that several stay inside L1.
template <class T>
inline constexpr std::ptrdiff_t kTile = 4096 / static_cast<std::ptrdiff_t>(sizeof(T));

/// Elements of the widest SIMD vector of any instruction set (AVX-512); a constant operand holds that many copies.
template <class T>
inline constexpr std::ptrdiff_t kMaxLanes = 64 / static_cast<std::ptrdiff_t>(sizeof(T));

/// Where an operand lives.
enum class Place : std::uint8_t {
  none,
  memory,    ///< at `data`, moving by its strides
  constant,  ///< `kMaxLanes` copies of a number at `data`
  scratch,   ///< register `number`, one element per element of the block (col = 1) or per row (col = 0)
};

template <class T>
struct Operand {
  T* data = nullptr;
  std::ptrdiff_t row = 0;    ///< element steps per row
  std::uint32_t number = 0;  ///< of the scratch register
  std::uint32_t outer = 0;   ///< memory: where its steps along the outer axes begin in TileProgram::outer_steps
  Place place = Place::none;
  std::uint8_t col = 0;  ///< element steps per column, 0 or 1
  bool padded = false;   ///< memory: all of a value, with room behind it up to a whole vector
};

template <class T>
struct Step {
  TileFn<T> run = nullptr;
  Instruction instruction{};
  Operand<T> y, y2;
  std::array<Operand<T>, kOperands> x{};
  const std::int64_t* label = nullptr;  ///< class indices, one per row of the home (rank ≤ 2, no outer axes)
  T factor = 1;
};

/// How partial results of a reduction become one.
enum class Join : std::uint8_t { add, max, min };

template <class T>
class TileProgram {
 public:
  std::vector<Step<T>> steps;
  std::vector<std::int64_t> outer;        ///< extents of the outer axes; empty for a matrix
  std::vector<std::int64_t> outer_steps;  ///< element steps along them, of each operand in memory
  std::ptrdiff_t rows = 0, cols = 0;      ///< of one plane
  bool flat = false;                      ///< every operand is contiguous or constant: all() sees one long row
  bool whole_rows = false;                ///< an instruction needs complete rows
  std::ptrdiff_t streams = 0;             ///< distinct tensors in memory that a pass reads or writes
  /// What a reduction starts from, and how partial results are joined.
  struct Start {
    T* data;
    std::size_t size;
    T value;
    double factor = 1;     ///< what end() multiplies the result by: rounding once is better than once a block
    std::size_t step = 0;  ///< its instruction
    Join join = Join::add;
    bool shared = true;  ///< several chunks contribute to the same elements
  };
  std::vector<Start> init;
  std::ptrdiff_t registers = 0;  ///< scratch registers in use

  /// Sets what reductions start from. Call once before blocks are run.
  void begin() const;
  /// Scales what reductions have summed. Call once after the last block.
  void end() const;
  /// Runs one block of plane 0: rows [i, i + m), columns [j, j + n), with m * n ≤ kTile unless no step uses scratch.
  /// `scratch` has `registers * kScratch<T>` elements.
  void block(std::ptrdiff_t i, std::ptrdiff_t m, std::ptrdiff_t j, std::ptrdiff_t n, T* scratch) const;
  /// begin(), every block, end(); on several threads where that pays.
  void all(T* scratch) const;
  /// Prepares all(): cuts the home into chunks; if they are few, computes the arguments once. Call when nothing
  /// changes any more.
  void bake(T* scratch);
  /// True if columns can be run by different threads: no reduction gathers across columns.
  bool columns_are_independent() const;

 private:
  /// The blocks of all planes, in order: rows first, then planes.
  struct Blocks {
    std::ptrdiff_t rows = 0, cols = 0;                ///< of a plane, as one long row if flat
    std::ptrdiff_t height = 0, width = 0;             ///< of a block
    std::ptrdiff_t down = 0, across = 0, planes = 0;  ///< blocks in a plane, and planes
    std::ptrdiff_t count() const { return down * across * planes; }
  };
  Blocks blocks() const;
  /// Rows [i, i + m), columns [j, j + n) of one plane, given by its indices.
  struct Block {
    std::ptrdiff_t i, m, j, n;
    const std::int64_t* plane;
    bool as_one_row;  ///< all that rows and columns say is that there are m n elements
  };
  void bind(const Step<T>& step, const Block& at, T* scratch, Call<T>& call) const;
  /// Binds the steps to a block and runs them.
  void run_block(const std::vector<Step<T>>& with, const Block& at, T* scratch) const;
  class Moving;
  /// Runs blocks [first, last); results of `with` in the place of those of TileProgram::steps.
  void run(const std::vector<Step<T>>& with, const Blocks& b, std::ptrdiff_t first, std::ptrdiff_t last,
           T* scratch) const;
  void bake_calls(const Blocks& b, T* scratch);
  void bake_chunks(const Blocks& b);
  void join() const;
  /// Elements of a partial result, up to a whole number of vectors.
  static std::size_t room(const Start& start);

  struct Baked {
    TileFn<T> run;
    Call<T> call;
  };
  std::vector<Baked> baked_;  ///< what a small home runs, from first to last; empty for a large one
  struct Chunk {
    std::ptrdiff_t first, last;
    std::vector<Step<T>> steps;  ///< with partial results of its own; those of the first chunk are the results
  };
  std::vector<Chunk> chunks_;  ///< empty unless a reduction is shared between chunks
  Buffer<T> partial_;
};

/// Distance of two scratch registers: a tile and one vector, so that a store past the tail stays inside.
template <class T>
inline constexpr std::ptrdiff_t kScratch = kTile<T> + kMaxLanes<T>;

/// Scratch registers of the calling thread; they grow and never shrink.
template <class T>
T* scratch_of_thread(std::ptrdiff_t registers);

extern template class TileProgram<float>;
extern template class TileProgram<double>;

}  // namespace wengert::kernels
