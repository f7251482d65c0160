#include "nn/data/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>
#include <vector>

#include "nn/data/bytes.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

constexpr std::pair<std::string_view, DType> kTypes[] = {{"b1", DType::boolean}, {"u1", DType::u8},  {"i1", DType::i8},
                                                         {"u2", DType::u16},     {"i2", DType::i16}, {"u4", DType::u32},
                                                         {"i4", DType::i32},     {"u8", DType::u64}, {"i8", DType::i64},
                                                         {"f4", DType::f32},     {"f8", DType::f64}};

/// The header, a literal of Python: {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }.
class Header {
  static constexpr std::string_view kKeys[] = {"descr", "fortran_order", "shape"};

 public:
  Header(std::string_view text, const Bytes& in) : text_(text), in_(in) {
    expect("{");
    unsigned seen = 0;
    while (!skip("}")) {
      const std::string_view key = quoted();
      expect(":");
      const auto* const found = std::ranges::find(kKeys, key);
      const auto bit = 1u << (found - std::begin(kKeys));
      if (found == std::end(kKeys) || (seen & bit) != 0) {
        throw in_.error(fmt::format("the header's key '{}' is unknown or there twice", key));
      }
      seen |= bit;
      if (key == "descr") {
        descr = quoted();
      } else if (key == "shape") {
        shape = tuple();
      } else {
        column_major = skip("True");
        if (!column_major) expect("False");
      }
      if (!skip(",")) {
        expect("}");
        break;
      }
    }
    blanks();
    if (!text_.empty()) throw in_.error("text behind the header's }");
    if (seen != 0b111) throw in_.error("the header lacks descr, fortran_order or shape");
  }

  std::string_view descr;
  bool column_major = false;
  std::vector<std::int64_t> shape;

 private:
  void blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }
  bool skip(std::string_view word) {
    blanks();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void expect(std::string_view word) {
    if (skip(word)) return;
    throw in_.error(fmt::format("the header has no {} {} bytes before its end", word, text_.size()));
  }
  std::string_view quoted() {
    const std::string_view quote = skip("\"") ? "\"" : "'";
    if (quote == "'") expect("'");
    const std::size_t end = text_.find(quote);
    if (end == std::string_view::npos) throw in_.error("a quote of the header is never closed");
    const std::string_view out = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return out;
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> out;
    expect("(");
    while (!skip(")")) {
      blanks();
      std::int64_t dim = -1;
      const auto [stop, code] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (code != std::errc() || dim < 0) throw in_.error("a dimension of the header is no number from 0 to 2^63 - 1");
      text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
      skip("L");  // written by Python 2
      out.push_back(dim);
      if (!skip(",")) {
        expect(")");
        break;
      }
    }
    return out;
  }

  std::string_view text_;
  const Bytes& in_;
};

std::pair<DType, std::endian> type_of(std::string_view descr, const Bytes& in) {
  // A byte order, then a letter and a size. | is for types of one byte.
  if (descr.size() == 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
    for (const auto& [name, type] : kTypes) {
      if (descr.substr(1) != name || (descr[0] == '|' && size_of(type) != 1)) continue;
      return {type, descr[0] == '>' ? std::endian::big : std::endian::little};
    }
  }
  if (descr.find('O') != std::string_view::npos) {
    throw in.error(fmt::format("descr '{}' means pickled objects: they are not read", descr));
  }
  throw in.error(fmt::format("descr '{}' is no type of ours", descr));
}

/// Row-major elements of an array stored column-major: element i of the one is the i-th index counted from the front.
std::string row_major_bytes(const std::string& bytes, const Shape& shape, std::size_t each) {
  std::string out(bytes.size(), '\0');
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()), 0);
  const Strides strides = row_major(shape);
  for (std::int64_t i = 0, at = 0; i < shape.size(); ++i) {
    std::copy_n(bytes.data() + static_cast<std::size_t>(i) * each, each,
                out.data() + static_cast<std::size_t>(at) * each);
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      at += strides[axis];
      if (++index[axis] < shape[static_cast<int>(axis)]) break;
      at -= strides[axis] * std::exchange(index[axis], 0);
    }
  }
  return out;
}

}  // namespace

Array parse_npy(std::string_view bytes, const Origin& origin) {
  Bytes in(bytes, origin);
  if (in.take(kMagic.size(), "the magic number") != kMagic) {
    in.seek(0, "");
    throw in.error("the data do not begin with \\x93NUMPY");
  }
  const unsigned version = in.number<std::uint8_t>("the version"), minor = in.number<std::uint8_t>("the version");
  if (version < 1 || version > 3 || minor != 0) {
    throw in.error(fmt::format("version {}.{} is none of 1.0, 2.0, 3.0", version, minor));
  }
  const std::uint32_t size = version == 1 ? in.number<std::uint16_t>("the size of the header")
                                          : in.number<std::uint32_t>("the size of the header");
  Bytes after = in;
  const Header header(after.take(size, "the header"), in);
  const auto [type, order] = type_of(header.descr, in);
  const Shape shape = in.shape(header.shape);
  Array array = after.rest(type, shape, order);
  if (!header.column_major) return array;
  return Array(type, shape, row_major_bytes(array.bytes(), shape, size_of(type)));
}

Array parse_npy(std::string_view bytes, Source where) { return parse_npy(bytes, Origin{"parse_npy", "", where}); }

Array read_npy(const std::filesystem::path& path, Source where) {
  const Origin origin{"read_npy", path.string(), where};
  return parse_npy(read_file(origin), origin);
}

std::string npy_bytes(const Array& array) {
  // Python's tuples: (), (184,), (2, 3).
  const std::string dims = fmt::format("{}{}", fmt::join(array.shape(), ", "), array.shape().rank() == 1 ? "," : "");
  const auto* name = std::ranges::find_if(kTypes, [&](const auto& entry) { return entry.second == array.type(); });
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                   size_of(array.type()) == 1 ? '|' : '<', name->first, dims);
  const std::size_t before = kMagic.size() + 4;
  header.resize((before + header.size() + 1 + 63) / 64 * 64 - before - 1, ' ');
  header += '\n';
  std::string out(kMagic);
  for (const std::size_t byte : {std::size_t{1}, std::size_t{0}, header.size() & 0xFF, header.size() >> 8}) {
    out += static_cast<char>(byte);
  }
  return out.append(header).append(array.bytes());
}

void write_npy(const std::filesystem::path& path, const Array& array, Source where) {
  write_file(Origin{"write_npy", path.string(), where}, npy_bytes(array));
}

}  // namespace wengert::nn
