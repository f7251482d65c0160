#include "nn/data/file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {

namespace {

struct Close {
  void operator()(gzFile file) const { gzclose_r(file); }
};

std::string reason_of(gzFile file) {
  const int system = errno;
  int code = Z_OK;
  const char* text = gzerror(file, &code);
  if (code == Z_ERRNO) return std::generic_category().message(system);
  if (code == Z_BUF_ERROR) return "the gzip data end too early";
  return fmt::format("damaged gzip data ({})", text);
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t limit, Source where) {
  const auto fail = [&](const std::string& reason) -> FileError {
    return FileError(locate("read_file", fmt::format("\"{}\": {}", path.string(), reason), where));
  };
  errno = 0;
  const std::unique_ptr<gzFile_s, Close> file(gzopen(path.c_str(), "rb"));
  if (!file) throw fail(std::generic_category().message(errno != 0 ? errno : ENOMEM));

  std::string bytes;
  std::array<char, 1 << 16> chunk;
  for (;;) {
    errno = 0;
    const int got = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    if (got < 0) throw fail(reason_of(file.get()));
    if (got == 0) break;
    const auto count = static_cast<std::size_t>(got);
    if (count > limit - bytes.size()) throw fail(fmt::format("more than {} bytes", limit));
    bytes.append(chunk.data(), count);
  }
  int code = Z_OK;
  gzerror(file.get(), &code);
  if (code != Z_OK) throw fail(reason_of(file.get()));  // a truncated stream ends like a whole one, but for its code
  return bytes;
}

}  // namespace wengert::nn
