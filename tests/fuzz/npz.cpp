// NPZ: any bytes; what is read, written and read again is the same.
#include "nn/data/npz.hpp"

#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reads_or_refuses(data, size, [](std::string_view bytes) {
    const nn::Arrays arrays = nn::parse_npz(bytes);
    fuzz::expect(nn::parse_npz(nn::npz_bytes(arrays)) == arrays);
  });
}
