#include "autodiff/tensor/error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace wengert {

std::string to_string(Source where) {
  std::string_view file = where.file();
  if (const auto slash = file.find_last_of("/\\"); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return fmt::format("{}:{}", file, where.line());
}

std::string locate(std::string_view operation, const std::string& fact, Source where) {
  std::string text = fmt::format("{}: {}", operation, fact);
  if (where.line() != 0) text += fmt::format("   at {}", to_string(where));
  return text;
}

}  // namespace wengert
