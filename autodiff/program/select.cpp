#include <algorithm>

#include "autodiff/program/plan.hpp"

namespace wengert {

using kernels::instruction;
using kernels::instruction_of;
using kernels::Special;

template <class T>
Select<T>::Select(const Graph<T>& graph, const Fused& fused, const Uses& uses)
    : graph_(graph), fused_(fused), uses_(uses), users_(graph) {
  done_.assign(graph.nodes.size(), false);
  folded_.assign(graph.nodes.size(), false);
}

template <class T>
bool Select<T>::folds(std::uint32_t m, kernels::Instruction instruction, std::uint32_t n) const {
  return graph_.is(m, instruction) && fused_.group_of[m] == fused_.group_of[n] &&
         graph_.shape_id(m) == graph_.shape_id(n) && uses_.count[m] == 1 && !uses_.stored[m];
}

template <class T>
std::uint32_t Select<T>::adaptive_factor(std::uint32_t product, std::uint32_t n) const {
  const auto factors = graph_.inputs_of(product);
  for (const std::uint32_t quotient : factors) {
    if (!folds(quotient, instruction_of<math::Divide>(), n)) continue;
    const std::uint32_t below = graph_.inputs_of(quotient)[1];
    if (!folds(below, instruction_of<math::Add>(), n)) continue;
    if (folds(graph_.inputs_of(below)[0], instruction_of<math::Sqrt>(), n)) return quotient;
  }
  return kNone;
}

/// Products read once, by a sum of the same group, become part of it.
template <class T>
void Select<T>::fold_products(std::uint32_t group) {
  for (const std::uint32_t n : fused_.groups[group].nodes) {
    const bool sum = graph_.is(n, instruction_of<math::Add>());
    if (!sum && !graph_.is(n, instruction_of<math::Subtract>())) continue;
    const auto x = graph_.inputs_of(n);
    if (x[0] == x[1]) continue;
    for (const std::size_t i : {1u, 0u}) {
      const std::uint32_t m = x[i];
      const bool multiply = folds(m, instruction_of<math::Multiply>(), n);
      if (!multiply && !(sum && folds(m, instruction_of<math::Chain>(), n))) continue;
      fold(m);
      if (sum && multiply && i == 1 && folds(x[0], instruction_of<math::Multiply>(), n)) fold(x[0]);
      const std::uint32_t quotient = !sum && i == 1 ? adaptive_factor(m, n) : kNone;
      if (quotient != kNone) {
        const std::uint32_t below = graph_.inputs_of(quotient)[1];
        for (const std::uint32_t part : {quotient, below, graph_.inputs_of(below)[0]}) fold(part);
      }
      break;
    }
  }
}

template <class T>
Entry Select<T>::entry(std::uint32_t n, std::uint32_t group) {
  Entry e;
  e.y = n;
  e.instruction = kernels::Instruction{graph_.nodes[n].instruction};
  const auto x = graph_.inputs_of(n);
  const auto take_operands = [&](std::span<const std::uint32_t> from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      (graph_.nodes[from[i]].kind == Kind::index ? e.label : e.x[i]) = from[i];
    }
  };
  take_operands(x);
  if (graph_.nodes[n].kind == Kind::reduce) {
    e.end = is_end(graph_, n);
    if (graph_.op(n).factor != nullptr) e.factor = graph_.op(n).factor(graph_.attributes(n));
    return e;
  }
  const bool sum = graph_.is(n, instruction_of<math::Add>());
  if (sum || graph_.is(n, instruction_of<math::Subtract>())) {
    for (const std::size_t i : {1u, 0u}) {
      const std::uint32_t m = x[i], other = x[1 - i];
      const auto is_folded = [&](std::uint32_t node) { return fused_.group_of[node] == group && folded_[node]; };
      if (!is_folded(m)) continue;
      const auto factors = graph_.inputs_of(m);
      const auto set = [&](Special special, std::initializer_list<std::uint32_t> operands) {
        e.instruction = instruction(special);
        e.x.fill(kNone);
        std::ranges::copy(operands, e.x.begin());
      };
      if (const std::size_t q = is_folded(factors[0]) ? 0 : 1; !sum && is_folded(factors[q])) {
        const auto quotient = graph_.inputs_of(factors[q]), below = graph_.inputs_of(quotient[1]);
        set(Special::adaptive_step, {other, factors[1 - q], quotient[0], graph_.inputs_of(below[0])[0], below[1]});
      } else if (sum && is_folded(other)) {
        const auto others = graph_.inputs_of(other);
        set(Special::sum_of_products, {factors[0], factors[1], others[0], others[1]});
      } else {
        set(graph_.is(m, instruction_of<math::Chain>()) ? Special::chain_add
            : sum                                       ? Special::fused_multiply_add
            : i == 1                                    ? Special::fused_negative_multiply_add
                                                        : Special::fused_multiply_subtract,
            {factors[0], factors[1], other});
      }
      return e;
    }
  }
  const std::uint32_t p = partner(graph_, users_, n);
  if (p != kNone && fused_.group_of[p] == group && !done_[p]) {
    done_[p] = true;
    // One of the two names the pair; the other may have preferred another partner, and reads all of its inputs or more.
    const bool n_names = graph_.op(n).partner == graph_.op(p).id;
    const OpTable<T>& op = graph_.op(n_names ? n : p);
    e.instruction = kernels::Instruction{op.pair};
    e.y2 = p;
    if (op.pair_second == n_names) std::swap(e.y, e.y2);
    take_operands(graph_.inputs_of(p));
  }
  return e;
}

template <class T>
std::vector<Entry> Select<T>::operator()(std::uint32_t group) {
  fold_products(group);
  std::vector<Entry> entries;
  entries.reserve(fused_.groups[group].nodes.size());
  for (const std::uint32_t n : fused_.groups[group].nodes) {
    if (done_[n] || graph_.nodes[n].kind == Kind::kernel) continue;
    done_[n] = true;
    entries.push_back(entry(n, group));
  }
  return entries;
}

template class Select<float>;
template class Select<double>;

}  // namespace wengert
