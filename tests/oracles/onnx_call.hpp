// One of ONNX's reference cases, and what translating its attributes needs.
#pragma once

#include <functional>

#include "tests/oracles/oracle.hpp"

namespace wengert::test::onnx {

using V = Var<float>;

/// One case, its inputs as leaves.
class Call {
 public:
  explicit Call(const Json& row) : row_(row) {
    for (const Json& input : row.at("inputs")) x_.push_back(tape_.leaf(tensor_of<float>(input)));
  }
  std::size_t inputs() const { return x_.size(); }
  std::size_t outputs() const { return row_.at("outputs").size(); }
  V operator()(std::size_t i) const { return x_.at(i); }
  std::string type(std::size_t i) const { return row_.at("inputs")[i].at("dtype"); }
  std::vector<std::int64_t> whole(std::size_t i) const {
    return row_.at("inputs")[i].at("data").get<std::vector<std::int64_t>>();
  }
  bool has(const char* key) const { return row_.at("attributes").contains(key); }
  template <class N>
  N get(const char* key, N otherwise) const {
    return has(key) ? row_.at("attributes").at(key).get<N>() : otherwise;
  }
  float number(const char* key, float otherwise) const { return get<float>(key, otherwise); }
  Index<float> index(std::size_t i, std::int64_t extent) const {  // ONNX counts negative positions from the end
    Tensor<std::int64_t> positions = tensor_of<std::int64_t>(row_.at("inputs")[i]);
    for (auto& p : positions) p = p < 0 ? p + extent : p;
    return tape_.indices(positions);
  }
  std::string text(const char* key, const char* otherwise) const { return get<std::string>(key, otherwise); }
  int axis(int otherwise) const { return get<int>("axis", otherwise); }

 private:
  const Json& row_;
  mutable Tape<float> tape_;
  std::vector<V> x_;
};

using Translation = std::function<V(const Call&)>;

template <V (*f)(V, Source)>
V one(const Call& c) {
  return f(c(0), Source::here());
}
template <V (*f)(V, const Axes&, bool, Source)>
V reduced(const Call& c) {
  Axes axes = Axes::all();
  if (c.has("axes")) axes = Axes(c.get<std::vector<int>>("axes", {}));
  if (c.inputs() > 1 && !c.whole(1).empty()) {
    const auto given = c.whole(1);
    axes = Axes(std::vector<int>(given.begin(), given.end()));
  } else if (!c.has("axes") && c.get<int>("noop_with_empty_axes", 0) == 1) {
    throw Skip{"a reduction along no axes"};
  }
  return f(c(0), axes, c.get<int>("keepdims", 1) == 1, Source::here());
}
template <class F>
Translation fold(F f) {
  return [f](const Call& c) {
    V y = c(0);
    for (std::size_t i = 1; i < c.inputs(); ++i) y = f(y, c(i));
    return y;
  };
}

using Translations = std::map<std::string, Translation>;

}  // namespace wengert::test::onnx
