/// ZIP archives held in memory (PKWARE's APPNOTE 6.3): members stored or deflated, without encryption, below 4 GiB.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "nn/data/file.hpp"

namespace wengert::nn {

/// Names and contents of the members, as the directory at the end of the archive lists them; folders are left out.
/// Sizes and checksums are verified. Memory is bounded by `limit` for all members together, and by what deflate can
/// pack into `bytes` (1 to 1032). Throws FileError, also for a name that is there twice.
std::map<std::string, std::string> unzip(std::string_view bytes, std::size_t limit, const Origin& origin);

/// An archive of these members, deflated, dated 1980-01-01: the same members give the same bytes. Throws ValueError if
/// the archive would reach 4 GiB or has more than 65,534 members.
std::string zip(const std::map<std::string, std::string>& members, Source where = Source::here());
/// The same for another function, whose name the errors have.
std::string zip(const std::map<std::string, std::string>& members, const Origin& origin);

}  // namespace wengert::nn
