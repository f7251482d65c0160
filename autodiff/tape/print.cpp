#include "autodiff/tape/print.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace wengert {

template <class T>
std::string to_string(const Tape<T>& tape) {
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows = {{"node", "operation", "inputs", "shape", "recorded at", "rule of"}};
  const auto name = [](NodeId id) { return fmt::format("%{}", id); };
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node<T>& node = tape.node(id);
    std::vector<std::string> inputs;
    for (const NodeId x : tape.inputs(id)) inputs.push_back(name(x));
    const bool is_constant = node.op->kind == Kind::constant;
    rows.push_back({name(id),
                    is_constant ? fmt::format("constant {:.6g}", tape.constant_value(id)) : std::string(node.op->name),
                    fmt::format("{}", fmt::join(inputs, " ")), to_string(tape.shape(id)), to_string(node.where),
                    node.forward == kNoNode ? "" : name(node.forward)});
  }
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

template std::string to_string(const Tape<float>&);
template std::string to_string(const Tape<double>&);

}  // namespace wengert
