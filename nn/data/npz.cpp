#include "nn/data/npz.hpp"

#include <fmt/format.h>

#include "nn/data/file.hpp"
#include "nn/data/npy.hpp"
#include "nn/data/zip.hpp"

namespace wengert::nn {

namespace {

constexpr std::string_view kEnding = ".npy";

Arrays parse(std::string_view bytes, const Origin& origin) {
  Arrays out;
  for (const auto& [name, content] : unzip(bytes, kFileLimit, origin)) {
    const std::string place = fmt::format("member \"{}\"", name);
    if (!name.ends_with(kEnding)) throw origin.error(place, "the name does not end in .npy");
    const std::string file = origin.file.empty() ? "" : fmt::format("\"{}\" ", origin.file);
    const Origin member{fmt::format("{}: {}{}", origin.operation, file, place), "", origin.where};
    out.emplace(name.substr(0, name.size() - kEnding.size()), parse_npy(content, member));
  }
  return out;
}

std::string packed(const Arrays& arrays, const Origin& origin) {
  std::map<std::string, std::string> members;
  for (const auto& [name, array] : arrays) members.emplace(name + std::string(kEnding), npy_bytes(array));
  return zip(members, origin);
}

}  // namespace

Arrays parse_npz(std::string_view bytes, Source where) { return parse(bytes, {"parse_npz", "", where}); }

Arrays read_npz(const std::filesystem::path& path, Source where) {
  const Origin origin{"read_npz", path.string(), where};
  return parse(read_file(origin), origin);
}

std::string npz_bytes(const Arrays& arrays, Source where) { return packed(arrays, {"npz_bytes", "", where}); }

void write_npz(const std::filesystem::path& path, const Arrays& arrays, Source where) {
  const Origin origin{"write_npz", path.string(), where};
  write_file(origin, packed(arrays, origin));
}

}  // namespace wengert::nn
