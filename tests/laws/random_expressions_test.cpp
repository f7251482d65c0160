// The laws on random expressions over the whole registry: 300, or as many as WENGERT_EXPRESSIONS says. A failing one is
// shrunk and printed as C++. WENGERT_SEED repeats a run.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <sstream>

#include "tests/laws/expression_code.hpp"

using namespace wengert;
using namespace wengert::test;

namespace wengert::test {

void showValue(const Plan& plan, std::ostream& out) { out << "\n" << code(Expression(plan)); }

}  // namespace wengert::test

namespace rc {

template <>
struct Arbitrary<Step> {
  static Gen<Step> arbitrary() {
    const auto any = gen::inRange(0, 1 << 12), last = gen::inRange(0, 2), recent = gen::inRange(0, 6);
    return gen::map(gen::tuple(any, any, last, recent, recent, gen::inRange(0, 16)), [](const auto& t) {
      const auto [op, sample, a, b, c, stretch] = t;
      return Step{op, sample, {a, b, c}, stretch};
    });
  }
};

template <>
struct Arbitrary<Plan> {
  static Gen<Plan> arbitrary() {
    const auto lists = gen::nonEmpty(gen::resize(4, gen::container<std::vector<int>>(gen::inRange(0, 9))));
    const auto steps = gen::nonEmpty(gen::resize(12, gen::arbitrary<std::vector<Step>>()));
    return gen::map(gen::tuple(gen::inRange(0, 1 << 20), lists, steps), [](const auto& t) {
      return Plan{std::get<0>(t), std::get<1>(t), std::get<2>(t)};
    });
  }
};

}  // namespace rc

namespace {

using Vs = std::vector<Var<double>>;

struct Counts {
  int expressions = 0;
  int not_finite = 0;  ///< derivatives that could not be held to the exact laws
  int unjudged = 0;    ///< expressions of which differences judged nothing
  int in_float = 0;    ///< compared with float: those that do not jump
  std::int64_t derivatives = 0, nodes = 0;
  std::set<std::string_view> operations;
};

double largest(const Tensor<double>& x) {
  double out = 0;
  for (const double v : x) out = std::isfinite(v) ? std::max(out, std::abs(v)) : INFINITY;
  return out;
}
double distance(const Tensor<double>& a, const Tensor<double>& b) {
  double out = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) out = std::max(out, std::abs(a.data()[i] - b.data()[i]));
  return out;
}
bool is_finite(const std::vector<Tensor<double>>& list) {
  for (const auto& x : list) {
    if (!std::isfinite(largest(x))) return false;
  }
  return true;
}

std::vector<Tensor<double>> values(const Vs& list) {
  std::vector<Tensor<double>> out;
  for (const auto& v : list) out.push_back(value(v));
  return out;
}

/// What of `a` is farther from `b` than rounding explains, or nothing.
std::string differs(const char* law, const std::vector<Tensor<double>>& a, const std::vector<Tensor<double>>& b,
                    double tolerance) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (distance(a[i], b[i]) <= tolerance * (1 + largest(b[i]))) continue;
    return std::string(law) + ": " + to_string(a[i]) + " against " + to_string(b[i]);
  }
  return "";
}

/// A broken law in exact words, or nothing.
std::string broken_by_recording(Expression& e, Counts& counts) {
  Random random(1);
  const Var<double> u = e.tape.leaf(uniform<double>(e.y.shape(), -1, 1, random));
  Vs v;
  for (const auto& x : e.x) v.push_back(e.tape.leaf(uniform<double>(x.shape(), -1, 1, random)));
  const Vs g = vjp(e.y, e.x, u);
  Var<double> along = e.tape.constant(0);
  for (std::size_t i = 0; i < g.size(); ++i) along = along + sum(g[i] * v[i]);
  const Vs reverse = gradient(along, e.x), forward = jvp(g, e.x, v);
  Vs all{e.y, along, sum(jvp(e.y, e.x, v) * u)};
  for (const Vs& list : {g, reverse, forward}) all.insert(all.end(), list.begin(), list.end());

  Program<double> program = compile(all);
  program.run();
  std::vector<Tensor<double>> fused;
  for (std::size_t i = 0; i < program.size(); ++i) fused.push_back(program.value(i));
  if (!is_finite(fused)) {
    ++counts.not_finite;
    return "";
  }
  std::string text = differs("forward mode is reverse mode transposed", {fused[2]}, {fused[1]}, 1e-10);
  if (text.empty()) text = differs("second order both ways", values(forward), values(reverse), 1e-8);
  if (text.empty()) text = differs("a program is its nodes one by one", fused, one_by_one(e.tape, all), 1e-9);
  return text;
}

