#include <algorithm>
#include <cstring>
#include <numeric>

#include "autodiff/program/graph.hpp"

namespace wengert {

namespace {

using kernels::instruction_of;

/// Hash table of nodes with equal meaning, by open addressing. A node is first looked for beside its latest input: what
/// was recorded together lies together, and a graph larger than the caches is walked in order.
template <class T>
class Numbers {
 public:
  explicit Numbers(const Graph<T>& graph) : graph_(graph) {
    std::size_t capacity = 16;
    while (capacity < 2 * graph.nodes.size()) capacity *= 2;
    slots_.assign(capacity, kNone);
  }

  /// The first node of `out` that means the same as `node` reading `from`; or kNone, and then the node about to be
  /// appended to `out` takes the place.
  std::uint32_t find_or_enter(const Graph<T>& out, const typename Graph<T>::Node& node,
                              std::span<const std::uint32_t> from) {
    constexpr std::size_t kNear = 8;
    std::size_t at = from.empty() ? hash(node, from) : 2 * std::size_t{*std::ranges::max_element(from)};
    for (std::size_t probe = 0;; ++probe, ++at) {
      if (probe == kNear) at = hash(node, from);
      at &= slots_.size() - 1;
      if (slots_[at] == kNone) {
        slots_[at] = out.size();
        return kNone;
      }
      if (same(out, slots_[at], node, from)) return slots_[at];
    }
  }

 private:
  std::uint64_t meaning(const typename Graph<T>::Node& node) const {
    if (node.kind == Kind::map) return node.instruction;
    return graph_.tape->node(node.origin).op->id;
  }
  std::span<const std::byte> attributes(const typename Graph<T>::Node& node) const {
    const auto* bytes = static_cast<const std::byte*>(graph_.tape->attributes(node.origin));
    return {bytes, bytes == nullptr ? 0 : graph_.tape->node(node.origin).op->attribute_bytes};
  }
  std::uint32_t shape(const typename Graph<T>::Node& node) const { return graph_.tape->node(node.origin).shape; }

  std::size_t hash(const typename Graph<T>::Node& node, std::span<const std::uint32_t> from) const {
    std::uint64_t h = meaning(node) * 0x9E3779B97F4A7C15u + shape(node);
    for (const std::uint32_t x : from) h = (h ^ x) * 0xFF51AFD7ED558CCDu;
    for (const std::byte b : attributes(node)) h = (h ^ static_cast<std::uint64_t>(b)) * 0x100000001b3u;
    return static_cast<std::size_t>(h ^ (h >> 31));
  }
  bool same(const Graph<T>& out, std::uint32_t other, const typename Graph<T>::Node& node,
            std::span<const std::uint32_t> from) const {
    const typename Graph<T>::Node& n = out.nodes[other];
    if (n.kind != node.kind || meaning(n) != meaning(node) || shape(n) != shape(node)) return false;
    const auto inputs = out.inputs_of(other);
    if (!std::equal(inputs.begin(), inputs.end(), from.begin(), from.end())) return false;
    const auto p = attributes(n), q = attributes(node);
    return p.size() == q.size() && (p.empty() || std::memcmp(p.data(), q.data(), p.size()) == 0);
  }

  const Graph<T>& graph_;
  std::vector<std::uint32_t> slots_;
};

/// Nodes that no root reaches any more are dropped.
template <class T>
Graph<T> without_dead(const Graph<T>& graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  for (const std::uint32_t r : graph.roots) live[r] = true;
  for (std::uint32_t n = graph.size(); n-- > 0;) {
    if (!live[n]) continue;
    for (const std::uint32_t x : graph.inputs_of(n)) live[x] = true;
  }
  Graph<T> out;
  out.tape = graph.tape;
  out.outputs = graph.outputs;
  std::vector<std::uint32_t> place(graph.nodes.size(), kNone), from;
  for (std::uint32_t n = 0; n < graph.size(); ++n) {
    if (!live[n]) continue;
    from.clear();
    for (const std::uint32_t x : graph.inputs_of(n)) from.push_back(place[x]);
    place[n] = out.append(graph.nodes[n], from);
  }
  for (const std::uint32_t r : graph.roots) out.roots.push_back(place[r]);
  return out;
}

}  // namespace

template <class T>
Graph<T> number(const Graph<T>& graph) {
  Graph<T> out;
  out.tape = graph.tape;
  out.outputs = graph.outputs;
  Numbers<T> numbers(graph);
  std::vector<std::uint32_t> place(graph.nodes.size());
  std::vector<std::uint32_t> from;
  const auto is_op = [&](std::uint32_t n, std::uint64_t id) {
    return out.nodes[n].kind == Kind::view && out.op(n).id == id;
  };
  constexpr std::uint64_t broadcast = hash_name("broadcast_to");
  for (std::uint32_t n = 0; n < graph.size(); ++n) {
    typename Graph<T>::Node node = graph.nodes[n];
    from.clear();
    for (const std::uint32_t x : graph.inputs_of(n)) {
      std::uint32_t at = place[x];
      while (node.kind == Kind::map && is_op(at, broadcast)) at = out.inputs_of(at)[0];
      from.push_back(at);
    }
    if (node.kind == Kind::product && graph.shape(n).rank() == 2 && out.shape(from[0])[-1] == 1) {
      node.kind = Kind::map;  // a column times a row
      node.instruction = static_cast<std::uint16_t>(instruction_of<math::Multiply>());
    }
    const bool known_by_itself = node.kind == Kind::leaf || node.kind == Kind::index || node.kind == Kind::placeholder;
    if (!known_by_itself && !graph.op(n).custom) {
      const std::uint32_t known = numbers.find_or_enter(out, node, from);
      if (known != kNone) {
        place[n] = known;
        continue;
      }
    }
    place[n] = out.append(node, from);
  }
  for (const std::uint32_t r : graph.roots) out.roots.push_back(place[r]);
  return without_dead(out);
}

template Graph<float> number(const Graph<float>&);
template Graph<double> number(const Graph<double>&);

}  // namespace wengert
