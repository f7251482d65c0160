#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>

#include "autodiff/program/unit.hpp"
#include "autodiff/tensor/error.hpp"

namespace wengert {

namespace {

using kernels::Instruction;
using kernels::instruction;
using kernels::Operand;
using kernels::Place;
using kernels::Special;
using kernels::Step;

std::size_t at(int axis) { return static_cast<std::size_t>(axis); }

/// How the axes of a group's home become outer axes, rows and columns: neighbours merge where every operand allows.
struct Arrangement {
  std::vector<int> axes;              ///< innermost axis of each run of merged axes
  std::vector<std::int64_t> extents;  ///< of the runs
};

Arrangement arrange(const Shape& home, const std::vector<Strides>& operands, bool keep_last) {
  Arrangement out;
  for (int axis = 0; axis < home.rank(); ++axis) {
    const bool last = keep_last && axis == home.rank() - 1;
    if (home[axis] == 1 && !last) continue;
    bool merges = !out.axes.empty() && !last;
    for (const Strides& s : operands) {
      if (merges) merges = s[at(out.axes.back())] == s[at(axis)] * home[axis];
    }
    if (merges) {
      out.axes.back() = axis;
      out.extents.back() *= home[axis];
    } else {
      out.axes.push_back(axis);
      out.extents.push_back(home[axis]);
    }
  }
  return out;
}

template <class T>
class Emit {
 public:
  Emit(const Plan<T>& plan, const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
       std::vector<std::shared_ptr<LeafStorage<T>>> leaves)
      : p_(plan), cached_(cached), out_(std::make_unique<Executable<T>>()) {
    out_->leaves = std::move(leaves);
  }

  std::unique_ptr<Executable<T>> operator()() {
    bind_sources();
    out_->arena = Buffer<T>(p_.arena);
    out_->units.reserve(p_.order.size());
    for (const std::uint32_t q : p_.order) emit(q);
    finish();
    return std::move(out_);
  }

 private:
  const Graph<T>& g() const { return p_.graph; }

  // ---- where values lie -------------------------------------------------------------------------------------------

  void bind_sources() {
    std::map<std::uint64_t, std::size_t> constants;
    leaf_.assign(g().size(), kNone);
    for (std::uint32_t n = 0; n < g().size(); ++n) {
      const typename Graph<T>::Node& node = g().nodes[n];
      if (node.cached) {
        leaf_[n] = static_cast<std::uint32_t>(out_->cached.size());
        out_->cached.push_back(cached_(node.origin));
      } else if (node.kind == Kind::leaf || node.kind == Kind::index) {
        leaf_[n] = leaf_of(node.origin);
      } else if (node.kind == Kind::constant) {
        T value = g().tape->constant_value(node.origin);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof value);
        constant_[n] = constants.try_emplace(bits, constants.size()).first->second;
        values_.resize(constants.size(), T(0));
        values_[constant_[n]] = value;
      } else if (node.kind == Kind::placeholder) {
        throw nonlinear(n);
      }
    }
    constexpr auto lanes = static_cast<std::size_t>(kernels::kMaxLanes<T>);
    out_->constants = Buffer<T>(constants.size() * lanes);
    for (std::size_t i = 0; i < values_.size(); ++i) std::fill_n(out_->constants.data() + i * lanes, lanes, values_[i]);
  }
  /// Only a rule that is not linear in its cotangent leaves something of it to be evaluated: one of the user's.
  UsageError nonlinear(std::uint32_t placeholder) const {
    std::string rule = "a rule";
    std::vector<bool> reads(g().size(), false);
    for (std::uint32_t n = placeholder; n < g().size(); ++n) {
      reads[n] = n == placeholder || std::ranges::any_of(g().inputs_of(n), [&](std::uint32_t x) { return reads[x]; });
      const NodeId forward = g().tape->node(g().nodes[n].origin).forward;
      if (!reads[n] || forward == kNoNode || g().tape->node(forward).op->vjp_all == nullptr) continue;
      const Node<T>& node = g().tape->node(forward);
      rule = fmt::format("the rule of {} recorded at {}", node.op->name, to_string(node.where));
      break;
    }
    return UsageError(locate("jvp", rule + " is not linear in its cotangent, so it has no forward mode",
                             g().tape->node(g().nodes[placeholder].origin).where));
  }
  std::uint32_t leaf_of(NodeId origin) {
    const auto at = std::ranges::find(out_->leaves, g().tape->leaf_storage(origin));
    return static_cast<std::uint32_t>(at - out_->leaves.begin());
  }

