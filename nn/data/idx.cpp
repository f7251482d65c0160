#include "nn/data/idx.hpp"

#include <fmt/format.h>

#include <vector>

#include "nn/data/bytes.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

namespace {

DType type_of(unsigned code, const Bytes& in) {
  switch (code) {
    case 0x08: return DType::u8;
    case 0x09: return DType::i8;
    case 0x0B: return DType::i16;
    case 0x0C: return DType::i32;
    case 0x0D: return DType::f32;
    case 0x0E: return DType::f64;
    default: throw in.error(fmt::format("type {:02X} is none of 08, 09, 0B, 0C, 0D, 0E", code));
  }
}

Array parse(std::string_view bytes, const Origin& origin) {
  Bytes in(bytes, origin);
  if (bytes.starts_with("\x1f\x8b")) throw in.error("the data are gzip, not IDX: read_idx unpacks a file");
  const auto magic = in.number<std::uint32_t, std::endian::big>("the magic number");
  if (magic >> 16 != 0) {
    in.seek(0, "");
    throw in.error(fmt::format("the magic number is {:08X}, IDX begins with 0000", magic));
  }
  in.seek(2, "");
  const DType type = type_of((magic >> 8) & 0xFF, in);
  in.seek(4, "");
  std::vector<std::int64_t> dims;
  for (unsigned axis = 0; axis < (magic & 0xFF); ++axis) {
    dims.push_back(in.number<std::uint32_t, std::endian::big>(fmt::format("dimension {}", axis)));
  }
  return in.rest(type, in.shape(dims), std::endian::big);
}

}  // namespace

Array parse_idx(std::string_view bytes, Source where) { return parse(bytes, {"parse_idx", "", where}); }

Array read_idx(const std::filesystem::path& path, Source where) {
  const Origin origin{"read_idx", path.string(), where};
  return parse(read_file(origin), origin);
}

}  // namespace wengert::nn
