#include "nn/snapshot/notes.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <type_traits>

namespace wengert::nn {

void expect_notes(const Metadata& notes, const Metadata& required, const Origin& origin) {
  for (const auto& [name, text] : required) {
    const auto found = notes.find(name);
    if (found == notes.end()) throw origin.error(name, "the file does not say it");
    if (found->second == text) continue;
    throw origin.error(name, fmt::format(R"(it is "{}" in the file, "{}" is wanted)", found->second, text));
  }
}

template <class N>
N note(const Metadata& notes, const std::string& name, const Origin& origin) {
  const auto found = notes.find(name);
  if (found == notes.end()) throw origin.error("", fmt::format("there is no note \"{}\"", name));
  const std::string& text = found->second;
  N number{};
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && stop == text.data() + text.size()) return number;
  constexpr const char* kind = std::is_integral_v<N> ? "whole number" : "number";
  throw origin.error("", fmt::format(R"(note "{}" is "{}", no {})", name, text, kind));
}

template std::int64_t note(const Metadata&, const std::string&, const Origin&);
template double note(const Metadata&, const std::string&, const Origin&);

}  // namespace wengert::nn
