#include "autodiff/kernels/tile.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/kernels/threads.hpp"

namespace wengert::kernels {
namespace {

/// A home of so few blocks has the arguments of its instructions computed once, for all runs.
constexpr std::ptrdiff_t kBakedBlocks = 4;

/// Elements from plane 0 to the plane at `at`.
std::ptrdiff_t plane_offset(const std::int64_t* steps, const std::int64_t* at, std::size_t axes) {
  std::ptrdiff_t offset = 0;
  for (std::size_t axis = 0; axis < axes; ++axis) offset += at[axis] * steps[axis];
  return offset;
}

}  // namespace

template <class T>
T* scratch_of_thread(std::ptrdiff_t registers) {
  static thread_local Buffer<T> buffer;
  const auto size = static_cast<std::size_t>((registers + 1) * kScratch<T>);
  if (buffer.size() < size) buffer = Buffer<T>(size);
  return buffer.data();
}

template <class T>
std::size_t TileProgram<T>::room(const Start& start) {
  constexpr auto line = static_cast<std::size_t>(kMaxLanes<T>);
  return (start.size + line - 1) / line * line;
}

template <class T>
void TileProgram<T>::begin() const {
  for (const Start& start : init) std::fill_n(start.data, start.size, start.value);
  T* partial = const_cast<T*>(partial_.data());
  for (std::size_t c = 1; c < chunks_.size(); ++c) {
    for (const Start& start : init) {
      if (!start.shared) continue;
      std::fill_n(partial, start.size, start.value);
      partial += room(start);
    }
  }
}

template <class T>
void TileProgram<T>::end() const {
  for (const Start& start : init) {
    if (start.factor == 1) continue;
    for (std::size_t i = 0; i < start.size; ++i) {
      start.data[i] = static_cast<T>(static_cast<double>(start.data[i]) * start.factor);
    }
  }
}

template <class T>
void TileProgram<T>::bind(const Step<T>& step, const Block& at, T* scratch, Call<T>& call) const {
  const auto place = [&](const Operand<T>& operand, auto*& data, std::ptrdiff_t& stride) {
    data = operand.data;
    stride = operand.row;
    if (operand.place == Place::memory) {
      data += at.i * operand.row + at.j * operand.col;
      if (!outer.empty()) data += plane_offset(outer_steps.data() + operand.outer, at.plane, outer.size());
    } else if (operand.place == Place::scratch) {
      data = scratch + static_cast<std::ptrdiff_t>(operand.number) * kScratch<T>;
      stride = operand.col == 1 ? at.n : 1;
    }
  };
  call.rows = at.as_one_row ? 1 : at.m;
  call.cols = at.as_one_row ? at.m * at.n : at.n;
  place(step.y, call.y, call.y_stride);
  place(step.y2, call.y2, call.y2_stride);
  for (std::size_t k = 0; k < kOperands && step.x[k].place != Place::none; ++k) {
    const Operand<T>& x = step.x[k];
    place(x, call.x[k], call.stride[k]);
    call.how[k] = x.place == Place::constant ? How::splat : x.col == 1 ? How::advance : How::spread;
  }
  call.label = step.label != nullptr ? step.label + at.i : nullptr;
  call.factor = step.factor;
}

template <class T>
void TileProgram<T>::run_block(const std::vector<Step<T>>& with, const Block& at, T* scratch) const {
  Call<T> call;
  for (const Step<T>& step : with) {
    bind(step, at, scratch, call);
    step.run(call);
  }
}

template <class T>
void TileProgram<T>::block(std::ptrdiff_t i, std::ptrdiff_t m, std::ptrdiff_t j, std::ptrdiff_t n, T* scratch) const {
  constexpr std::array<std::int64_t, 6> origin{};
  run_block(steps, {i, m, j, n, origin.data(), flat && n == cols}, scratch);
}

template <class T>
typename TileProgram<T>::Blocks TileProgram<T>::blocks() const {
  Blocks b;
  // A flat home is one long row, so that its blocks are full whatever its shape.
  b.rows = flat ? 1 : rows, b.cols = flat ? rows * cols : cols;
  b.planes = 1;
  for (const std::int64_t extent : outer) b.planes *= extent;
  if (b.rows == 0 || b.cols == 0) return b;
  b.width = whole_rows ? b.cols : std::min(b.cols, kTile<T>);
  b.height = std::max<std::ptrdiff_t>(1, kTile<T> / b.width);
  b.down = (b.rows + b.height - 1) / b.height;
  b.across = (b.cols + b.width - 1) / b.width;
  return b;
}

template <class T>
void TileProgram<T>::run(const std::vector<Step<T>>& with, const Blocks& b, std::ptrdiff_t first, std::ptrdiff_t last,
                         T* scratch) const {
  if (first == last) return;
  std::array<std::int64_t, 6> at{};
  std::ptrdiff_t rest = first / (b.down * b.across);
  for (std::size_t axis = outer.size(); axis-- > 0; rest /= outer[axis]) at[axis] = rest % outer[axis];
  std::ptrdiff_t i = first / b.across % b.down * b.height, j = first % b.across * b.width;
  for (std::ptrdiff_t block = first; block < last; ++block) {
    const std::ptrdiff_t m = std::min(b.height, b.rows - i), n = std::min(b.width, b.cols - j);
    run_block(with, {i, m, j, n, at.data(), false}, scratch);
    j += b.width;
    if (j < b.cols) continue;
    j = 0, i += b.height;
    if (i < b.rows) continue;
    i = 0;
    for (std::size_t axis = outer.size(); axis > 0; --axis) {
      if (++at[axis - 1] < outer[axis - 1]) break;
      at[axis - 1] = 0;
    }
  }
}

template <class T>
void TileProgram<T>::all(T* scratch) const {
  begin();
  if (!baked_.empty()) {
    for (std::size_t k = 0; k < baked_.size();) {
      for (const Step<T>& step : steps) step.run(baked_[k++]);
    }
    return end();
  }
  const Blocks b = blocks();
  const std::ptrdiff_t count = b.count();
  constexpr double kNsPerElement = 0.1;  // of an average instruction
  const bool several = count > 1 && worth_sharing(kNsPerElement * static_cast<double>(b.rows * b.cols * b.planes) *
                                                  static_cast<double>(steps.size()));
  if (!chunks_.empty()) {
    const auto chunk = [&](std::size_t c, T* registers_of_thread) {
      run(c == 0 ? steps : chunks_[c].steps, b, chunks_[c].first, chunks_[c].last, registers_of_thread);
    };
    if (several) {
      share(chunks_.size(), [&](std::size_t c) { chunk(c, scratch_of_thread<T>(registers)); });
    } else {
      for (std::size_t c = 0; c < chunks_.size(); ++c) chunk(c, scratch);
    }
    join();
  } else if (several && init.empty()) {
    const std::ptrdiff_t parts = std::min<std::ptrdiff_t>(count, threads());
    share(static_cast<std::size_t>(parts), [&](std::size_t part) {
      const auto p = static_cast<std::ptrdiff_t>(part);
      run(steps, b, count * p / parts, count * (p + 1) / parts, scratch_of_thread<T>(registers));
    });
  } else {
    run(steps, b, 0, count, scratch);
  }
  end();
}

template <class T>
void TileProgram<T>::join() const {
  const T* partial = partial_.data();
  for (std::size_t c = 1; c < chunks_.size(); ++c) {
    for (const Start& start : init) {
      if (!start.shared) continue;
      for (std::size_t i = 0; i < start.size; ++i) {
        T& y = start.data[i];
        const T x = partial[i];
        if (start.join == Join::add) {
          y += x;
        } else if (std::isnan(x) || (start.join == Join::max ? x > y : x < y)) {  // a NaN in y stays
          y = x;
        }
      }
      partial += room(start);
    }
  }
}

template <class T>
bool TileProgram<T>::columns_are_independent() const {
  return std::ranges::all_of(init, [&](const Start& start) { return steps[start.step].y.col != 0; });
}

template <class T>
void TileProgram<T>::bake(T* scratch) {
  baked_.clear();
  chunks_.clear();
  const Blocks b = blocks();
  if (b.count() == 0) return;
  if (outer.empty() && b.count() <= kBakedBlocks) {
    constexpr std::array<std::int64_t, 6> origin{};
    baked_.reserve(static_cast<std::size_t>(b.count()) * steps.size());
    for (std::ptrdiff_t i = 0; i < b.rows; i += b.height) {
      for (std::ptrdiff_t j = 0; j < b.cols; j += b.width) {
        const Block at{i, std::min(b.height, b.rows - i), j, std::min(b.width, b.cols - j), origin.data(), false};
        for (const Step<T>& step : steps) bind(step, at, scratch, baked_.emplace_back());
      }
    }
    // Whole vectors instead of a masked tail: a masked store delays the load that follows it.
    const auto has_room = [](const Operand<T>& o) { return o.place != Place::memory || o.col == 0 || o.padded; };
    for (std::size_t k = 0; b.rows == 1 && k < baked_.size(); ++k) {
      const Step<T>& step = steps[k % steps.size()];
      if (!is_map(step.instruction) || !has_room(step.y) || !has_room(step.y2) ||
          !std::ranges::all_of(step.x, has_room)) {
        continue;
      }
      std::ptrdiff_t& length = baked_[k].cols;
      length = (length + kMaxLanes<T> - 1) / kMaxLanes<T> * kMaxLanes<T>;
    }
    return;
  }
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

template float* scratch_of_thread<float>(std::ptrdiff_t);
template double* scratch_of_thread<double>(std::ptrdiff_t);
template class TileProgram<float>;
template class TileProgram<double>;

}  // namespace wengert::kernels
