/// Owned memory for elements: 64-byte aligned, padded to whole cache lines, value semantics.
///
/// 1. `data()` is aligned to 64 bytes; the memory reaches to the next multiple of 64 bytes, and what lies behind the
///    last element may be read and written by whoever may do so to the elements.
/// 2. A copy copies the elements; a moved-from buffer is empty.
/// 3. From 2 MiB on the system is asked for huge pages (Linux, unless they are switched off).
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace wengert {

inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// Bytes that no process can have.
inline constexpr std::size_t kAddressable = std::size_t{1} << 48;

namespace internal {
/// Aligned to 64 bytes or, if a huge page or more, to one. Throws std::bad_alloc.
void* allocate(std::size_t bytes);
/// Frees what `allocate(bytes)` returned.
void release(void* memory, std::size_t bytes) noexcept;
}  // namespace internal

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  /// `size` elements of value zero.
  explicit Buffer(std::size_t size) : data_(allocate(size)), size_(size) {
    if (size != 0) std::memset(static_cast<void*>(data_), 0, bytes(size));
  }
  Buffer(const Buffer& other) : data_(allocate(other.size_)), size_(other.size_) {
    if (size_ != 0) std::memcpy(static_cast<void*>(data_), other.data_, bytes(size_));
  }
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) internal::release(data_, bytes(size_));
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static std::size_t bytes(std::size_t size) { return (size * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment; }
  static T* allocate(std::size_t size) {
    if (size == 0) return nullptr;
    if (size > kAddressable / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(internal::allocate(bytes(size)));
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace wengert
