// Values of single operations as ONNX 1.12's reference cases have them, in f32. Tolerance 1e-6, norm-wise.
#include <doctest/doctest.h>

#include <functional>

#include "tests/oracles/oracle.hpp"

using namespace wengert;
using namespace wengert::test;

namespace {

using V = Var<float>;

/// One case, its inputs as leaves.
class Call {
 public:
  explicit Call(const Json& row) : row_(row) {
    for (const Json& input : row.at("inputs")) x_.push_back(tape_.leaf(tensor_of<float>(input)));
  }
  std::size_t inputs() const { return x_.size(); }
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
  int axis(int otherwise) const { return get<int>("axis", otherwise); }

 private:
  const Json& row_;
  Tape<float> tape_;
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
#define BINARY(name) [](const Call& c) { return name(c(0), c(1)); }

const std::map<std::string, Translation>& translations() {
  static const std::map<std::string, Translation> table = {
      {"Acos", one<acos>},
      {"Acosh", one<acosh>},
      {"Asin", one<asin>},
      {"Asinh", one<asinh>},
      {"Atan", one<atan>},
      {"Atanh", one<atanh>},
      {"Ceil", one<ceil>},
      {"Cos", one<cos>},
      {"Cosh", one<cosh>},
      {"Exp", one<exp>},
      {"Floor", one<floor>},
      {"IsNaN", one<isnan>},
      {"Log", one<log>},
      {"Neg", one<negate>},
      {"Not", one<logical_not>},
      {"Reciprocal", one<reciprocal>},
      {"Round", one<round>},
      {"Sigmoid", one<sigmoid>},
      {"Sin", one<sin>},
      {"Sinh", one<sinh>},
      {"Softplus", one<softplus>},
      {"Softsign", one<softsign>},
      {"Sqrt", one<sqrt>},
      {"Tan", one<tan>},
      {"Tanh", one<tanh>},
      {"IsInf",
       [](const Call& c) {
         if (c.has("detect_negative") || c.has("detect_positive")) throw Skip{"infinities of one sign"};
         return isinf(c(0));
       }},
      {"Identity", [](const Call& c) { return c(0); }},
      {"Elu", [](const Call& c) { return elu(c(0), c.number("alpha", 1)); }},
      {"Celu", [](const Call& c) { return celu(c(0), c.number("alpha", 1)); }},
      {"LeakyRelu", [](const Call& c) { return leaky_relu(c(0), c.number("alpha", 0.01f)); }},
      {"PRelu", [](const Call& c) { return leaky_relu(c(0), c(1)); }},
      {"Selu",
       [](const Call& c) {
         if (c.has("alpha")) throw Skip{"selu with other constants"};
         return selu(c(0));
       }},
      {"Clip",
       [](const Call& c) {
         if (c.inputs() != 3) throw Skip{"clipping at one side"};
         return clamp(c(0), c(1), c(2));
       }},
      {"Add", [](const Call& c) { return c(0) + c(1); }},
      {"Sub", [](const Call& c) { return c(0) - c(1); }},
      {"Mul", [](const Call& c) { return c(0) * c(1); }},
      {"Div",
       [](const Call& c) {
         if (c.type(0) != "float32") throw Skip{"division of whole numbers"};
         return c(0) / c(1);
       }},
      {"Pow", BINARY(pow)},
      {"Mod", [](const Call& c) { return c.get<int>("fmod", 0) == 1 ? fmod(c(0), c(1)) : remainder(c(0), c(1)); }},
      {"And", BINARY(logical_and)},
      {"Or", BINARY(logical_or)},
      {"Xor", BINARY(logical_xor)},
      {"Equal", BINARY(equal)},
      {"Greater", BINARY(greater)},
      {"GreaterOrEqual", BINARY(greater_equal)},
      {"Less", BINARY(less)},
      {"LessOrEqual", BINARY(less_equal)},
      {"Where", [](const Call& c) { return where(c(0), c(1), c(2)); }},
      {"Max", fold([](V a, V b) { return maximum(a, b); })},
      {"Min", fold([](V a, V b) { return minimum(a, b); })},
      {"Sum", fold([](V a, V b) { return a + b; })},
      {"Mean", [](const Call& c) { return fold([](V a, V b) { return a + b; })(c) / static_cast<double>(c.inputs()); }},
      {"ReduceSum", reduced<sum>},
      {"ReduceMean", reduced<mean>},
      {"ReduceMax", reduced<max>},
      {"ReduceMin", reduced<min>},
      {"Softmax", [](const Call& c) { return softmax(c(0), c.axis(-1)); }},
      {"LogSoftmax", [](const Call& c) { return log_softmax(c(0), c.axis(-1)); }},
      {"MatMul", BINARY(matmul)},
      {"Gemm",
       [](const Call& c) {
         const V a = c.get<int>("transA", 0) == 1 ? transpose(c(0)) : c(0);
         const V b = c.get<int>("transB", 0) == 1 ? transpose(c(1)) : c(1);
         const V y = c.number("alpha", 1) * matmul(a, b);
         return c.inputs() < 3 ? y : y + c.number("beta", 1) * c(2);
       }},
      {"Transpose",
       [](const Call& c) {
         return c.has("perm") ? transpose(c(0), c.get<std::vector<int>>("perm", {})) : transpose(c(0));
       }},
      {"Concat",
       [](const Call& c) {
         std::vector<V> parts;
         for (std::size_t i = 0; i < c.inputs(); ++i) parts.push_back(c(i));
         return concatenate(std::span<const V>(parts), c.axis(0));
       }},
      {"Expand",
       [](const Call& c) {
         const Shape to(c.whole(1));
         return broadcast_to(c(0), broadcast(c(0).shape(), to));
       }},
      {"Flatten",
       [](const Call& c) {
         const int axis = c.axis(1), rank = c(0).shape().rank();
         std::int64_t rows = 1;
         for (int i = 0; i < (axis < 0 ? axis + rank : axis); ++i) rows *= c(0).shape()[i];
         return reshape(c(0), {rows, -1});
       }},
  };
  return table;
}

}  // namespace

TEST_CASE("single operations agree with the reference cases of ONNX") {
  const Tally tally = judge(
      WENGERT_TEST_DATA_DIR "/oracles/onnx-ops.jsonl.gz", translations(),
      [](const Json& row, const auto& translation) -> std::string {
        Call call(row);
        return agrees(value(translation(call)), tensor_of<float>(row.at("outputs")[0]), 1e-6) ? "" : "value";
      },
      [](const Json& row) { return row.at("case").get<std::string>(); });
  for (const std::string& wrong : tally.wrong) FAIL_CHECK(wrong);
  MESSAGE(tally.summary());
  CHECK(tally.agreed >= 170);
}
