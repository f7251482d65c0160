/// Memory that notices who reads or writes beside it.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace wengert::kernels {

/// Elements right before a page that nobody may touch: one element too far is a fault, for reads as well. Before them
/// stand marks; `intact()` says whether they still do.
///
/// A mark has all bits set, which is NaN to a number: who calculates with a mark spoils the result. The elements are
/// marks, too, until they are written.
template <class T>
class Fenced {
 public:
  explicit Fenced(std::size_t size)
      : size_(size), memory_(map(size), Unmap{bytes(size)}), data_(last(memory_.get() + bytes(size)) - size) {}
  template <class Container>
  static Fenced of(const Container& values) {
    Fenced fenced(values.size());
    std::copy(values.begin(), values.end(), fenced.data());
    return fenced;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  bool intact() const { return marks(memory_.get(), reinterpret_cast<const std::byte*>(data_)); }
  /// Whether nothing has been written to element i.
  bool untouched(std::size_t i) const {
    const auto* first = reinterpret_cast<const std::byte*>(data_ + i);
    return marks(first, first + sizeof(T));
  }

 private:
  static constexpr std::byte kMark{0xFF};
  struct Unmap {
    std::size_t size;
    void operator()(std::byte* memory) const { munmap(memory, size + page()); }
  };

  static std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }
  /// Whole pages for the elements and at least 64 bytes of marks.
  static std::size_t bytes(std::size_t size) { return (size * sizeof(T) + 64 + page() - 1) / page() * page(); }
  static std::byte* map(std::size_t size) {
    const std::size_t ours = bytes(size);
    void* memory = mmap(nullptr, ours + page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, ours, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    return static_cast<std::byte*>(std::memset(memory, std::to_integer<int>(kMark), ours));
  }
  static T* last(std::byte* end) { return reinterpret_cast<T*>(end); }
  static bool marks(const std::byte* first, const std::byte* end) {
    return std::all_of(first, end, [](std::byte b) { return b == kMark; });
  }

  std::size_t size_;
  std::unique_ptr<std::byte, Unmap> memory_;
  T* data_;
};

}  // namespace wengert::kernels
