// IDX: any bytes.
#include "nn/data/idx.hpp"

#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reads_or_refuses(data, size, [](std::string_view bytes) { nn::parse_idx(bytes); });
}
