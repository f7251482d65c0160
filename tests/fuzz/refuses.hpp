/// What each harness asks of a reader: any bytes are read or refused with FileError; nothing else is thrown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "autodiff/tensor/error.hpp"

namespace wengert::fuzz {

template <class Read>
int reads_or_refuses(const std::uint8_t* data, std::size_t size, Read read) {
  try {
    read(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const FileError&) {
  }
  return 0;
}

inline void expect(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace wengert::fuzz
