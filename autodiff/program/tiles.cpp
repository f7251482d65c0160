#include <algorithm>
#include <limits>
#include <map>

#include "autodiff/program/places.hpp"

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

/// Scratch registers of a tile program: who holds which value, and which are free.
class Registers {
 public:
  bool hold(std::uint32_t n) const { return of_.contains(n); }
  std::uint32_t of(std::uint32_t n) const { return of_.at(n); }
  void take(std::uint32_t n) {
    if (spare_.empty()) spare_.push_back(used_++);
    of_[n] = spare_.back();
    spare_.pop_back();
  }
  /// The value is read no more. Its register is free at once, or when `settle` is called.
  void release(std::uint32_t n, bool at_once) {
    (at_once ? spare_ : later_).push_back(of_.at(n));
    of_.erase(n);
  }
  void settle() {
    spare_.insert(spare_.end(), later_.begin(), later_.end());
    later_.clear();
  }
  std::uint32_t used() const { return used_; }

 private:
  std::map<std::uint32_t, std::uint32_t> of_;
  std::vector<std::uint32_t> spare_, later_;
  std::uint32_t used_ = 0;
};

template <class T>
class Tiles {
 public:
  Tiles(const Plan<T>& plan, Places<T>& places, std::uint32_t group, T* product, kernels::TileProgram<T>& out)
      : p_(plan),
        places_(places),
        group_(plan.fused.groups[group]),
        entries_(plan.entries[group]),
        product_(product),
        out_(out),
        home_(g().shape(group_.product != kNone ? group_.product : home(g(), group_.nodes.front()))),
        result_(p_.product_result.empty() ? kNone : p_.product_result[group]) {}

  void operator()() {
    for (const std::uint32_t n : group_.nodes) out_.whole_rows |= g().nodes[n].kind == Kind::rows;
    for (std::size_t e = 0; e < entries_.size(); ++e) {
      for (const std::uint32_t x : entries_[e].x) {
        if (x != kNone) last_read_[x] = e;
      }
    }
    out_.steps.resize(entries_.size());
    strides_.reserve(3 * entries_.size());
    for (std::size_t e = 0; e < entries_.size(); ++e) place_operands(e);
    out_.registers = registers_.used();
    out_.streams = static_cast<std::ptrdiff_t>(streams_.size());
    arrange_axes();
    for (std::size_t e = 0; e < entries_.size(); ++e) complete(e);
  }

 private:
  const Graph<T>& g() const { return p_.graph; }

  // ---- operands ---------------------------------------------------------------------------------------------------

  /// Until the axes are arranged `outer` is the operand's place in `strides_`.
  Operand<T> in_memory(T* data, const Window& window, bool whole) {
    Operand<T> out;
    out.place = Place::memory;
    out.data = data;
    out.padded = whole;
    out.outer = static_cast<std::uint32_t>(strides_.size());
    strides_.push_back(stretched(window, home_).strides);
    if (window.shape == home_ && std::ranges::find(streams_, data) == streams_.end()) streams_.push_back(data);
    return out;
  }
  Operand<T> in_register(std::uint32_t n) const {
    Operand<T> out;
    out.place = Place::scratch;
    out.number = registers_.of(n);
    out.row = 1;
    out.col = is_row_value(g(), n) ? 0 : 1;
    return out;
  }
  Operand<T> read(std::uint32_t x) {
    if (result_ != kNone && x == result_) return in_memory(product_, Window(home_), true);
    if (registers_.hold(x)) return in_register(x);
    if (g().nodes[x].kind == Kind::constant) {
      Operand<T> out;
      out.place = Place::constant;
      out.data = places_.constant(x);
      return out;
    }
    const View<const T> v = places_.view(x);
    return in_memory(const_cast<T*>(v.data), Window(0, v.shape, v.strides), places_.is_whole(x));
  }
  Operand<T> write(std::uint32_t y) {
    if (p_.offset[y] != Plan<T>::nowhere || p_.over[y] != kNoNode) {
      return in_memory(places_.memory(y), Window(g().shape(y)), true);
    }
    registers_.take(y);
    return in_register(y);
  }

