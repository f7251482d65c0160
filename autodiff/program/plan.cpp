#include "autodiff/program/plan.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <stdexcept>

#include "autodiff/kernels/tile.hpp"
#include "autodiff/program/arena.hpp"

namespace wengert {

namespace {

template <class T>
class Planner {
 public:
  Planner(Graph<T> graph, Fused fused, std::vector<Assignment> assigns)
      : n_(graph.size()), groups_(static_cast<std::uint32_t>(fused.groups.size())) {
    p_.graph = std::move(graph);
    p_.fused = std::move(fused);
    p_.assigns = std::move(assigns);
  }

  Plan<T> operator()() {
    p_.over.assign(n_, kNoNode);
    p_.offset.assign(n_, Plan<T>::nowhere);
    count_uses();
    Select<T> select(g(), p_.fused, uses_, stored_);
    for (std::uint32_t q = 0; q < groups_; ++q) p_.entries.push_back(select(q));
    choose_in_place();
    // A value written over a leaf waits for the readers of the old one; where that waits for itself (a swap), copy.
    while (!order()) retreat();
    place();
    return std::move(p_);
  }

 private:
  const Graph<T>& g() const { return p_.graph; }
  std::uint32_t group_of(std::uint32_t n) const { return p_.fused.group_of[n]; }
  bool is_barrier(std::uint32_t n) const { return g().nodes[n].kind == Kind::view && g().op(n).barrier; }

  /// Which values need memory: those read in another group, by a product or a kernel, through a view, or wanted.
  void count_uses() {
    uses_.assign(n_, 0);
    stored_.assign(n_, false);
    for (std::uint32_t n = 0; n < n_; ++n) {
      if (is_end(g(), n) || g().nodes[n].kind == Kind::kernel) stored_[n] = true;
      if (is_barrier(n)) {
        ++uses_[g().inputs_of(n)[0]];
        continue;
      }
      for (const std::uint32_t x : g().inputs_of(n)) {
        ++uses_[x];
        if (g().nodes[n].kind != Kind::view && (g().base[x] != x || group_of(x) != group_of(n))) {
          stored_[g().base[x]] = true;
        }
      }
    }
    for (const std::uint32_t r : g().roots) {
      ++uses_[r];
      stored_[g().base[r]] = true;
    }
  }

  // ---- assigns -----------------------------------------------------------------------------------------------------

  void choose_in_place() {
    std::vector<bool> is_output(n_, false);
    for (std::size_t r = 0; r < g().outputs; ++r) is_output[g().base[g().roots[r]]] = true;
    for (std::uint32_t n = 0; n < n_; ++n) {
      if (g().nodes[n].kind == Kind::leaf && !g().nodes[n].cached) leaf_node_[g().nodes[n].origin] = n;
    }
    // A user's function may throw, and then no leaf has changed.
    bool may_throw = false;
    for (std::uint32_t n = 0; n < n_; ++n) may_throw |= g().nodes[n].kind == Kind::kernel && g().op(n).custom;
    if (may_throw) return;
    for (Assignment& a : p_.assigns) {
      a.in_place = !is_output[a.value] && can_be_written_over(a);
      if (a.in_place) p_.over[a.value] = a.leaf;
    }
  }
  std::uint32_t old_value(const Assignment& a) const {
    const auto at = leaf_node_.find(a.leaf);
    return at == leaf_node_.end() ? kNone : at->second;
  }
  bool can_be_written_over(const Assignment& a) const {
    const std::uint32_t v = a.value, old = old_value(a);
    if (g().is_source(v) || g().base[v] != v || p_.over[v] != kNoNode || is_end(g(), v) ||
        g().nodes[v].kind == Kind::rows || g().nodes[v].kind == Kind::kernel) {  // rows read an operand more than once
      return false;
    }
    if (old == kNone) return true;
    // Inside its own unit the old value must be read at the same place, and not after it is overwritten.
    const std::uint32_t q = group_of(v), product = p_.fused.groups[q].product;
    if (product != kNone) {
      for (const std::uint32_t x : g().inputs_of(product)) {
        if (g().base[x] == old) return false;
      }
      if (product == v) return true;
    }
    bool written = false;
    for (const Entry& e : p_.entries[q]) {
      for (const std::uint32_t x : e.x) {
        if (x == kNone || g().base[x] != old) continue;
        if (written || x != old || g().shape_id(old) != g().shape_id(v)) return false;
      }
      written |= e.y == v || e.y2 == v;
    }
    return true;
  }
  void retreat() {
    for (Assignment& a : p_.assigns) {
      if (!a.in_place || placed_[group_of(a.value)]) continue;
      a.in_place = false;
      p_.over[a.value] = kNoNode;
      return;
    }
    throw std::logic_error("wengert: groups depend on each other");
  }

