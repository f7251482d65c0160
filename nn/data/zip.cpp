#include "nn/data/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <new>

#include "nn/data/bytes.hpp"

namespace wengert::nn {

namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr std::size_t kEndSize = 22;
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint32_t kTooBig = 0xFFFFFFFF;  // "see the ZIP64 record"

/// What the directory says of a member.
struct Entry {
  std::uint16_t flags, method;
  std::uint32_t checksum, packed, size, local;
  std::string name;
};

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Position of the record at the end: it is followed by a comment of less than 64 KiB.
std::size_t find_end(std::string_view bytes, const Bytes& in) {
  constexpr std::string_view signature("PK\5\6", 4);
  if (bytes.size() >= kEndSize) {
    const std::size_t at = bytes.rfind(signature, bytes.size() - kEndSize);
    if (at != std::string_view::npos && bytes.size() - at <= kEndSize + 0xFFFF) return at;
  }
  throw in.error("no directory at the end: the data are no ZIP archive, or not all of it");
}

Entry read_entry(Bytes& in) {
  if (in.number<std::uint32_t>("a directory entry") != kCentral) throw in.error("no directory entry before this byte");
  Entry entry;
  in.take(4, "a directory entry");  // versions
  entry.flags = in.number<std::uint16_t>("a directory entry");
  entry.method = in.number<std::uint16_t>("a directory entry");
  in.take(4, "a directory entry");  // time
  entry.checksum = in.number<std::uint32_t>("a directory entry");
  entry.packed = in.number<std::uint32_t>("a directory entry");
  entry.size = in.number<std::uint32_t>("a directory entry");
  const auto name = in.number<std::uint16_t>("a directory entry"),
             extra = in.number<std::uint16_t>("a directory entry"),
             comment = in.number<std::uint16_t>("a directory entry");
  in.take(8, "a directory entry");  // disk and attributes
  entry.local = in.number<std::uint32_t>("a directory entry");
  entry.name = in.take(name, "a member's name");
  in.take(std::size_t{extra} + comment, "a directory entry");
  if (entry.packed == kTooBig || entry.size == kTooBig || entry.local == kTooBig) {
    throw in.error(fmt::format("member \"{}\" is of 4 GiB or more (ZIP64)", entry.name));
  }
  if ((entry.flags & 1) != 0) throw in.error(fmt::format("member \"{}\" is encrypted", entry.name));
  return entry;
}

/// Unpacks raw deflate data to exactly `size` bytes; false if they are damaged or of another size.
bool inflate_to(std::string& out, std::string_view packed, std::size_t size) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  out.resize(size + 1);  // one more: zlib must see the end of the data, and no room is an error of its own
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib only reads here
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size && stream.avail_in == 0;
  out.resize(size);
  return whole;
}

std::string read_member(Bytes in, const Entry& entry) {
  in.seek(entry.local, fmt::format("member \"{}\"", entry.name));
  if (in.number<std::uint32_t>("a member's header") != kLocal) throw in.error("no member's header before this byte");
  in.take(22, "a member's header");  // the directory says it again
  const auto name = in.number<std::uint16_t>("a member's header"),
             extra = in.number<std::uint16_t>("a member's header");
  in.take(std::size_t{name} + extra, "a member's header");
  const auto damaged = [&] { return in.error(fmt::format("member \"{}\" is damaged", entry.name)); };
  const std::string_view packed = in.take(entry.packed, fmt::format("member \"{}\"", entry.name));
  std::string out;
  if (entry.method == kStored) {
    if (entry.size != entry.packed) throw damaged();
    out = packed;
  } else if (entry.method == kDeflated) {
    // Deflate packs at most 258 bytes into 2 bits.
    if (entry.size / 1032 > entry.packed) {
      throw in.error(
          fmt::format("member \"{}\" claims {} bytes, packed into {}", entry.name, entry.size, entry.packed));
    }
    if (!inflate_to(out, packed, entry.size)) throw damaged();
  } else {
    throw in.error(fmt::format("member \"{}\" is packed by method {}, not 0 or 8", entry.name, entry.method));
  }
  if (checksum_of(out) != entry.checksum) throw damaged();
  return out;
}

/// Appends numbers, little-endian.
template <std::unsigned_integral... U>
void put(std::string& out, U... numbers) {
  const auto one = [&out](auto number) {
    for (std::size_t i = 0; i < sizeof number; ++i) out += static_cast<char>((number >> (8 * i)) & 0xFF);
  };
  (one(numbers), ...);
}

std::string deflated(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, deflateEnd);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // ends in one call: the bound is enough
  out.resize(stream.total_out);
  return out;
}

}  // namespace

std::map<std::string, std::string> unzip(std::string_view bytes, std::size_t limit, const Origin& origin) {
  Bytes in(bytes, origin);
  in.seek(find_end(bytes, in) + 8, "");
  in.take(2, "");  // members on this disk
  const auto count = in.number<std::uint16_t>("");
  in.take(4, "");  // size of the directory
  in.seek(in.number<std::uint32_t>(""), "the directory");
  std::map<std::string, std::string> out;
  for (unsigned i = 0; i < count; ++i) {
    const Entry entry = read_entry(in);
    if (entry.name.ends_with('/')) continue;
    if (out.contains(entry.name)) throw in.error(fmt::format("member \"{}\" is there twice", entry.name));
    if (entry.size > limit) throw in.error(fmt::format("the members unpack to more than {} bytes", kFileLimit));
    limit -= entry.size;
    out.emplace(entry.name, read_member(in, entry));
  }
  return out;
}

std::string zip(const std::map<std::string, std::string>& members, Source where) {
  return zip(members, Origin{"zip", "", where});
}

std::string zip(const std::map<std::string, std::string>& members, const Origin& origin) {
  std::size_t total = kEndSize;
  for (const auto& [name, bytes] : members) {
    if (name.size() > 0xFFFF)
      throw ValueError(locate(origin.operation, fmt::format("a name of {} bytes", name.size()), origin.where));
    total += 76 + 2 * name.size() + bytes.size() + bytes.size() / 1000 + 64;
  }
  if (total >= kTooBig || members.size() >= 0xFFFF) {
    throw ValueError(locate(origin.operation, fmt::format("{} members of {} bytes are too much", members.size(), total),
                            origin.where));
  }
  std::string out, directory;
  for (const auto& [name, bytes] : members) {
    const std::string packed = deflated(bytes);
    const auto local = static_cast<std::uint32_t>(out.size());
    std::string about;  // what header and directory have in common
    put(about, std::uint16_t{20}, std::uint16_t{0x800}, kDeflated, std::uint16_t{0}, std::uint16_t{0x21});
    put(about, checksum_of(bytes), static_cast<std::uint32_t>(packed.size()), static_cast<std::uint32_t>(bytes.size()));
    put(about, static_cast<std::uint16_t>(name.size()), std::uint16_t{0});
    put(out, kLocal);
    out.append(about).append(name).append(packed);
    put(directory, kCentral, std::uint16_t{20});
    directory += about;
    put(directory, std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}, std::uint32_t{0}, local);
    directory += name;
  }
  const auto count = static_cast<std::uint16_t>(members.size());
  const auto start = static_cast<std::uint32_t>(out.size()), size = static_cast<std::uint32_t>(directory.size());
  out += directory;
  put(out, kEnd, std::uint16_t{0}, std::uint16_t{0}, count, count, size, start, std::uint16_t{0});
  return out;
}

}  // namespace wengert::nn
