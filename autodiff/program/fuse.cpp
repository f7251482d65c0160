#include <algorithm>
#include <limits>
#include <numeric>

#include "autodiff/kernels/tile.hpp"
#include "autodiff/program/graph.hpp"

namespace wengert {

template <class T>
bool is_row_value(const Graph<T>& graph, std::uint32_t n) {
  // A reduction along the last axis could be one too, once there is an instruction that sets its result.
  return graph.nodes[n].kind == Kind::rows && graph.op(n).row_result;
}

template <class T>
bool is_tile(const Graph<T>& graph, std::uint32_t n) {
  const Kind kind = graph.nodes[n].kind;
  if (kind == Kind::map) return true;
  if (kind == Kind::rows) return graph.shape(graph.inputs_of(n)[0])[-1] <= kernels::kTile<T>;
  return is_row_value(graph, n);
}

template <class T>
bool is_end(const Graph<T>& graph, std::uint32_t n) {
  return graph.nodes[n].kind == Kind::reduce && !is_row_value(graph, n);
}

namespace {

/// The same numbers over the same extent, and no two different integers.
template <class T>
bool same_inputs(const Graph<T>& graph, std::uint32_t a, std::uint32_t b) {
  auto few = graph.inputs_of(a), many = graph.inputs_of(b);
  if (few.size() > many.size()) std::swap(few, many);
  const auto is_index = [&](std::uint32_t x) { return graph.nodes[x].kind == Kind::index; };
  return std::ranges::equal(few, many.first(few.size())) && std::ranges::all_of(many.subspan(few.size()), is_index) &&
         graph.shape_id(home(graph, a)) == graph.shape_id(home(graph, b));
}

/// The node that n's operation names as the other of its pair.
template <class T>
std::uint32_t named_partner(const Graph<T>& graph, const Users& users, std::uint32_t n) {
  const auto& node = graph.nodes[n];
  const OpTable<T>& op = graph.op(n);
  if (op.pair == 0xFFFF || node.instruction != op.instruction) return kNone;
  for (const std::uint32_t c : users(graph.inputs_of(n)[0])) {
    if (c != n && graph.nodes[c].kind == node.kind && graph.op(c).id == op.partner && same_inputs(graph, c, n))
      return c;
  }
  return kNone;
}

}  // namespace

template <class T>
std::uint32_t partner(const Graph<T>& graph, const Users& users, std::uint32_t n) {
  const auto& node = graph.nodes[n];
  if ((node.kind != Kind::map && node.kind != Kind::rows) || !is_tile(graph, n)) return kNone;
  if (graph.op(n).pair == 0xFFFF) return kNone;
  const std::uint32_t p = named_partner(graph, users, n);
  if (p != kNone) {
    const std::uint32_t other = named_partner(graph, users, p);
    return other == n || other == kNone ? p : kNone;
  }
  for (const std::uint32_t c : users(graph.inputs_of(n)[0])) {  // one that names n, which found none itself
    if (c != n && graph.nodes[c].kind == node.kind && named_partner(graph, users, c) == n) return c;
  }
  return kNone;
}

namespace {

template <class T>
class Fuse {
 public:
  explicit Fuse(const Graph<T>& graph) : g_(graph), users_(graph), n_(graph.size()) {
    tile_.resize(n_), end_.resize(n_), row_.resize(n_), root_.assign(n_, false);
    for (std::uint32_t i = 0; i < n_; ++i)
      tile_[i] = is_tile(g_, i), end_[i] = is_end(g_, i), row_[i] = is_row_value(g_, i);
    for (const std::uint32_t r : g_.roots) root_[r] = true;
  }

  Fused operator()() {
    find_stages();
    connect();
    join_products();
    join_reductions();
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (out_.group_of[i] != kNone && g_.nodes[i].kind != Kind::product)
        out_.groups[out_.group_of[i]].nodes.push_back(i);
    }
    return std::move(out_);
  }

 private:
  std::uint32_t extent(std::uint32_t n) const { return g_.shape_id(home(g_, n)); }

  /// True if n can read x inside one group. A reduction runs beside its input, so that values feeding both a loss and a
  /// slope stay together.
  bool fusible(std::uint32_t x, std::uint32_t n) const {
    if (!tile_[x] || extent(x) != extent(n)) return false;
    return tile_[n] || (end_[n] && !row_[x]);
  }

  /// How many stages later than x its reader n runs, at least. A view computes nothing: who reads it waits for x.
  int cut(std::uint32_t x, std::uint32_t n) const {
    if (g_.nodes[n].kind == Kind::view) return g_.nodes[x].kind == Kind::product ? 1 : 0;
    return fusible(x, n) ? 0 : 1;
  }