  // ---- order -------------------------------------------------------------------------------------------------------

  bool order() {
    std::vector<std::vector<std::uint32_t>> next(groups_);
    std::vector<std::uint32_t> waits(groups_, 0), first(groups_, n_);
    std::vector<bool> allocates(groups_, false);
    const auto edge = [&](std::uint32_t from, std::uint32_t to) {
      if (from == kNone || to == kNone || from == to) return;
      next[from].push_back(to);
      ++waits[to];
    };
    std::vector<std::vector<std::uint32_t>> writers(n_);
    for (const Assignment& a : p_.assigns) {
      if (a.in_place && old_value(a) != kNone) writers[old_value(a)].push_back(group_of(a.value));
    }
    for (std::uint32_t n = 0; n < n_; ++n) {
      const std::uint32_t q = group_of(n);
      if (q == kNone) continue;
      first[q] = std::min(first[q], n);
      if (stored_[n] && p_.over[n] == kNoNode) allocates[q] = true;
      for (const std::uint32_t x : g().inputs_of(n)) {
        const std::uint32_t base = g().base[x];
        edge(group_of(base), q);
        for (std::uint32_t v = x; g().nodes[v].kind == Kind::view; v = g().inputs_of(v)[0]) {
          if (is_barrier(v)) edge(group_of(g().base[g().inputs_of(v)[1]]), q);
        }
        for (const std::uint32_t w : writers[base]) edge(q, w);
      }
    }
    // Units that need no new memory (updates) go first, then the order in which things were recorded.
    using Ready = std::tuple<bool, std::uint32_t, std::uint32_t>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    for (std::uint32_t q = 0; q < groups_; ++q) {
      if (waits[q] == 0) ready.emplace(allocates[q], first[q], q);
    }
    p_.order.clear();
    placed_.assign(groups_, false);
    while (!ready.empty()) {
      const std::uint32_t q = std::get<2>(ready.top());
      ready.pop();
      p_.order.push_back(q);
      placed_[q] = true;
      for (const std::uint32_t to : next[q]) {
        if (--waits[to] == 0) ready.emplace(allocates[to], first[to], to);
      }
    }
    return p_.order.size() == groups_;
  }

  // ---- memory ------------------------------------------------------------------------------------------------------

  std::size_t padded(std::uint32_t n) const {
    constexpr std::size_t line = kAlignment / sizeof(T);
    return (static_cast<std::size_t>(g().shape(n).size()) + line - 1) / line * line;
  }

  void place() {
    std::vector<std::uint32_t> at(groups_);
    for (std::uint32_t i = 0; i < groups_; ++i) at[p_.order[i]] = i;
    last_.assign(n_, 0);
    for (std::uint32_t n = 0; n < n_; ++n) {
      if (group_of(n) == kNone) continue;
      last_[n] = std::max(last_[n], at[group_of(n)]);
      for (const std::uint32_t x : g().inputs_of(n)) last_[g().base[x]] = std::max(last_[g().base[x]], at[group_of(n)]);
    }
    for (const std::uint32_t r : g().roots) last_[g().base[r]] = groups_;
    p_.product_result.assign(groups_, kNone);
    p_.product_lies.assign(groups_, kNone);
    p_.product_offset.assign(groups_, Plan<T>::nowhere);
    p_.bias.assign(groups_, kNone);
    moved_.assign(n_, false);
    std::vector<std::vector<std::uint32_t>> dies(groups_ + 1);
    for (std::uint32_t i = 0; i < groups_; ++i) {
      const std::uint32_t q = p_.order[i];
      const Group& group = p_.fused.groups[q];
      std::vector<std::uint32_t> results;
      for (const Entry& e : p_.entries[q]) {
        if (e.y != kNone) results.push_back(e.y);
        if (e.y2 != kNone) results.push_back(e.y2);
      }
      for (const std::uint32_t n : group.nodes) {
        if (g().nodes[n].kind == Kind::kernel) results.push_back(n);
      }
      for (const std::uint32_t y : results) {
        if (!stored_[y] || p_.over[y] != kNoNode) continue;
        const std::uint32_t x = dying_operand(q, i, y);
        if (x != kNone) {
          p_.offset[y] = p_.offset[x];
          moved_[x] = true;
        } else {
          p_.offset[y] = arena_.take(padded(y));
        }
        dies[last_[y]].push_back(y);
      }
      if (group.product != kNone) place_product(q, dies);
      for (const std::uint32_t y : dies[i]) {
        if (!moved_[y]) arena_.give_back(p_.offset[y], padded(y));
      }
    }
    p_.arena = arena_.top();
  }

