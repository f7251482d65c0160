// Expressions as C++, to be pasted into a test.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/laws/expression.hpp"

namespace wengert::test {

inline std::string brace(const Shape& shape) { return fmt::format("Shape{{{}}}", fmt::join(shape.dims(), ", ")); }

/// The right-hand side of a node.
inline std::string term(const Tape<double>& tape, NodeId id) {
  const Node<double>& node = tape.node(id);
  const std::string_view name = node.op->name;
  const std::string shape = brace(tape.shape(id));
  const auto count = static_cast<std::size_t>(tape.shape(id).size());
  std::vector<std::string> inputs;
  for (const NodeId input : tape.inputs(id)) inputs.push_back(fmt::format("v{}", input));
  switch (node.op->kind) {
    case Kind::leaf: {
      const std::span<const double> elements(tape.leaf_storage(id)->floats.data(), count);
      return fmt::format("tape.leaf(Tensor<double>({}, {{{:.17g}}}))", shape, fmt::join(elements, ", "));
    }
    case Kind::index: {
      const std::span<const std::int64_t> elements(tape.leaf_storage(id)->integers.data(), count);
      return fmt::format("tape.indices(Tensor<std::int64_t>({}, {{{}}})).node()", shape, fmt::join(elements, ", "));
    }
    case Kind::constant: return fmt::format("tape.constant({:.17g}, {})", tape.constant_value(id), shape);
    default: break;
  }
  static const std::map<std::string_view, char> operators = {
      {"add", '+'}, {"subtract", '-'}, {"multiply", '*'}, {"divide", '/'}};
  const auto sign = operators.find(name);
  if (sign != operators.end()) return fmt::format("{} {} {}", inputs[0], sign->second, inputs[1]);
  if (name == "reshape" || name == "broadcast_to") return fmt::format("{}({}, {})", name, inputs[0], shape);
  if (node.op->kind == Kind::map && name != "copy") return fmt::format("{}({})", name, fmt::join(inputs, ", "));
  std::vector<std::uint64_t> words(node.op->attribute_bytes / 8);
  if (!words.empty()) std::memcpy(words.data(), tape.attributes(id), node.op->attribute_bytes);
  return fmt::format("test::apply<double>(tape, \"{}\", {{{:#x}}}, {{{}}}, {})", name, fmt::join(words, ", "),
                     fmt::join(inputs, ", "), shape);
}

/// The expression as C++ that records it again, for a test that includes this file.
inline std::string code(const Expression& e) {
  std::string text = "Tape<double> tape;\n";
  for (const NodeId id : needed(e.tape, std::vector<Var<double>>{e.y})) {
    text += fmt::format("const auto v{} = {};\n", id, term(e.tape, id));
  }
  std::vector<NodeId> x;
  for (const Var<double>& v : e.x) x.push_back(v.id());
  return text + fmt::format("const auto y = v{};  // of v{}\n", e.y.id(), fmt::join(x, ", v"));
}

}  // namespace wengert::test