/// Whether no operation jumps, so that rounding cannot put it on the other side.
bool is_continuous(const Expression& e) {
  for (const NodeId id : needed(e.tape, Vs{e.y})) {
    const OpTable<double>& op = *e.tape.node(id).op;
    if (op.kind <= Kind::placeholder) continue;
    if (op.doc->kinks.find("jump") != std::string_view::npos || op.doc->slope.starts_with("none")) return false;
  }
  return true;
}

std::string broken_in_float(Expression& e, const std::vector<Tensor<double>>& inputs, Counts& counts) {
  if (!is_continuous(e)) return "";
  ++counts.in_float;
  Tape<float> tape;
  std::vector<Var<float>> x;
  for (const auto& input : inputs) {
    Tensor<float> rounded(input.shape());
    std::copy(input.begin(), input.end(), rounded.begin());
    x.push_back(tape.leaf(rounded));
  }
  const Tensor<float> single = value(record_again<float>(e.tape, e.y, e.x, x));
  Tensor<double> widened(single.shape());
  std::copy(single.begin(), single.end(), widened.begin());
  const Tensor<double> y = value(e.y);
  double shaken = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    shaken = std::max(shaken, distance(one_by_one(e.tape, {e.y}, 0x1p-22, seed)[0], y));
  }
  if (distance(widened, y) <= 4 * shaken + 1e-6 * (1 + largest(y))) return "";
  return "float is near double: " + to_string(single) + " against " + to_string(y);
}

std::string broken_law(const Plan& plan, Counts& counts) {
  Expression e(plan);
  RC_PRE(!e.operations.empty());
  ++counts.expressions;
  counts.nodes += static_cast<std::int64_t>(needed(e.tape, Vs{e.y}).size());
  counts.operations.insert(e.operations.begin(), e.operations.end());
  const auto inputs = e.inputs();
  const auto f = [&](const Vs& x) { return record_again<double>(e.tape, e.y, e.x, x); };
  // Terms of a second derivative may be as large as 1e6 and cancel.
  const GradcheckReport report = gradcheck<double>(f, inputs, {.order = 2, .tolerance = 1e-6, .absolute = 1e-9});
  counts.derivatives += report.compared;
  if (report.compared == 0) ++counts.unjudged;
  if (report.compared > 0 && !report) return to_string(report);
  std::string text = broken_in_float(e, inputs, counts);
  return text.empty() ? broken_by_recording(e, counts) : text;
}

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("random expressions over the registry keep every law of differentiation") {
  Counts counts;
  rc::detail::TestParams params;
  params.maxSuccess = static_cast<int>(number("WENGERT_EXPRESSIONS", 300));
  params.seed = number("WENGERT_SEED", 1);
  const auto result = rc::detail::checkTestable(
      [&](const Plan& plan) {
        const std::string broken = broken_law(plan, counts);
        if (!broken.empty()) RC_FAIL(broken);
      },
      rc::detail::TestMetadata(), params);
  std::ostringstream report;
  rc::detail::printResultMessage(result, report);
  MESSAGE(counts.expressions, " expressions of ", counts.nodes / counts.expressions, " nodes on average, ",
          counts.derivatives, " derivatives by differences, ", counts.in_float,
          " in float; not finite: ", counts.not_finite, ", not judged by differences: ", counts.unjudged, "; seed ",
          params.seed);
  CHECK_MESSAGE(result.template is<rc::detail::SuccessResult>(), report.str());
  CHECK(counts.not_finite + counts.unjudged < counts.expressions / 10);
  CHECK(counts.in_float > counts.expressions / 5);
  CHECK(counts.operations.size() == all_operations<double>().size());
}