  /// A value whose last reader is group q, all of whose readings are at the place where y is written, and not after: y
  /// may be written over it.
  std::uint32_t dying_operand(std::uint32_t q, std::uint32_t i, std::uint32_t y) const {
    const Group& group = p_.fused.groups[q];
    if (g().nodes[y].kind != Kind::map) return kNone;
    std::size_t writes = 0;
    const std::vector<Entry>& entries = p_.entries[q];
    for (std::size_t e = 0; e < entries.size(); ++e) {
      if (entries[e].y == y || entries[e].y2 == y) writes = e;
    }
    for (const std::uint32_t x : entries[writes].x) {
      if (x == kNone || p_.offset[x] == Plan<T>::nowhere || group_of(x) == q || last_[x] != i || moved_[x] ||
          g().shape_id(x) != g().shape_id(y)) {
        continue;
      }
      bool safe = true;
      if (group.product != kNone) {
        for (const std::uint32_t o : g().inputs_of(group.product)) safe &= g().base[o] != x;
      }
      for (std::size_t e = 0; safe && e < entries.size(); ++e) {
        for (const std::uint32_t o : entries[e].x) {
          if (o == kNone || g().base[o] != x) continue;
          safe &= o == x && e <= writes;
        }
      }
      if (safe) return x;
    }
    return kNone;
  }

  void place_product(std::uint32_t q, std::vector<std::vector<std::uint32_t>>& dies) {
    const std::uint32_t m = p_.fused.groups[q].product;
    std::vector<Entry>& entries = p_.entries[q];
    const auto give_memory = [&](std::uint32_t c) {
      if (!stored_[c] || p_.over[c] != kNoNode || p_.offset[c] != Plan<T>::nowhere) return;
      p_.offset[c] = arena_.take(padded(c));
      dies[last_[c]].push_back(c);
    };
    // z = A B + bias: the bias is where the sums start.
    std::uint32_t c = m;
    if (!entries.empty() && entries[0].instruction == kernels::instruction_of<math::Add>() && uses_[m] == 1 &&
        g().shape(m).rank() == 2) {
      for (const std::size_t i : {0u, 1u}) {
        const std::uint32_t b = entries[0].x[1 - i];
        if (entries[0].x[i] != m || b == kNone || g().nodes[b].kind == Kind::constant || group_of(b) == q) continue;
        const Shape& s = g().shape(b);
        if (s.size() != g().shape(m)[-1] || (s.rank() > 0 && s[-1] != s.size()) || !g().window(b).is_contiguous())
          continue;
        p_.bias[q] = b;
        c = entries[0].y;
        entries.erase(entries.begin());
        break;
      }
    }
    p_.product_result[q] = c;
    give_memory(c);
    if (stored_[c]) {
      p_.product_lies[q] = c;
      return;
    }
    // It borrows the memory of a result that is written when the product has been read for the last time.
    std::size_t read = 0;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      for (const std::uint32_t x : entries[e].x) read = x == c ? e : read;
    }
    for (std::size_t e = read; e < entries.size(); ++e) {
      const std::uint32_t y = entries[e].y;
      if (y == kNone || !stored_[y] || p_.over[y] != kNoNode || g().shape_id(y) != g().shape_id(c) ||
          g().nodes[y].kind != Kind::map || overlaps_operand(entries, y)) {
        continue;
      }
      p_.product_lies[q] = y;
      return;
    }
    p_.product_offset[q] = arena_.take(padded(c));
    arena_.give_back(p_.product_offset[q], padded(c));
  }
  /// True if y was placed over an operand of the group.
  bool overlaps_operand(const std::vector<Entry>& entries, std::uint32_t y) const {
    for (const Entry& e : entries) {
      for (const std::uint32_t x : e.x) {
        if (x != kNone && g().base[x] != y && p_.offset[g().base[x]] == p_.offset[y]) return true;
      }
    }
    return false;
  }

  Plan<T> p_;
  std::uint32_t n_, groups_;
  std::vector<std::uint32_t> uses_, last_;
  std::vector<bool> stored_, placed_, moved_;
  std::map<NodeId, std::uint32_t> leaf_node_;
  Arena arena_;
};

}  // namespace

template <class T>
Plan<T> plan(Graph<T> graph, Fused fused, std::vector<Assignment> assigns) {
  return Planner<T>(std::move(graph), std::move(fused), std::move(assigns))();
}

template Plan<float> plan(Graph<float>, Fused, std::vector<Assignment>);
template Plan<double> plan(Graph<double>, Fused, std::vector<Assignment>);

}  // namespace wengert