  /// Memory of a node that is no view.
  T* memory(std::uint32_t n) {
    if (g().nodes[n].cached) return const_cast<T*>(out_->cached[leaf_[n]]->data());
    if (g().nodes[n].kind == Kind::leaf) return out_->leaves[leaf_[n]]->floats.data();
    if (p_.over[n] != kNoNode) return out_->leaves[leaf_of(p_.over[n])]->floats.data();
    if (p_.offset[n] == Plan<T>::nowhere) throw std::logic_error("wengert: a value without memory is read");
    return out_->arena.data() + p_.offset[n];
  }
  View<const T> view(std::uint32_t n) { return {memory(g().base[n]), g().window[n]}; }

  // ---- units ------------------------------------------------------------------------------------------------------

  void emit(std::uint32_t q) {
    const Group& group = p_.fused.groups[q];
    out_->units.emplace_back();
    Unit<T>& unit = out_->units.back();
    const std::uint32_t first = group.product != kNone ? group.product : group.nodes.front();
    unit.where = g().tape->node(g().nodes[first].origin).where;
    if (group.product != kNone) unit.names.push_back("matmul");
    for (const std::uint32_t n : group.nodes) unit.names.push_back(name(n));
    for (const std::uint32_t n : group.nodes) check_indices(n);
    if (group.product == kNone && g().nodes[first].kind == Kind::kernel) {
      emit_kernel(unit, first);
      return;
    }
    if (group.product != kNone) emit_product(unit, q);
    if (!p_.entries[q].empty()) emit_tiles(unit, q);
  }

  std::string_view name(std::uint32_t n) const {
    if (g().nodes[n].copied || g().is(n, kernels::instruction_of<math::Copy>())) return "copy";
    return g().op(n).name == "matmul" ? "outer" : g().op(n).name;
  }

  void check_indices(std::uint32_t n) {
    if (g().nodes[n].kind == Kind::map || g().nodes[n].copied || g().op(n).index_bound == nullptr) return;
    std::vector<Shape> shapes;
    for (const std::uint32_t x : g().inputs_of(n)) shapes.push_back(g().shape(x));
    for (const std::uint32_t x : g().inputs_of(n)) {
      if (g().nodes[x].kind != Kind::index) continue;
      const std::int64_t bound = g().op(n).index_bound(g().attributes(n), shapes);
      const auto same = [&](const auto& c) { return c.leaf == leaf_[x] && c.bound == bound; };
      if (std::ranges::any_of(out_->checks, same)) continue;
      out_->checks.push_back({leaf_[x], bound, g().op(n).name, g().tape->node(g().nodes[n].origin).where});
    }
  }

  void emit_kernel(Unit<T>& unit, std::uint32_t n) {
    for (const std::uint32_t x : g().inputs_of(n)) {
      const bool integers = g().nodes[x].kind == Kind::index;
      if (integers) {
        unit.index.push_back(out_->leaves[leaf_[x]]->integers.data());
      } else {
        unit.in.push_back(view(x));
      }
    }
    unit.out = View<T>(memory(n), g().shape(n));
    if (g().nodes[n].copied) {
      unit.kind = UnitKind::copy;
      return;
    }
    unit.kind = UnitKind::kernel;
    unit.op = &g().op(n);
    if (g().attributes(n) != nullptr) std::memcpy(unit.attributes, g().attributes(n), unit.op->attribute_bytes);
    if (unit.op->owner != nullptr) unit.owner = unit.op->owner(unit.attributes);
  }

  T* product_memory(std::uint32_t q) {
    return p_.product_lies[q] != kNone ? memory(p_.product_lies[q]) : out_->arena.data() + p_.product_offset[q];
  }

