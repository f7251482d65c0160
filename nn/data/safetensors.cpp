#include "nn/data/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "nn/data/bytes.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

namespace {

using Json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kBefore = 8;  // bytes before the header
constexpr std::uint64_t kHeaderLimit = 100'000'000;

constexpr std::pair<std::string_view, DType> kTypes[] = {
    {"BOOL", DType::boolean}, {"U8", DType::u8},   {"I8", DType::i8},   {"U16", DType::u16},
    {"I16", DType::i16},      {"U32", DType::u32}, {"I32", DType::i32}, {"U64", DType::u64},
    {"I64", DType::i64},      {"F32", DType::f32}, {"F64", DType::f64}};

/// The header as JSON. A key that stands twice is an error, where JSON libraries keep one of the two.
Json parse_header(std::string_view text, const Bytes& in) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    // Nothing in a header stands deeper, and whoever nests a million lists wants to see a stack overflow.
    if (depth > 3) throw in.error("the header nests deeper than 3 levels");
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      throw in.error(fmt::format("duplicate name \"{}\" in the header", value.get<std::string>()));
    }
    return true;
  };
  try {
    Json header = Json::parse(text, watch);
    if (!header.is_object()) throw in.error("the header is no JSON object");
    return header;
  } catch (const Json::exception& reason) {
    throw in.error(fmt::format("the header is no JSON ({})", reason.what()));
  }
}

/// What the header says of a tensor.
struct Entry {
  std::string name;
  DType type;
  Shape shape;
  std::uint64_t begin, end;
};

DType type_of(const Json& entry, const std::string& name, const Bytes& in) {
  const std::string text = entry.at("dtype").get<std::string>();
  for (const auto& [known, type] : kTypes) {
    if (text == known) return type;
  }
  throw in.error(fmt::format(R"(tensor "{}" is of type "{}", which is not read)", name, text));
}

/// A list of integers from 0 to 2^63 - 1.
std::vector<std::int64_t> numbers(const Json& list, const std::string& name, const char* what, const Bytes& in) {
  std::vector<std::int64_t> out;
  for (const Json& item : list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > INT64_MAX) {
      throw in.error(fmt::format("{} of tensor \"{}\" are no list of numbers from 0 to 2^63 - 1", what, name));
    }
    out.push_back(item.get<std::int64_t>());
  }
  return out;
}

Entry entry_of(const std::string& name, const Json& json, const Bytes& in) {
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json["dtype"].is_string() ||
      !json.contains("shape") || !json["shape"].is_array() || !json.contains("data_offsets") ||
      !json["data_offsets"].is_array() || json["data_offsets"].size() != 2) {
    throw in.error(fmt::format("tensor \"{}\" has not exactly dtype, shape and two data_offsets", name));
  }
  const DType type = type_of(json, name, in);
  const Shape shape = in.shape(numbers(json["shape"], name, "dimensions", in));
  const std::vector<std::int64_t> offsets = numbers(json["data_offsets"], name, "data_offsets", in);
  const std::int64_t size = offsets[1] - offsets[0], each = static_cast<std::int64_t>(size_of(type));
  if (size < 0 || size / each != shape.size() || size % each != 0) {
    throw in.error(fmt::format("tensor \"{}\" of {} {} takes {} times {} bytes, its data_offsets are [{}, {}]", name,
                               to_string(shape), name_of(type), shape.size(), each, offsets[0], offsets[1]));
  }
  return {name, type, shape, static_cast<std::uint64_t>(offsets[0]), static_cast<std::uint64_t>(offsets[1])};
}

Safetensors parse(std::string_view bytes, const Origin& origin) {
  Bytes in(bytes, origin);
  const auto size = in.number<std::uint64_t>("the size of the header");
  if (size > kHeaderLimit && size <= in.left())
    throw in.error(fmt::format("the header takes {} bytes, more than {}", size, kHeaderLimit));
  Bytes data = in;
  const Json header = parse_header(data.take(size, "the header"), in);

  Safetensors out;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != kMetadata) {
      entries.push_back(entry_of(name, json, in));
      continue;
    }
    if (!json.is_object()) throw in.error("__metadata__ is no object");
    for (const auto& [key, text] : json.items()) {
      if (!text.is_string()) throw in.error(fmt::format("__metadata__ \"{}\" is no text", key));
      out.metadata.emplace(key, text.get<std::string>());
    }
  }
  // Empty tensors before the one that starts at the same byte.
  std::ranges::sort(
      entries, [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t at = 0;
  for (Entry& entry : entries) {
    if (entry.begin != at) {
      throw in.error(
          fmt::format("tensor \"{}\" begins at offset {}, the one before ends at {}", entry.name, entry.begin, at));
    }
    at = entry.end;
    const std::string_view elements = data.take(entry.end - entry.begin, fmt::format("tensor \"{}\"", entry.name));
    out.tensors.emplace(std::move(entry.name), Array(entry.type, entry.shape, std::string(elements)));
  }
  if (data.left() != 0) throw data.error(fmt::format("{} bytes behind the last tensor", data.left()));
  return out;
}

std::string bytes_of(const Safetensors& content, const Origin& origin) {
  std::vector<const Arrays::value_type*> order;
  for (const auto& tensor : content.tensors) order.push_back(&tensor);
  std::ranges::sort(order, [](const auto* a, const auto* b) {
    const std::size_t wide = size_of(a->second.type()), narrow = size_of(b->second.type());
    return wide != narrow ? wide > narrow : a->first < b->first;
  });
  Json header = Json::object();
  if (!content.metadata.empty()) header[kMetadata] = content.metadata;
  std::size_t at = 0;
  for (const auto* tensor : order) {
    const auto& [name, array] = *tensor;
    if (name == kMetadata)
      throw ValueError(locate(origin.operation, "no tensor may be named __metadata__", origin.where));
    const auto* type =
        std::ranges::find_if(kTypes, [&, &kind = array](const auto& entry) { return entry.second == kind.type(); });
    const auto dims = array.shape().dims();
    header[name] = {{"dtype", type->first},
                    {"shape", std::vector<std::int64_t>(dims.begin(), dims.end())},
                    {"data_offsets", {at, at + array.bytes().size()}}};
    at += array.bytes().size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& reason) {
    throw ValueError(
        locate(origin.operation, fmt::format("a name or text is not UTF-8 ({})", reason.what()), origin.where));
  }
  text.resize((kBefore + text.size() + 7) / 8 * 8 - kBefore, ' ');
  std::string out;
  for (std::size_t i = 0; i < kBefore; ++i) out += static_cast<char>((text.size() >> (8 * i)) & 0xFF);
  out.reserve(kBefore + text.size() + at);
  out += text;
  for (const auto* tensor : order) out += tensor->second.bytes();
  return out;
}

}  // namespace

Safetensors parse_safetensors(std::string_view bytes, Source where) {
  return parse(bytes, {"parse_safetensors", "", where});
}

Safetensors read_safetensors(const std::filesystem::path& path, Source where) {
  return read_safetensors(Origin{"read_safetensors", path.string(), where});
}

Safetensors read_safetensors(const Origin& origin) { return parse(read_file(origin), origin); }

std::string safetensors_bytes(const Safetensors& content, Source where) {
  return bytes_of(content, {"safetensors_bytes", "", where});
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content, Source where) {
  write_safetensors(Origin{"write_safetensors", path.string(), where}, content);
}

void write_safetensors(const Origin& origin, const Safetensors& content) {
  write_file(origin, bytes_of(content, origin));
}

}  // namespace wengert::nn
