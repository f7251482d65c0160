#include <algorithm>

#include "autodiff/kernels/tile.hpp"
#include "autodiff/program/arena.hpp"
#include "autodiff/program/plan.hpp"

namespace wengert {

namespace {

template <class T>
class Placement {
 public:
  Placement(Plan<T>& plan, const Uses& uses)
      : p_(plan), uses_(uses), n_(plan.graph.size()), groups_(static_cast<std::uint32_t>(plan.fused.groups.size())) {}

  void operator()() {
    p_.offset.assign(n_, Plan<T>::nowhere);
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
        if (!uses_.stored[y] || p_.over[y] != kNoNode) continue;
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

 private:
  const Graph<T>& g() const { return p_.graph; }
  std::uint32_t group_of(std::uint32_t n) const { return p_.fused.group_of[n]; }

  std::size_t padded(std::uint32_t n) const {
    constexpr std::size_t line = kAlignment / sizeof(T);
    return (static_cast<std::size_t>(g().shape(n).size()) + line - 1) / line * line;
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
      if (!uses_.stored[c] || p_.over[c] != kNoNode || p_.offset[c] != Plan<T>::nowhere) return;
      p_.offset[c] = arena_.take(padded(c));
      dies[last_[c]].push_back(c);
    };
    // z = A B + bias: the bias is where the sums start.
    std::uint32_t c = m;
    if (!entries.empty() && entries[0].instruction == kernels::instruction_of<math::Add>() && uses_.count[m] == 1 &&
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
    if (uses_.stored[c]) {
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
      if (y == kNone || !uses_.stored[y] || p_.over[y] != kNoNode || g().shape_id(y) != g().shape_id(c) ||
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

  Plan<T>& p_;
  const Uses& uses_;
  std::uint32_t n_, groups_;
  std::vector<std::uint32_t> last_;  ///< per node: the place in the order of its last reader
  std::vector<bool> moved_;          ///< per node: another value lies in its memory now
  Arena arena_;
};

}  // namespace

template <class T>
void place(Plan<T>& plan, const Uses& uses) {
  Placement<T>(plan, uses)();
}

template void place(Plan<float>&, const Uses&);
template void place(Plan<double>&, const Uses&);

}  // namespace wengert
