#include "autodiff/program/graph.hpp"

namespace wengert {

namespace {

/// How a tile program walks along a row: true if the innermost axis of `home` that is longer than 1 moves by 0 or 1
/// element of `window`, stretched to it.
bool walks(const Window& window, const Shape& home) {
  if (home.size() == 0) return true;
  const Window w = stretched(window, home);
  for (int axis = home.rank(); axis-- > 0;) {
    if (home[axis] != 1) {
      const std::int64_t step = w.strides[static_cast<std::size_t>(axis)];
      return step == 0 || step == 1;
    }
  }
  return true;
}

template <class T>
class LayOut {
 public:
  LayOut(const Graph<T>& in, const std::function<bool(NodeId)>& assigned) : in_(in), assigned_(assigned) {
    out_.tape = in.tape;
    out_.outputs = in.outputs;
    out_.nodes.reserve(in.nodes.size());
    out_.inputs.reserve(in.inputs.size());
    place_.resize(in.nodes.size());
    copies_.assign(in.nodes.size(), kNone);
  }

  Graph<T> operator()() {
    std::vector<std::uint32_t> from;
    for (std::uint32_t n = 0; n < in_.size(); ++n) {
      from.clear();
      for (const std::uint32_t x : in_.inputs_of(n)) from.push_back(read(n, x));
      append(in_.nodes[n], from);
      place_[n] = out_.size() - 1;
      if (in_.nodes[n].kind == Kind::view) resolve(n, place_[n]);
    }
    for (std::size_t r = 0; r < in_.roots.size(); ++r) {
      const std::uint32_t n = in_.roots[r];
      out_.roots.push_back(needs_copy(place_[n], r < in_.outputs) ? copy(n) : place_[n]);
    }
    return std::move(out_);
  }

 private:
  void append(const typename Graph<T>::Node& node, std::span<const std::uint32_t> from) {
    const std::uint32_t n = out_.append(node, from);
    out_.base.push_back(n);
    out_.window_of.push_back(kNone);
  }

  /// An output keeps its value until the next run, whatever happens to a leaf. A value to be assigned is read when all
  /// units have run, so it must not lie in a leaf that another assign overwrites.
  bool needs_copy(std::uint32_t at, bool is_output) const {
    const std::uint32_t base = out_.base[at];
    if (!out_.window(at).is_contiguous() || out_.nodes[base].kind == Kind::constant) return true;
    if (!out_.is_source(base)) return false;
    return is_output || (!out_.nodes[base].cached && assigned_(out_.nodes[base].origin));
  }

  /// A view's base and window. `n` is the node of the old graph, `at` of the new.
  void resolve(std::uint32_t n, std::uint32_t at) {
    const std::uint32_t x = out_.inputs_of(at)[0];
    auto window = out_.op(at).view(out_.attributes(at), out_.window(x), out_.shape(at));
    std::uint32_t base = out_.base[x];
    if (!window) {  // the strides do not allow it: copy first
      const std::uint32_t y = copy(in_.inputs_of(n)[0]);
      window = out_.op(at).view(out_.attributes(at), out_.window(y), out_.shape(at));
      base = y;
      // The copy was appended after the view; the view now stands after it.
      append(out_.nodes[at], std::array{y});
      at = place_[n] = out_.size() - 1;
    }
    out_.base[at] = base;
    out_.window_of[at] = static_cast<std::uint32_t>(out_.windows.size());
    out_.windows.push_back(*window);  // NOLINT(bugprone-unchecked-optional-access): a dense copy has any view
  }

  /// The node of the new graph from which node n of the old may read input x.
  std::uint32_t read(std::uint32_t n, std::uint32_t x) {
    const Kind reader = in_.nodes[n].kind, kind = in_.nodes[x].kind;
    if (kind == Kind::constant) return reader == Kind::map || reader == Kind::reduce ? place_[x] : copy(x);
    if (kind == Kind::index || reader == Kind::view) return place_[x];
    const std::uint32_t at = place_[x];
    switch (reader) {
      case Kind::map: return walks(out_.window(at), in_.shape(n)) ? at : copy(x);
      case Kind::reduce: return walks(out_.window(at), in_.shape(x)) ? at : copy(x);
      case Kind::rows: {
        const Window w = out_.window(at);
        const int rank = w.shape.rank();
        return rank == 0 || w.shape[-1] == 1 || w.strides[static_cast<std::size_t>(rank - 1)] == 1 ? at : copy(x);
      }
      case Kind::kernel: return !in_.op(n).custom || out_.window(at).is_contiguous() ? at : copy(x);
      default: return at;
    }
  }

  /// The value of x in contiguous memory of its own.
  std::uint32_t copy(std::uint32_t x) {
    if (copies_[x] != kNone) return copies_[x];
    typename Graph<T>::Node node;
    node.origin = in_.nodes[x].origin;
    if (in_.nodes[x].kind == Kind::constant || walks(out_.window(place_[x]), in_.shape(x))) {
      node.kind = Kind::map;
      node.instruction = static_cast<std::uint16_t>(kernels::instruction_of<math::Copy>());
    } else {
      node.kind = Kind::kernel;
      node.copied = true;
    }
    append(node, std::array{place_[x]});
    return copies_[x] = out_.size() - 1;
  }

  const Graph<T>& in_;
  const std::function<bool(NodeId)>& assigned_;
  Graph<T> out_;
  std::vector<std::uint32_t> place_, copies_;
};

}  // namespace

template <class T>
Graph<T> lay_out(const Graph<T>& graph, const std::function<bool(NodeId)>& assigned) {
  return LayOut<T>(graph, assigned)();
}

template Graph<float> lay_out(const Graph<float>&, const std::function<bool(NodeId)>&);
template Graph<double> lay_out(const Graph<double>&, const std::function<bool(NodeId)>&);

}  // namespace wengert
