#include "autodiff/program/plan.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <stdexcept>

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
    count_uses();
    Select<T> select(g(), p_.fused, uses_);
    for (std::uint32_t q = 0; q < groups_; ++q) p_.entries.push_back(select(q));
    choose_in_place();
    // A value written over a leaf waits for the readers of the old one; where that waits for itself (a swap), copy.
    while (!order()) retreat();
    place(p_, uses_);
    return std::move(p_);
  }

 private:
  const Graph<T>& g() const { return p_.graph; }
  std::uint32_t group_of(std::uint32_t n) const { return p_.fused.group_of[n]; }
  bool is_barrier(std::uint32_t n) const { return g().nodes[n].kind == Kind::view && g().op(n).barrier; }

  /// Which values need memory: those read in another group, by a product or a kernel, through a view, or wanted.
  void count_uses() {
    uses_.count.assign(n_, 0);
    uses_.stored.assign(n_, false);
    for (std::uint32_t n = 0; n < n_; ++n) {
      if (is_end(g(), n) || g().nodes[n].kind == Kind::kernel) uses_.stored[n] = true;
      if (is_barrier(n)) {
        ++uses_.count[g().inputs_of(n)[0]];
        continue;
      }
      for (const std::uint32_t x : g().inputs_of(n)) {
        ++uses_.count[x];
        if (g().nodes[n].kind != Kind::view && (g().base[x] != x || group_of(x) != group_of(n))) {
          uses_.stored[g().base[x]] = true;
        }
      }
    }
    for (const std::uint32_t r : g().roots) {
      ++uses_.count[r];
      uses_.stored[g().base[r]] = true;
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
      if (uses_.stored[n] && p_.over[n] == kNoNode) allocates[q] = true;
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

  Plan<T> p_;
  std::uint32_t n_, groups_;
  Uses uses_;
  std::vector<bool> placed_;  ///< groups that have their turn
  std::map<NodeId, std::uint32_t> leaf_node_;
};

}  // namespace

template <class T>
Plan<T> plan(Graph<T> graph, Fused fused, std::vector<Assignment> assigns) {
  return Planner<T>(std::move(graph), std::move(fused), std::move(assigns))();
}

template Plan<float> plan(Graph<float>, Fused, std::vector<Assignment>);
template Plan<double> plan(Graph<double>, Fused, std::vector<Assignment>);

}  // namespace wengert