  void emit_product(Unit<T>& unit, std::uint32_t q) {
    unit.kind = UnitKind::product;
    const std::uint32_t n = p_.fused.groups[q].product;
    const View<const T> a = view(g().inputs_of(n)[0]), b = view(g().inputs_of(n)[1]);
    const Shape& shape = g().shape(n);
    const int rank = shape.rank();
    kernels::Gemm<T>& gemm = unit.gemm;
    gemm.m = shape[-2];
    gemm.n = shape[-1];
    gemm.k = a.shape[-1];
    gemm.a = a.data;
    gemm.b = b.data;
    gemm.c = product_memory(q);
    gemm.c_row = gemm.n;
    const auto strides = [](const View<const T>& v, std::ptrdiff_t& row, std::ptrdiff_t& col) {
      row = v.strides[at(v.shape.rank() - 2)];
      col = v.strides[at(v.shape.rank() - 1)];
      // An axis of length 1 has any stride: say the one that makes the other look contiguous.
      if (v.shape[-2] == 1) row = v.shape[-1];
      if (v.shape[-1] == 1) col = row == 1 ? v.shape[-2] : 1;
    };
    strides(a, gemm.a_row, gemm.a_col);
    strides(b, gemm.b_row, gemm.b_col);
    if (p_.bias[q] != kNone) gemm.bias = view(p_.bias[q]).data;
    if (rank == 2) return;
    const Shape batch(shape.dims().first(at(rank - 2)));
    for (const auto& [operand, offsets] : {std::pair(&a, &unit.a_offsets), std::pair(&b, &unit.b_offsets)}) {
      const int own = operand->shape.rank() - 2;
      const Window matrices =
          stretched(Window(0, Shape(operand->shape.dims().first(at(own))), operand->strides), batch);
      offsets->reserve(at(static_cast<int>(batch.size())));
      for (std::int64_t i = 0; i < batch.size(); ++i) {
        std::int64_t rest = i, offset = 0;
        for (int axis = rank - 2; axis-- > 0;) {
          offset += rest % batch[axis] * matrices.strides[at(axis)];
          rest /= batch[axis];
        }
        offsets->push_back(offset);
      }
    }
    if (batch.size() == 0) gemm.m = 0;
  }

  // ---- tile programs ----------------------------------------------------------------------------------------------

