// Files that may be gzip: any bytes, and a limit that holds.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "nn/data/file.hpp"
#include "tests/fuzz/refuses.hpp"

using namespace wengert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 1 << 16;
  static const int file = memfd_create("gzip", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  fuzz::expect(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  return fuzz::reads_or_refuses(data, size, [&](std::string_view bytes) {
    const std::string content = nn::read_file(path, limit);
    fuzz::expect(content.size() <= limit);
    if (!bytes.starts_with("\x1f\x8b")) fuzz::expect(content == bytes);
  });
}
