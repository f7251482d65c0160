#include "nn/data/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

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

/// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  explicit operator bool() const { return number_ >= 0; }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ::write(number_, bytes.data(), bytes.size());
      if (done < 0 && errno != EINTR) return false;
      if (done > 0) bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }
  bool sync() const { return ::fsync(number_) == 0; }
  /// Some file systems report a failed write only here.
  bool close() {
    const int number = std::exchange(number_, -1);
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

/// A file nobody else has, beside `path`. `name` becomes its name.
int open_beside(const std::filesystem::path& path, std::string& name) {
  static std::atomic<unsigned> count{0};  // several threads may write
  int number = -1;
  do {
    name = fmt::format("{}.{}-{}.tmp", path.string(), ::getpid(), count++);
    number = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (number < 0 && (errno == EEXIST || errno == EINTR));
  return number;
}

}  // namespace

FileError Origin::error(const std::string& place, const std::string& fact) const {
  std::string from = operation;
  if (!file.empty()) from += fmt::format(": \"{}\"", file);
  if (!place.empty()) from.append(file.empty() ? ": " : " ").append(place);
  return FileError(locate(from, fact, where));
}

std::string read_file(const std::filesystem::path& path, std::size_t limit, Source where) {
  return read_file(Origin{"read_file", path.string(), where}, limit);
}

std::string read_file(const Origin& origin, std::size_t limit) {
  const auto fail = [&](const std::string& reason) { return origin.error("", reason); };
  errno = 0;
  const std::unique_ptr<gzFile_s, Close> file(gzopen(origin.file.c_str(), "rb"));
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

void write_file(const std::filesystem::path& path, std::string_view bytes, Source where) {
  write_file(Origin{"write_file", path.string(), where}, bytes);
}

void write_file(const Origin& origin, std::string_view bytes) {
  const std::filesystem::path path = origin.file;
  std::string name;
  Descriptor file(open_beside(path, name));
  if (!file) throw origin.error("", std::generic_category().message(errno));
  // The bytes first, then the name: a name on the disk without its bytes is half a file.
  if (!file.write(bytes) || !file.sync() || !file.close() || std::rename(name.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(name.c_str());
    throw origin.error("", std::generic_category().message(reason));
  }
  // Without this the name may be the old one after a power cut. Where folders cannot be synced, nothing is lost.
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) directory.sync();
}

}  // namespace wengert::nn
