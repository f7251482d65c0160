// docs/tape.md opens with the dump of a real tape, and this writes it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "autodiff/autodiff.hpp"

using namespace wengert;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The page from its first heading to the heading "## What you see".
std::string opening() {
  Tape<double> tape;
  const auto x = tape.leaf({0.5, 1.0, 2.0});
  const auto w = tape.leaf(3.0);
  const auto u = w * x;
  const auto a = tanh(u);
  const auto y = sum(a);
  const std::string before = to_string(tape);
  gradient(y, x);
  return "# The tape\n\nFive lines of a program, and the six nodes they record:\n\n"
         "```cpp\n"
         "const auto x = tape.leaf({0.5, 1.0, 2.0});\n"
         "const auto w = tape.leaf(3.0);\n"
         "const auto u = w * x;\n"
         "const auto a = tanh(u);\n"
         "const auto y = sum(a);\n"
         "```\n\n```\n" +
         before + "```\n\nAfter `gradient(y, x)` the same tape goes on:\n\n```\n" + to_string(tape) + "```\n\n";
}

}  // namespace

TEST_CASE("docs/tape.md opens with the dump of a real tape (WENGERT_UPDATE_DOCS=1 rewrites it)") {
  const std::string path = WENGERT_SOURCE_DIR "/docs/tape.md", page = read(path), rest = "## What you see";
  const auto end = page.find(rest);
  REQUIRE(end != std::string::npos);
  if (std::getenv("WENGERT_UPDATE_DOCS") != nullptr) {
    std::ofstream(path) << opening() << page.substr(end);
    return;
  }
  CHECK(page.substr(0, end) == opening());
}

TEST_CASE("the code block of the README is examples/01_derivative.cpp") {
  const std::string readme = read(WENGERT_SOURCE_DIR "/README.md");
  const std::string example = read(WENGERT_SOURCE_DIR "/examples/01_derivative.cpp");
  const std::string open = "```cpp\n";
  const auto start = readme.find(open) + open.size();
  CHECK(readme.substr(start, readme.find("```", start) - start) == example);
}
