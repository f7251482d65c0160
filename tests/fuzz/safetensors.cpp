// safetensors: any bytes; what is read, written and read again is the same.
#include "nn/data/safetensors.hpp"

#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::reads_or_refuses(data, size, [](std::string_view bytes) {
    const nn::Safetensors content = nn::parse_safetensors(bytes);
    const nn::Safetensors back = nn::parse_safetensors(nn::safetensors_bytes(content));
    fuzz::expect(back.tensors == content.tensors && back.metadata == content.metadata);
  });
}