  void emit_tiles(Unit<T>& unit, std::uint32_t q) {
    const Group& group = p_.fused.groups[q];
    const std::vector<Entry>& entries = p_.entries[q];
    const Shape& home_shape = g().shape(group.product != kNone ? group.product : home(g(), group.nodes.front()));
    const bool matrix = group.product != kNone && home_shape.rank() == 2;
    kernels::TileProgram<T>& tiles = unit.tiles;
    for (const std::uint32_t n : group.nodes) tiles.whole_rows |= g().nodes[n].kind == Kind::rows;

    // Where each operand lies and how it steps along the axes of the home.
    std::map<std::uint32_t, std::size_t> last_read;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      for (const std::uint32_t x : entries[e].x) {
        if (x != kNone) last_read[x] = e;
      }
    }
    std::map<std::uint32_t, std::ptrdiff_t> registers;
    std::vector<std::ptrdiff_t> spare;
    std::ptrdiff_t used = 0;
    struct Pending {
      Operand<T> operand;
      Strides strides{};
    };
    std::vector<std::array<Pending, 5>> pending;  // y, y2, x0, x1, x2
    std::vector<const T*> streams;
    const auto in_memory = [&](T* data, const Window& window, bool whole) {
      Pending out;
      out.operand.place = Place::memory;
      out.operand.data = data;
      out.operand.padded = whole;
      out.strides = stretched(window, home_shape).strides;
      if (window.shape == home_shape && std::ranges::find(streams, data) == streams.end()) streams.push_back(data);
      return out;
    };
    const auto in_register = [&](std::uint32_t n) {
      Pending out;
      out.operand.place = Place::scratch;
      out.operand.number = registers.at(n);
      out.operand.row = 1;
      out.operand.col = is_row_value(g(), n) ? 0 : 1;
      return out;
    };
    const std::uint32_t c = p_.product_result.empty() ? kNone : p_.product_result[q];
    const auto read = [&](std::uint32_t x) -> Pending {
      if (c != kNone && x == c) return in_memory(unit.gemm.c, Window(home_shape), true);
      if (registers.contains(x)) return in_register(x);
      if (g().nodes[x].kind == Kind::constant) {
        Pending out;
        out.operand.place = Place::constant;
        out.operand.data = out_->constants.data() + constant_[x] * static_cast<std::size_t>(kernels::kMaxLanes<T>);
        return out;
      }
      const View<const T> v = view(x);
      const bool whole = g().window[x].offset == 0 && g().window[x].is_contiguous() &&
                         g().shape(x).size() == g().shape(g().base[x]).size();
      return in_memory(const_cast<T*>(v.data), Window(0, v.shape, v.strides), whole);
    };
    const auto write = [&](std::uint32_t y) -> Pending {
      if (p_.offset[y] != Plan<T>::nowhere || p_.over[y] != kNoNode)
        return in_memory(memory(y), Window(g().shape(y)), true);
      if (spare.empty()) {
        registers[y] = used++;
      } else {
        registers[y] = spare.back();
        spare.pop_back();
      }
      return in_register(y);
    };
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const Entry& entry = entries[e];
      std::array<Pending, 5>& operands = pending.emplace_back();
      for (std::size_t i = 0; i < 3; ++i) {
        if (entry.x[i] != kNone) operands[2 + i] = read(entry.x[i]);
      }
      // A register whose last reader this is may take the result, but not of an instruction with two: the first result
      // would overwrite what the second is made from. Row operations read their operand more than once.
      const bool reuse = entry.y2 == kNone && (entry.y == kNone || g().nodes[entry.y].kind == Kind::map);
      std::vector<std::ptrdiff_t> later;
      for (const std::uint32_t x : entry.x) {
        const auto r = x == kNone ? registers.end() : registers.find(x);
        if (r == registers.end() || last_read[x] != e) continue;
        (reuse && !is_row_value(g(), x) ? spare : later).push_back(r->second);
        registers.erase(r);
      }
      if (entry.y != kNone) operands[0] = write(entry.y);
      if (entry.y2 != kNone) operands[1] = write(entry.y2);
      spare.insert(spare.end(), later.begin(), later.end());
      if (home_shape.size() == 0 && entry.y != kNone && is_row_value(g(), entry.y)) {  // of no terms: log 0
        tiles.init.push_back({memory(entry.y), static_cast<std::size_t>(g().shape(entry.y).size()),
                              -std::numeric_limits<T>::infinity(), 1, e, kernels::Join::add});
      }
      if (entry.end) {
        const Instruction i = entry.instruction;
        const T start = i == instruction(Special::max_all)   ? -std::numeric_limits<T>::infinity()
                        : i == instruction(Special::min_all) ? std::numeric_limits<T>::infinity()
                                                             : T(0);
        using kernels::Join;
        const Join join = i == instruction(Special::max_all)   ? Join::max
                          : i == instruction(Special::min_all) ? Join::min
                                                               : Join::add;
        tiles.init.push_back(
            {memory(entry.y), static_cast<std::size_t>(g().shape(entry.y).size()), start, entry.factor, e, join});
      }
    }
    registers_ = std::max(registers_, used);
    tiles.registers = used;
    tiles.streams = static_cast<std::ptrdiff_t>(streams.size());

    // Axes of the home become outer axes, rows and columns.
    std::vector<Strides> steps;
    for (const auto& operands : pending) {
      for (const Pending& o : operands) {
        if (o.operand.place == Place::memory) steps.push_back(o.strides);
      }
    }
    Arrangement free = arrange(home_shape, steps, tiles.whole_rows);
    tiles.flat = free.extents.size() <= 1 && !tiles.whole_rows;
    const bool by_block = matrix && home_shape[-2] > 3 && home_shape[-1] > 1;
    if (by_block) free = {{0, 1}, {home_shape[0], home_shape[1]}};
    const std::size_t runs = free.extents.size();
    tiles.cols = runs > 0 ? free.extents[runs - 1] : 1;
    tiles.rows = runs > 1 ? free.extents[runs - 2] : 1;
    if (home_shape.size() == 0) tiles.rows = 0;
    const std::size_t outer = runs > 2 ? runs - 2 : 0;
    tiles.outer.assign(free.extents.begin(), free.extents.begin() + static_cast<std::ptrdiff_t>(outer));

