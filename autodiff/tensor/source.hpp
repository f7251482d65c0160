/// The place in the user's source from which a call came.
///
/// Every public function that can fail ends in `Source where = Source::here()`, so an error names the caller's line,
/// not ours. One pointer wide, trivially copyable.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>

namespace wengert {

class Source {
 public:
  constexpr Source() = default;

  /// The line that calls the function whose default argument this is.
  static constexpr Source here(std::source_location at = std::source_location::current()) { return Source(at); }

  constexpr const char* file() const { return at_.file_name(); }
  constexpr std::uint32_t line() const { return at_.line(); }

 private:
  constexpr explicit Source(std::source_location at) : at_(at) {}
  std::source_location at_;
};

/// "train.cpp:41": the file without its folders.
std::string to_string(Source where);

}  // namespace wengert
