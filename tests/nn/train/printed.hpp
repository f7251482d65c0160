/// What is written to the standard output, while it is a file or a terminal.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/nn/scratch.hpp"

namespace wengert::test {

/// Runs f with the standard output in `to`, which is closed.
template <class F>
void redirected(int to, F f) {
  if (to < 0) throw std::runtime_error("nothing to redirect to");
  std::fflush(stdout);
  const int before = ::dup(STDOUT_FILENO);
  ::dup2(to, STDOUT_FILENO);
  ::close(to);
  f();
  std::fflush(stdout);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
}

/// What f writes into a file.
template <class F>
std::string printed(F f) {
  const Scratch file("");
  redirected(::open(file.path.c_str(), O_WRONLY), f);
  std::ifstream in(file.path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What f writes to a terminal, no more than it holds unread (4,096 bytes).
template <class F>
std::string shown(F f) {
  const int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (screen < 0 || ::grantpt(screen) != 0 || ::unlockpt(screen) != 0) throw std::runtime_error("no terminal");
  redirected(::open(::ptsname(screen), O_WRONLY | O_NOCTTY), f);
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = ::read(screen, part.data(), part.size())) > 0;) text.append(part.data(), std::size_t(n));
  ::close(screen);
  return text;
}

}  // namespace wengert::test