    for (std::size_t e = 0; e < entries.size(); ++e) {
      for (Pending& o : pending[e]) {
        if (o.operand.place != Place::memory) continue;
        o.operand.col = runs > 0 ? o.strides[at(free.axes[runs - 1])] : 0;
        o.operand.row = runs > 1 ? o.strides[at(free.axes[runs - 2])] : 0;
        for (std::size_t i = 0; i < outer; ++i) o.operand.outer[i] = o.strides[at(free.axes[i])];
      }
      tiles.steps.push_back(step(entries[e], pending[e][0].operand, pending[e][1].operand,
                                 {pending[e][2].operand, pending[e][3].operand, pending[e][4].operand}));
    }
  }

  Step<T> step(const Entry& entry, const Operand<T>& y, const Operand<T>& y2, const std::array<Operand<T>, 3>& x) {
    Step<T> out;
    out.y = y;
    out.y2 = y2;
    out.x = x;
    out.instruction = entry.instruction;
    if (entry.label != kNone) out.label = out_->leaves[leaf_[entry.label]]->integers.data();
    if (entry.end) {
      // Its layout follows from how the result steps; where it steps along rows and columns, it is elementwise.
      const auto base = static_cast<std::uint16_t>(entry.instruction);
      if (y.row != 0 && y.col != 0) {
        out.instruction = base == static_cast<std::uint16_t>(instruction(Special::max_all))
                              ? kernels::instruction_of<math::Maximum>()
                          : base == static_cast<std::uint16_t>(instruction(Special::min_all))
                              ? kernels::instruction_of<math::Minimum>()
                              : instruction(Special::fused_multiply_add);
        if (out.instruction == instruction(Special::fused_multiply_add)) {
          out.x[1] = number(T(1));
          out.x[2] = y;
        } else {
          out.x[1] = y;
        }
      } else {
        out.instruction = Instruction{static_cast<std::uint16_t>(base + (y.col != 0 ? 1 : y.row != 0 ? 2 : 0))};
      }
    }
    out.run = kernels::tile<T>(out.instruction);
    return out;
  }
  /// A constant operand made here.
  Operand<T> number(T value) {
    Operand<T> out;
    out.place = Place::constant;
    numbers_.emplace_back(static_cast<std::size_t>(kernels::kMaxLanes<T>));
    std::fill_n(numbers_.back().data(), static_cast<std::size_t>(kernels::kMaxLanes<T>), value);
    out.data = numbers_.back().data();
    return out;
  }

  // ---- the whole --------------------------------------------------------------------------------------------------

  void finish() {
    out_->scratch = Buffer<T>(static_cast<std::size_t>((registers_ + 1) * kernels::kScratch<T>));
    out_->numbers = std::move(numbers_);
    for (Unit<T>& unit : out_->units) {
      unit.gemm.scratch = out_->scratch.data();
      if (unit.tiles.steps.empty()) continue;
      unit.tiles.bake(out_->scratch.data());
      if (unit.kind == UnitKind::product && unit.a_offsets.empty()) unit.gemm.epilogue = &unit.tiles;
    }
    for (std::size_t r = 0; r < g().outputs; ++r) {
      const std::uint32_t n = g().roots[r];
      out_->outputs.push_back({view(n).data, g().shape(n)});
    }
    for (const Assignment& a : p_.assigns) {
      const std::uint32_t leaf = leaf_of(a.leaf);
      out_->assigned.push_back(leaf);
      if (a.in_place) continue;
      out_->copies.push_back(
          {out_->leaves[leaf]->floats.data(), view(a.value).data, static_cast<std::size_t>(g().shape(a.value).size())});
    }
  }

  const Plan<T>& p_;
  const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached_;
  std::unique_ptr<Executable<T>> out_;
  std::vector<std::uint32_t> leaf_;  ///< per node: its place among the leaves, or among the cached values
  std::map<std::uint32_t, std::size_t> constant_;
  std::vector<T> values_;
  std::vector<Buffer<T>> numbers_;
  std::ptrdiff_t registers_ = 0;
};

}  // namespace

template <class T>
std::unique_ptr<Executable<T>> emit(const Plan<T>& plan,
                                    const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>& cached,
                                    std::vector<std::shared_ptr<LeafStorage<T>>> leaves) {
  return Emit<T>(plan, cached, std::move(leaves))();
}

#define INSTANTIATE(T)                                                                                         \
  template std::unique_ptr<Executable<T>> emit(const Plan<T>&,                                                 \
                                               const std::function<std::shared_ptr<const Tensor<T>>(NodeId)>&, \
                                               std::vector<std::shared_ptr<LeafStorage<T>>>)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert
