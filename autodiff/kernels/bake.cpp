// What a tile program prepares for all its runs: the calls of a small home, the chunks of a large one.
#include <algorithm>
#include <array>

#include "autodiff/kernels/tile.hpp"

namespace wengert::kernels {
namespace {

/// A home of so few blocks has the arguments of its instructions computed once, for all runs.
constexpr std::ptrdiff_t kBakedBlocks = 4;

/// Makes one long row of a call whose rows continue each other in every operand, and of a column: `map` would do so at
/// every run.
template <class T>
void join_rows(const Step<T>& step, Call<T>& call) {
  const auto continues = [&](const Operand<T>& o, std::ptrdiff_t stride) {
    return o.place == Place::none || stride == call.cols;
  };
  bool joined = continues(step.y, call.y_stride) && continues(step.y2, call.y2_stride);
  std::array<How, kOperands> how = call.how;
  for (std::size_t k = 0; k < kOperands && step.x[k].place != Place::none; ++k) {
    if (how[k] != How::advance && call.stride[k] == 0) continue;  // the same for all rows
    if (how[k] == How::spread && call.cols == 1) how[k] = How::advance;
    joined = joined && how[k] == How::advance && call.stride[k] == call.cols;
  }
  if (!joined) return;
  call.how = how;
  call.cols *= call.rows;
  call.rows = 1;
}

/// True if a row may be read and written up to a whole vector: a masked store delays the load that follows it.
template <class T>
bool has_room(const Step<T>& step, const Call<T>& call) {
  const auto room = [](const Operand<T>& o) { return o.place != Place::memory || o.padded; };
  bool all = room(step.y) && room(step.y2);
  for (std::size_t k = 0; k < kOperands && step.x[k].place != Place::none; ++k) {
    all = all && (call.how[k] != How::advance || room(step.x[k]));
  }
  return all;
}

}  // namespace

template <class T>
void TileProgram<T>::bake(T* scratch) {
  baked_.clear();
  chunks_.clear();
  const Blocks b = blocks();
  if (b.count() == 0) return;
  if (outer.empty() && b.count() <= kBakedBlocks) {
    bake_calls(b, scratch);
  } else {
    bake_chunks(b);
  }
}

template <class T>
void TileProgram<T>::bake_calls(const Blocks& b, T* scratch) {
  constexpr std::array<std::int64_t, 6> origin{};
  baked_.reserve(static_cast<std::size_t>(b.count()) * steps.size());
  for (std::ptrdiff_t i = 0; i < b.rows; i += b.height) {
    for (std::ptrdiff_t j = 0; j < b.cols; j += b.width) {
      const Block at{i, std::min(b.height, b.rows - i), j, std::min(b.width, b.cols - j), origin.data(), false};
      for (const Step<T>& step : steps) {
        Call<T>& call = baked_.emplace_back(Baked{step.run, {}}).call;
        bind(step, at, scratch, call);
        if (!is_map(step.instruction)) continue;
        join_rows(step, call);
        // What is behind the end of a row is nothing, or the next block, and that is computed afterwards.
        if (call.rows == 1 && (b.rows == 1 || b.count() == 1) && has_room(step, call)) {
          call.cols = (call.cols + kMaxLanes<T> - 1) / kMaxLanes<T> * kMaxLanes<T>;
        }
      }
    }
  }
}

template <class T>
void TileProgram<T>::bake_chunks(const Blocks& b) {
  // As many chunks as keep 16 threads busy, of at least 16 blocks each. What is reduced over planes stays in one.
  const std::ptrdiff_t chunks = std::min<std::ptrdiff_t>(16, b.down / std::max<std::ptrdiff_t>(1, 16 / b.across));
  const std::ptrdiff_t flat_chunks = std::min<std::ptrdiff_t>(16, b.across / 16);
  const std::ptrdiff_t n = flat ? flat_chunks : chunks;
  if (init.empty() || !outer.empty() || n < 2) return;
  std::size_t size = 0;
  for (Start& start : init) {
    start.shared = steps[start.step].y.row == 0;  // else each row has its own result, and chunks are cut between rows
    if (start.shared) size += room(start);
  }
  partial_ = Buffer<T>(size * static_cast<std::size_t>(n - 1));
  T* partial = partial_.data();
  for (std::ptrdiff_t c = 0; c < n; ++c) {
    Chunk chunk;
    const std::ptrdiff_t lines = flat ? b.across : b.down, each = flat ? 1 : b.across;
    chunk.first = lines * c / n * each, chunk.last = lines * (c + 1) / n * each;
    if (c > 0) {
      chunk.steps = steps;
      for (const Start& start : init) {
        if (!start.shared) continue;
        chunk.steps[start.step].y.data = partial;
        partial += room(start);
      }
    }
    chunks_.push_back(std::move(chunk));
  }
}

#define INSTANTIATE(T)                                                         \
  template void TileProgram<T>::bake(T*);                                      \
  template void TileProgram<T>::bake_calls(const TileProgram<T>::Blocks&, T*); \
  template void TileProgram<T>::bake_chunks(const TileProgram<T>::Blocks&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::kernels
