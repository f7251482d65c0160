#include "autodiff/tensor/buffer.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace wengert::internal {

namespace {

std::align_val_t alignment(std::size_t bytes) { return std::align_val_t(bytes < kHugePage ? kAlignment : kHugePage); }

}  // namespace

void* allocate(std::size_t bytes) {
  void* memory = ::operator new(bytes, alignment(bytes));
#ifdef __linux__
  // Rows of a matrix that lie pages apart miss the translation cache otherwise. Only advice: its failure is none of
  // ours.
  if (bytes >= kHugePage) static_cast<void>(madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE));
#endif
  return memory;
}

void release(void* memory, std::size_t bytes) noexcept { ::operator delete(memory, alignment(bytes)); }

}  // namespace wengert::internal
