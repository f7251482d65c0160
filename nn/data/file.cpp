#include "nn/data/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
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
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
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

 private:
  int number_;
};

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

/// Waits for the lock that says a process is at work on this file; it ends with the process, however that ends.
/// Where files cannot be locked, nobody finds one without its writer, and nothing is removed.
void lock(const Descriptor& file) {
  while (::flock(file.number(), LOCK_EX) != 0 && errno == EINTR) {
  }
}

/// A file nobody else has, beside `path`, locked. `name` becomes its name.
Descriptor open_beside(const std::filesystem::path& path, std::string& name) {
  static std::atomic<unsigned> count{0};  // several threads may write
  for (;;) {
    name = fmt::format("{}.{}-{}.tmp", path.string(), ::getpid(), count++);
    Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file && (errno == EEXIST || errno == EINTR)) continue;
    if (!file) return file;
    lock(file);
    struct stat now {};
    // Between its birth and the lock it may have been taken for one that was left behind.
    if (::fstat(file.number(), &now) != 0 || now.st_nlink > 0) return file;
  }
}

/// Whether `name` is one of open_beside's for `file`: "model.safetensors.4711-0.tmp".
bool is_beside(std::string_view name, std::string_view file) {
  const auto number = [&] {
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    name.remove_prefix(digits);
    return digits > 0;
  };
  const auto word = [&](std::string_view text) {
    const bool there = name.starts_with(text);
    if (there) name.remove_prefix(text.size());
    return there;
  };
  return word(file) && word(".") && number() && word("-") && number() && word(".tmp") && name.empty();
}

/// Removes what killed processes left beside `path`. What cannot be removed stays.
void sweep_beside(const std::filesystem::path& path) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder_of(path), ignored), end; at != end; at.increment(ignored)) {
    if (!is_beside(at->path().filename().string(), path.filename().string())) continue;
    const Descriptor file(::open(at->path().c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(at->path().c_str());
  }
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
  sweep_beside(path);
  std::string name;
  const Descriptor file = open_beside(path, name);
  if (!file) throw origin.error("", std::generic_category().message(errno));
  // The bytes first, then the name: a name on the disk without its bytes is half a file. The lock is kept until then.
  if (!file.write(bytes) || !file.sync() || std::rename(name.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(name.c_str());
    throw origin.error("", std::generic_category().message(reason));
  }
  // Without this the name may be the old one after a power cut. Where folders cannot be synced, nothing is lost.
  const Descriptor directory(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) directory.sync();
}

void expect_writable(const Origin& origin) {
  const std::filesystem::path path = origin.file;
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) throw origin.error("", std::generic_category().message(EISDIR));
  std::string name;
  if (!open_beside(path, name)) throw origin.error("", std::generic_category().message(errno));
  ::unlink(name.c_str());
}

}  // namespace wengert::nn
