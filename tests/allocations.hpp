// Counts allocations, and bytes that are held, by replacing the global operators: included by one file of a test
// program.
#pragma once

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
[[maybe_unused]] std::atomic<long> allocations{0}, live_bytes{0};
[[maybe_unused]] std::atomic<std::size_t> largest_allocation{0};  ///< in bytes

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  for (std::size_t seen = largest_allocation; size > seen && !largest_allocation.compare_exchange_weak(seen, size);) {
  }
  void* p = alignment > alignof(std::max_align_t)
                ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                : std::malloc(size == 0 ? 1 : size);
  if (p == nullptr) throw std::bad_alloc();
  live_bytes += static_cast<long>(malloc_usable_size(p));
  return p;
}
/// Not inlined: GCC would take free for the wrong way to give back what operator new has given.
[[gnu::noinline]] void released(void* p) {
  live_bytes -= static_cast<long>(malloc_usable_size(p));
  std::free(p);
}
}  // namespace

// NOLINTBEGIN: replacing the global operators is how the test counts
void* operator new(std::size_t size) { return counted(size, 0); }
void* operator new(std::size_t size, std::align_val_t a) { return counted(size, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { released(p); }
void operator delete(void* p, std::size_t) noexcept { released(p); }
void operator delete(void* p, std::align_val_t) noexcept { released(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { released(p); }
// NOLINTEND