  void place_operands(std::size_t e) {
    const Entry& entry = entries_[e];
    Step<T>& step = out_.steps[e];
    for (std::size_t i = 0; i < entry.x.size(); ++i) {
      if (entry.x[i] != kNone) step.x[i] = read(entry.x[i]);
    }
    // A register whose last reader this is may take the result, but not of an instruction with two: the first result
    // would overwrite what the second is made from. Row operations read their operand more than once, and a value per
    // row is read for each row.
    const bool reuse = entry.y2 == kNone && (entry.y == kNone || g().nodes[entry.y].kind == Kind::map);
    for (const std::uint32_t n : entry.x) {
      if (n != kNone && registers_.hold(n) && last_read_[n] == e) registers_.release(n, reuse && !is_row_value(g(), n));
    }
    if (entry.y != kNone) step.y = write(entry.y);
    if (entry.y2 != kNone) step.y2 = write(entry.y2);
    registers_.settle();
    if (home_.size() == 0 && entry.y != kNone && is_row_value(g(), entry.y)) {  // of no terms: log 0
      start(e, -std::numeric_limits<T>::infinity(), 1, kernels::Join::add);
    }
    if (entry.end && !has_one_term(entry)) {
      using kernels::Join;
      constexpr T infinity = std::numeric_limits<T>::infinity();
      if (entry.instruction == instruction(Special::max_all)) {
        start(e, -infinity, entry.factor, Join::max);
      } else if (entry.instruction == instruction(Special::min_all)) {
        start(e, infinity, entry.factor, Join::min);
      } else {
        start(e, T(0), entry.factor, Join::add);
      }
    }
  }
  /// A sum, maximum or minimum along axes of length 1.
  bool has_one_term(const Entry& entry) const { return entry.factor == 1 && g().shape(entry.y).size() == home_.size(); }
  void start(std::size_t e, T value, double factor, kernels::Join join) {
    const std::uint32_t y = entries_[e].y;
    out_.init.push_back({places_.memory(y), static_cast<std::size_t>(g().shape(y).size()), value, factor, e, join});
  }

  // ---- axes and steps ---------------------------------------------------------------------------------------------

  void arrange_axes() {
    Arrangement free = arrange(home_, strides_, out_.whole_rows);
    out_.flat = free.extents.size() <= 1 && !out_.whole_rows;
    const bool by_block = group_.product != kNone && home_.rank() == 2 && home_[-2] > 3 && home_[-1] > 1;
    if (by_block) free = {{0, 1}, {home_[0], home_[1]}};
    const std::size_t runs = free.extents.size();
    out_.cols = runs > 0 ? free.extents[runs - 1] : 1;
    out_.rows = runs > 1 ? free.extents[runs - 2] : 1;
    if (home_.size() == 0) out_.rows = 0;
    const std::size_t outer = runs > 2 ? runs - 2 : 0;
    out_.outer.assign(free.extents.begin(), free.extents.begin() + static_cast<std::ptrdiff_t>(outer));
    const auto step_along = [&](Operand<T>& o) {
      if (o.place != Place::memory) return;
      const Strides& strides = strides_[o.outer];
      o.col = runs > 0 && strides[at(free.axes[runs - 1])] != 0 ? 1 : 0;
      o.row = runs > 1 ? strides[at(free.axes[runs - 2])] : 0;
      o.outer = static_cast<std::uint32_t>(out_.outer_steps.size());
      for (std::size_t i = 0; i < outer; ++i) out_.outer_steps.push_back(strides[at(free.axes[i])]);
    };
    for (Step<T>& step : out_.steps) {
      step_along(step.y), step_along(step.y2);
      for (Operand<T>& x : step.x) step_along(x);
    }
  }

  void complete(std::size_t e) {
    const Entry& entry = entries_[e];
    Step<T>& step = out_.steps[e];
    step.instruction = entry.instruction;
    if (entry.label != kNone) step.label = places_.integers(entry.label);
    if (entry.end && has_one_term(entry)) {
      step.instruction = kernels::instruction_of<math::Copy>();
    } else if (entry.end) {
      become_reduction(step);
    }
    step.run = kernels::tile<T>(step.instruction);
  }
  /// The layout follows from how the result steps; where it steps along rows and columns, the step is elementwise.
  void become_reduction(Step<T>& step) {
    const Operand<T>& y = step.y;
    if (y.row == 0 || y.col == 0) {
      const int layout = y.col != 0 ? 1 : y.row != 0 ? 2 : 0;
      step.instruction = Instruction{static_cast<std::uint16_t>(static_cast<int>(step.instruction) + layout)};
    } else if (step.instruction == instruction(Special::max_all)) {
      step.instruction = kernels::instruction_of<math::Maximum>();
      step.x[1] = y;
    } else if (step.instruction == instruction(Special::min_all)) {
      step.instruction = kernels::instruction_of<math::Minimum>();
      step.x[1] = y;
    } else {
      step.instruction = instruction(Special::fused_multiply_add);
      step.x[1].place = Place::constant;
      step.x[1].data = places_.number(T(1));
      step.x[2] = y;
    }
  }

  const Plan<T>& p_;
  Places<T>& places_;
  const Group& group_;
  const std::vector<Entry>& entries_;
  T* product_;
  kernels::TileProgram<T>& out_;
  const Shape& home_;
  std::uint32_t result_;  ///< the node the group's product computes
  std::map<std::uint32_t, std::size_t> last_read_;
  Registers registers_;
  std::vector<Strides> strides_;  ///< of operands in memory, along the axes of the home
  std::vector<const T*> streams_;
};

}  // namespace

template <class T>
void emit_tiles(const Plan<T>& plan, Places<T>& places, std::uint32_t group, T* product, kernels::TileProgram<T>& out) {
  Tiles<T>(plan, places, group, product, out)();
}

template void emit_tiles(const Plan<float>&, Places<float>&, std::uint32_t, float*, kernels::TileProgram<float>&);
template void emit_tiles(const Plan<double>&, Places<double>&, std::uint32_t, double*, kernels::TileProgram<double>&);

}  // namespace wengert
