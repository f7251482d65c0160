// docs/ops.md is written from the registry and the headers of ops/; this test fails when it is stale.
// WENGERT_UPDATE_DOCS=1 in the environment writes it anew.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "autodiff/ops/registry.hpp"
#include "autodiff/tensor/shape.hpp"

using namespace wengert;

namespace {

using Entries = std::vector<Entry<double>>;

std::string read(const std::string& path) {
  std::ifstream file(std::string(WENGERT_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Text in a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string cost(Kind kind) {
  switch (kind) {
    case Kind::map: return "elementwise, fuses";
    case Kind::view: return "view";
    case Kind::reduce: return "reduction, fuses with its input";
    case Kind::rows: return "row by row, fuses";
    case Kind::product: return "matrix product, fuses with what follows";
    default: return "kernel of its own";
  }
}

std::string shapes(const Sample& sample) {
  std::string out;
  for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
    const bool index = static_cast<int>(i) == sample.index_input;
    out += i == 0 ? "" : ", ";
    out += index ? "index " : "";
    out += to_string(sample.inputs[i]);
  }
  return out + " → " + to_string(sample.shape);
}

std::string table(const Entries& entries) {
  std::string out =
      "| operation | value | derivative | convention | shapes, for example | cost |\n|---|---|---|---|---|---|\n";
  for (const Entry<double>& entry : entries) {
    const Doc& doc = *entry.table->doc;
    out += "| `" + std::string(doc.name) + "` | " + cell(doc.formula) + " | " + cell(doc.slope) + " | " +
           cell(doc.kinks) + " | " + (entry.samples.empty() ? "" : shapes(entry.samples.front())) + " | " +
           cost(entry.table->kind) + " |\n";
  }
  return out;
}

/// The first sentences of a header, and the functions it declares that are no operation of the registry.
std::string introduction(const std::string& header) {
  std::istringstream lines(header);
  std::string out, line;
  while (std::getline(lines, line) && line.starts_with("///")) {
    if (line == "///") break;
    if (!out.empty()) out += ' ';
    out += line.substr(4);
  }
  return out;
}
/// Other names, and what they are names of.
std::map<std::string, std::string> aliases(const std::string& header) {
  static const std::regex alias(R"(/// Another name of (\w+)\.\ntemplate <class T>\nVar<T> (\w+)\()");
  std::map<std::string, std::string> out;
  for (std::sregex_iterator at(header.begin(), header.end(), alias), end; at != end; ++at) out[(*at)[2]] = (*at)[1];
  return out;
}
std::string also_called(const std::string& header) {
  std::string out;
  for (const auto& [other, name] : aliases(header)) {
    out += (out.empty() ? "`" : ", `") + name + "` is also called `" + other + '`';
  }
  return out.empty() ? out : out + ".\n";
}
std::string made_of(const std::string& header, const std::set<std::string>& operations) {
  static const std::regex function(R"((?:^|\n)(?:auto|Var<T>|std::(?:vector|pair)<[^\n(]*>) (\w+)\()");
  std::set<std::string> names;
  for (std::sregex_iterator at(header.begin(), header.end(), function), end; at != end; ++at) names.insert((*at)[1]);
  for (const auto& [other, name] : aliases(header)) names.erase(other);
  std::string out;
  for (const std::string& name : names) {
    if (operations.contains(name) || name == "map" || name == "record_map") continue;  // what records them
    out += out.empty() ? "`" : ", `";
    out += name + '`';
  }
  return out.empty() ? out : "Made of other operations: " + out + ".\n";
}

std::string page() {
  const std::vector<std::pair<std::string, Entries>> families = {{"elementwise", map_entries<double>()},
                                                                 {"matmul", matmul_entries<double>()},
                                                                 {"contract", {}},
                                                                 {"reshape", reshape_entries<double>()},
                                                                 {"broadcast", broadcast_entries<double>()},
                                                                 {"slice", slice_entries<double>()},
                                                                 {"join", join_entries<double>()},
                                                                 {"reduce", reduce_entries<double>()},
                                                                 {"scan", scan_entries<double>()},
                                                                 {"norm", {}},
                                                                 {"softmax", softmax_entries<double>()},
                                                                 {"cross_entropy", cross_entropy_entries<double>()},
                                                                 {"index", index_entries<double>()},
                                                                 {"gather", gather_entries<double>()},
                                                                 {"factor", factor_entries<double>()},
                                                                 {"determinant", determinant_entries<double>()},
                                                                 {"random", random_entries<double>()}};
  std::set<std::string> operations;
  std::size_t listed = 0;
  for (const auto& [name, entries] : families) {
    listed += entries.size();
    for (const auto& entry : entries) operations.insert(std::string(entry.table->name));
  }
  REQUIRE_MESSAGE(listed == registry<double>().size(), "a family of the registry is not on the page");
  std::string out =
      "# Every operation\n\n"
      "Written by `tests/docs/ops_page_test.cpp` from the registry and the headers of `autodiff/ops/`, which say "
      "more:\n"
      "exact shapes, and what throws. In derivatives g is the cotangent of y; where there are several inputs, theirs\n"
      "are separated by semicolons, or by commas for slopes.\n";
  for (const auto& [name, entries] : families) {
    const std::string header = read("autodiff/ops/" + name + ".hpp");
    REQUIRE_MESSAGE(!header.empty(), name, ".hpp cannot be read");
    out += "\n## " + name + "\n\n" + introduction(header) + "\n\n";
    if (!entries.empty()) out += table(entries) + "\n";
    const std::string made = made_of(header, operations), called = also_called(header);
    out += made + (made.empty() || called.empty() ? "" : "\n") + called;
    while (out.ends_with("\n\n")) out.pop_back();
  }
  return out;
}

}  // namespace

TEST_CASE("docs/ops.md says what the registry says") {
  const std::string expected = page();
  if (std::getenv("WENGERT_UPDATE_DOCS") != nullptr) {
    std::ofstream(std::string(WENGERT_SOURCE_DIR) + "/docs/ops.md") << expected;
  }
  const bool fresh = read("docs/ops.md") == expected;
  CHECK_MESSAGE(fresh, "run this test with WENGERT_UPDATE_DOCS=1 in the environment, and look at the difference");
}
