#include "autodiff/program/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace wengert {

template <class T>
Places<T>::Places(const Plan<T>& plan, const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
                  Executable<T>& out)
    : p_(plan), out_(out) {
  out_.arena = Buffer<T>(p_.arena);
  for (const auto& leaf : out_.leaves) leaf_at_.emplace(leaf.get(), static_cast<std::uint32_t>(leaf_at_.size()));
  leaf_.assign(g().size(), kNone);
  std::map<std::uint64_t, std::size_t> place_of;  // equal bits share a place
  std::vector<T> values;
  for (std::uint32_t n = 0; n < g().size(); ++n) {
    const typename Graph<T>::Node& node = g().nodes[n];
    if (node.cached) {
      leaf_[n] = static_cast<std::uint32_t>(out_.cached.size());
      out_.cached.push_back(cached(node.origin));
    } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
      leaf_[n] = leaf_of(node.origin);
    } else if (node.kind == Kind::constant) {
      const T value = g().tape->constant_value(node.origin);
      std::uint64_t bits = 0;
      std::memcpy(&bits, &value, sizeof value);
      const auto [at, is_new] = place_of.try_emplace(bits, values.size());
      if (is_new) values.push_back(value);
      constant_[n] = at->second;
    } else if (node.kind == Kind::placeholder) {
      throw nonlinear(n);
    }
  }
  constexpr auto lanes = static_cast<std::size_t>(kernels::kMaxLanes<T>);
  out_.constants = Buffer<T>(values.size() * lanes);
  for (std::size_t i = 0; i < values.size(); ++i) std::fill_n(out_.constants.data() + i * lanes, lanes, values[i]);
}

template <class T>
UsageError Places<T>::nonlinear(std::uint32_t placeholder) const {
  std::string rule = "a rule";
  std::vector<bool> reads(g().size(), false);
  for (std::uint32_t n = placeholder; n < g().size(); ++n) {
    reads[n] = n == placeholder || std::ranges::any_of(g().inputs_of(n), [&](std::uint32_t x) { return reads[x]; });
    const NodeId forward = g().tape->node(g().nodes[n].origin).forward;
    if (!reads[n] || forward == kNoNode) continue;
    const Node<T>& node = g().tape->node(forward);
    if (node.op->vjp_all == nullptr || node.op->doc != nullptr) continue;  // the library's own rules are linear
    rule = fmt::format("the rule of {} recorded at {}", node.op->name, to_string(node.where));
    break;
  }
  return UsageError(locate("jvp", rule + " is not linear in its cotangent, so it has no forward mode",
                           g().tape->node(g().nodes[placeholder].origin).where));
}

template <class T>
std::uint32_t Places<T>::leaf_of(NodeId origin) const {
  return leaf_at_.at(g().tape->leaf_storage(origin).get());
}

template <class T>
T* Places<T>::memory(std::uint32_t n) const {
  if (g().nodes[n].cached) return const_cast<T*>(out_.cached[leaf_[n]]->data());
  if (g().nodes[n].kind == Kind::leaf) return out_.leaves[leaf_[n]]->floats.data();
  if (p_.over[n] != kNoNode) return out_.leaves[leaf_of(p_.over[n])]->floats.data();
  if (p_.offset[n] == Plan<T>::nowhere) throw std::logic_error("wengert: a value without memory is read");
  return out_.arena.data() + p_.offset[n];
}

template <class T>
View<const T> Places<T>::view(std::uint32_t n) const {
  return {memory(g().base[n]), g().window(n)};
}

template <class T>
bool Places<T>::is_whole(std::uint32_t n) const {
  const Window window = g().window(n);
  return window.offset == 0 && window.is_contiguous() && g().shape(n).size() == g().shape(g().base[n]).size();
}

template <class T>
T* Places<T>::constant(std::uint32_t n) const {
  return out_.constants.data() + constant_.at(n) * static_cast<std::size_t>(kernels::kMaxLanes<T>);
}

template <class T>
T* Places<T>::number(T value) {
  constexpr auto lanes = static_cast<std::size_t>(kernels::kMaxLanes<T>);
  Buffer<T>& copies = out_.numbers.emplace_back(lanes);
  std::fill_n(copies.data(), lanes, value);
  return copies.data();
}

template class Places<float>;
template class Places<double>;

}  // namespace wengert
