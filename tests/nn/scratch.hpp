/// Files that are gone with their owner.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace wengert::test {

inline std::filesystem::path scratch_path() {
  static std::atomic<int> count{0};
  return std::filesystem::temp_directory_path() /
         ("wengert_test_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
}

class Scratch {
 public:
  explicit Scratch(const std::string& bytes) : path(scratch_path()) { std::ofstream(path, std::ios::binary) << bytes; }
  ~Scratch() { std::filesystem::remove(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path path;
};

class ScratchFolder {
 public:
  ScratchFolder() : path(scratch_path()) { std::filesystem::create_directory(path); }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path)) out.insert(entry.path().filename());
    return out;
  }
  std::filesystem::path path;
};

inline std::string gzip(const std::string& bytes) {
  const Scratch scratch("");
  gzFile file = gzopen(scratch.path.c_str(), "wb9");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream in(scratch.path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace wengert::test
