// NPY: any bytes; what is read, written and read again is the same.
#include "nn/data/npy.hpp"

#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reads_or_refuses(data, size, [](std::string_view bytes) {
    const nn::Array array = nn::parse_npy(bytes);
    fuzz::expect(nn::parse_npy(nn::npy_bytes(array)) == array);
  });
}