  void find_stages() {
    stage_.assign(n_, 0);
    std::vector<bool> shrinks(n_, false);
    for (std::uint32_t i = n_; i-- > 0;) {
      int s = 0;
      bool only_reduced = tile_[i] && !root_[i];
      for (const std::uint32_t c : users_(i)) {
        s = std::min(s, stage_[c] - cut(i, c));
        only_reduced &= end_[c] || shrinks[c];
      }
      stage_[i] = s;
      shrinks[i] = only_reduced && !users_(i).empty();
    }
    // What only feeds reductions runs as early as it can, beside the values it reads: it leaves a number, not a tensor.
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (!shrinks[i]) continue;
      constexpr int none = std::numeric_limits<int>::min();
      int s = none;
      for (const std::uint32_t x : g_.inputs_of(i)) {
        if (!g_.is_source(x)) s = std::max(s, stage_[x] + cut(x, i));
      }
      if (s != none) stage_[i] = std::min(stage_[i], s);
    }
    // Two functions of one input that share their work run together: the slope beside the value, so that its exact form
    // costs no second exponential.
    for (std::uint32_t i = 0; i < n_; ++i) {
      const std::uint32_t p = partner(g_, users_, i);
      if (p != kNone) stage_[i] = stage_[p] = std::min(stage_[i], stage_[p]);
    }
  }

  std::uint32_t find(std::uint32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }

  void connect() {
    parent_.resize(n_);
    std::iota(parent_.begin(), parent_.end(), 0u);
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (!tile_[i]) continue;
      for (const std::uint32_t x : g_.inputs_of(i)) {
        if (fusible(x, i) && stage_[x] == stage_[i]) parent_[find(x)] = find(i);
      }
      const std::uint32_t p = partner(g_, users_, i);
      if (p != kNone) parent_[find(p)] = find(i);
    }
    out_.group_of.assign(n_, kNone);
    std::vector<std::uint32_t> open(n_, kNone);
    std::vector<std::size_t> size;
    for (std::uint32_t i = 0; i < n_; ++i) {
      const Kind kind = g_.nodes[i].kind;
      if (tile_[i]) {
        std::uint32_t& group = open[find(i)];
        if (group == kNone || size[group] >= kMaxGroup) group = fresh(size);
        ++size[group];
        out_.group_of[i] = group;
      } else if (kind == Kind::kernel || kind == Kind::rows) {
        out_.group_of[i] = fresh(size);
      }
    }
  }
  std::uint32_t fresh(std::vector<std::size_t>& size) {
    size.push_back(0);
    return fresh();
  }
  std::uint32_t fresh() {
    out_.groups.emplace_back();
    return static_cast<std::uint32_t>(out_.groups.size() - 1);
  }

  /// A product produces for the group that reads it, if that group is the only one and runs next.
  void join_products() {
    for (std::uint32_t i = n_; i-- > 0;) {
      if (g_.nodes[i].kind != Kind::product) continue;
      std::uint32_t to = kNone;
      bool alone = !root_[i];
      for (const std::uint32_t c : users_(i)) {
        const bool reads = tile_[c] && extent(c) == g_.shape_id(i) && stage_[c] == stage_[i] + 1;
        if (reads && to == kNone) to = out_.group_of[c];
        if (reads) alone &= out_.group_of[c] == to;
      }
      for (const std::uint32_t c : users_(i)) alone &= end_[c] || stage_[c] > stage_[i] + 1 || out_.group_of[c] == to;
      if (to == kNone || !alone || out_.groups[to].product != kNone) to = fresh();
      out_.groups[to].product = i;
      out_.group_of[i] = to;
    }
  }

  void join_reductions() {
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (!end_[i]) continue;
      const std::uint32_t x = g_.inputs_of(i)[0];
      const bool beside = out_.group_of[x] != kNone && (g_.nodes[x].kind == Kind::product || fusible(x, i));
      out_.group_of[i] = beside ? out_.group_of[x] : fresh();
    }
  }

  const Graph<T>& g_;
  Users users_;
  std::uint32_t n_;
  std::vector<bool> tile_, end_, row_, root_;
  std::vector<std::uint32_t> parent_;
  std::vector<int> stage_;
  Fused out_;
};

}  // namespace

template <class T>
Fused fuse(const Graph<T>& graph) {
  return Fuse<T>(graph)();
}

#define INSTANTIATE(T)                                                          \
  template Fused fuse(const Graph<T>&);                                         \
  template std::uint32_t partner(const Graph<T>&, const Users&, std::uint32_t); \
  template bool is_row_value(const Graph<T>&, std::uint32_t);                   \
  template bool is_tile(const Graph<T>&, std::uint32_t);                        \
  template bool is_end(const Graph<T>&, std::uint32_t)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
