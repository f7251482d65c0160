#include "nn/data/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "nn/data/csv.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using test::gzip;
using test::Scratch;
using test::ScratchFolder;

}  // namespace

TEST_CASE("a gzip file reads like the plain one, members one after the other") {
  const Scratch plain("1,2\n3,4\n"), packed(gzip("1,2\n") + gzip("3,4\n"));
  CHECK(read_file(packed.path) == "1,2\n3,4\n");
  CHECK(read_csv(packed.path) == read_csv(plain.path));
  CHECK(read_file(Scratch("").path).empty());
}

TEST_CASE("what cannot be read or written is named with the reason") {
  CHECK_THROWS_WITH_AS(read_file("/"), Contains("read_file: \"/\": Is a directory   at file_test.cpp:"), FileError);
  CHECK_THROWS_WITH_AS(write_file("/no/such/file", "x"),
                       Contains("write_file: \"/no/such/file\": No such file or directory   at file_test.cpp:"),
                       FileError);
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path / "taken");
  CHECK_THROWS_WITH_AS(write_file(folder.path / "taken", "x"), Contains("Is a directory"), FileError);
  CHECK(folder.names() == std::set<std::string>{"taken"});  // and nothing else is left behind
}

TEST_CASE("truncated and damaged gzip data are errors, not short tables") {
  std::string bytes;
  for (int i = 0; i < 20000; ++i) bytes += std::to_string(i * 7919 % 10007) + "\n";
  std::string packed = gzip(bytes);
  for (const std::size_t size : {packed.size() - 1, packed.size() - 8, packed.size() / 2, std::size_t{20}}) {
    CHECK_THROWS_WITH_AS(read_file(Scratch(packed.substr(0, size)).path), Contains("too early"), FileError);
  }
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  CHECK_THROWS_WITH_AS(read_file(Scratch(packed).path), Contains("damaged gzip data"), FileError);
}

TEST_CASE("unpacking stops at the limit") {
  const Scratch bomb(gzip(std::string(1 << 22, '0')));
  CHECK(std::filesystem::file_size(bomb.path) < 8192);
  CHECK_THROWS_WITH_AS(read_file(bomb.path, 1000), Contains("more than 1000 bytes"), FileError);
  CHECK(read_file(bomb.path, 1 << 22).size() == 1 << 22);
}

TEST_CASE("a file that is written holds the bytes, replaces the old ones and leaves nothing beside it") {
  const ScratchFolder folder;
  const std::string zeros("a\0b", 3);
  for (const std::string& bytes : {std::string(100000, 'x'), zeros, std::string()}) {
    write_file(folder.path / "file", bytes);
    CHECK(read_file(folder.path / "file") == bytes);
  }
  CHECK(folder.names() == std::set<std::string>{"file"});
}

TEST_CASE("threads that write one file leave one of their versions") {
  const ScratchFolder folder;
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    threads.emplace_back([&, letter] {
      for (int i = 0; i < 10; ++i) write_file(folder.path / "file", std::string(5000, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string bytes = read_file(folder.path / "file");
  CHECK(bytes == std::string(5000, bytes.at(0)));
  CHECK(folder.names() == std::set<std::string>{"file"});
}

TEST_CASE("what killed processes left beside a file goes when it is written again, and nothing else") {
  const ScratchFolder folder;
  const auto file = folder.path / "file";
  const std::set<std::string> others{"file.4711-0.tmp.old", "file.4711-.tmp", "file.a-0.tmp",
                                     "other.4711-0.tmp",    "file.4711-0",    "2file.4711-0.tmp"};
  for (const std::string& name : others) write_file(folder.path / name, "x");
  std::filesystem::create_directory(folder.path / "file.4711-2.tmp");
  write_file(folder.path / "file.4711-0.tmp", "left behind");

  int ready[2] = {};
  REQUIRE(::pipe(ready) == 0);
  const pid_t writer = ::fork();
  if (writer == 0) {  // at work, until it is killed
    const int number = ::open((folder.path / "file.4711-1.tmp").c_str(), O_WRONLY | O_CREAT, 0666);
    const bool locked = number >= 0 && ::flock(number, LOCK_EX) == 0;
    if (::write(ready[1], locked ? "y" : "n", 1) == 1) ::pause();
    ::_exit(1);
  }
  char answer = 'n';
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');

  std::set<std::string> expected = others;
  expected.insert({"file", "file.4711-1.tmp", "file.4711-2.tmp"});
  write_file(file, "1");
  CHECK(folder.names() == expected);
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
  write_file(file, "2");
  expected.erase("file.4711-1.tmp");
  CHECK(folder.names() == expected);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("processes that write one file do not take each other's new files for left ones") {
  const ScratchFolder folder;
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    try {
      for (int i = 0; i < 100; ++i) write_file(folder.path / "file", std::string(5000, 'x'));
    } catch (const FileError&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(folder.names() == std::set<std::string>{"file"});
}

}  // namespace wengert::nn
