// The laws that hold for every operation of the registry, on every sample it gives.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "autodiff/autodiff.hpp"
#include "autodiff/ops/registry.hpp"

using namespace wengert;

namespace {

/// One operation recorded on random inputs, with its inputs as leaves.
template <class T>
struct Recorded {
  Tape<T> tape;
  std::vector<Var<T>> x;  ///< the inputs that are numbers
  std::vector<Index<T>> index;
  Var<T> y;
};

template <class T>
Tensor<T> draw(const Shape& shape, Interval range, Random& random) {
  return uniform<T>(shape, static_cast<T>(range.low), static_cast<T>(range.high), random);
}

/// Adds `weight` to the diagonals of the matrices in x.
template <class T>
void make_regular(Tensor<T>& x, T weight) {
  const std::int64_t n = x.shape()[-1];
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (i / n % n == i % n) x.data()[i] += weight;
  }
}

/// Random inputs of a sample.
template <class T>
struct Inputs {
  std::vector<Tensor<T>> x;
  std::vector<Tensor<std::int64_t>> index;
};

template <class T>
Inputs<T> draw_inputs(const OpTable<T>& op, const Sample& sample, Random& random) {
  Inputs<T> out;
  for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
    if (static_cast<int>(i) == sample.index_input) {
      Tensor<std::int64_t> labels(sample.inputs[i]);
      for (auto& label : labels) label = random.below(sample.index_bound);
      out.index.push_back(labels);
    } else {
      out.x.push_back(draw<T>(sample.inputs[i], op.doc->domain[i < 3 ? i : 2], random));
      if (i == 0 && sample.diagonal != 0) make_regular(out.x.back(), static_cast<T>(sample.diagonal));
    }
  }
  return out;
}

template <class T>
Var<T> record_sample(Tape<T>& tape, const OpTable<T>& op, const Sample& sample, const std::vector<Var<T>>& x,
                     const std::vector<Index<T>>& index) {
  std::vector<NodeId> ids;
  for (std::size_t i = 0, k = 0; i < sample.inputs.size(); ++i) {
    ids.push_back(static_cast<int>(i) == sample.index_input ? index[0].node().id() : x[k++].id());
  }
  return tape.append(op, sample.attributes.data(), ids, sample.shape, Source::here());
}

template <class T>
void record_sample(Recorded<T>& r, const OpTable<T>& op, const Sample& sample, Random& random) {
  const Inputs<T> inputs = draw_inputs(op, sample, random);
  for (const auto& x : inputs.x) r.x.push_back(r.tape.leaf(x));
  for (const auto& labels : inputs.index) r.index.push_back(r.tape.indices(labels));
  r.y = record_sample(r.tape, op, sample, r.x, r.index);
}

template <class T>
double dot(const Tensor<T>& a, const Tensor<T>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  return sum;
}

bool close(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * (1 + std::max(std::abs(a), std::abs(b)));
}

template <class F>
void for_each_sample(F&& check) {
  for (const Entry<double>& entry : registry<double>()) {
    for (std::size_t s = 0; s < entry.samples.size(); ++s) {
      Random random(7, s);
      Recorded<double> r;
      record_sample(r, *entry.table, entry.samples[s], random);
      const std::string name = std::string(entry.table->name) + " sample " + std::to_string(s);
      CAPTURE(name);
      check(r, random);
    }
  }
}

std::vector<Tensor<double>> directions(const Recorded<double>& r, Random& random) {
  std::vector<Tensor<double>> v;
  for (const auto& x : r.x) v.push_back(uniform<double>(x.shape(), -1, 1, random));
  return v;
}

}  // namespace

TEST_CASE("derivatives of both orders and modes agree with differences for every operation") {
  std::int64_t compared = 0;
  std::size_t skipped = 0;
  for (const Entry<double>& entry : registry<double>()) {
    if (entry.table->name == "stop_gradient") continue;  // which is there to disagree
    for (std::size_t s = 0; s < entry.samples.size(); ++s) {
      const Sample& sample = entry.samples[s];
      Random random(7, s);
      const Inputs<double> inputs = draw_inputs(*entry.table, sample, random);
      if (inputs.x.empty() || sample.shape.size() == 0) continue;
      const auto f = [&](const std::vector<Var<double>>& x) {
        Tape<double>& tape = x[0].tape();
        std::vector<Index<double>> index;
        for (const auto& labels : inputs.index) index.push_back(tape.indices(labels));
        return record_sample(tape, *entry.table, sample, x, index);
      };
      CAPTURE(entry.table->name);
      CAPTURE(s);
      const GradcheckReport report = gradcheck<double>(f, inputs.x, {.order = 2});
      CHECK(report);
      compared += report.compared;
      skipped += report.skipped.size();
    }
  }
  CHECK(compared > 200000);
  CHECK(skipped < 10);  // next to a jump of floor, ceil, trunc
}

TEST_CASE("forward mode is the transpose of reverse mode for every operation") {
  for_each_sample([&](Recorded<double>& r, Random& random) {
    if (r.x.empty()) return;
    const auto u = uniform<double>(r.y.shape(), -1, 1, random);
    const auto v = directions(r, random);
    const auto g = vjp(r.y, r.x, r.tape.leaf(u));
    std::vector<Var<double>> tangents;
    for (const auto& t : v) tangents.push_back(r.tape.leaf(t));
    const double forward = dot(value(jvp(r.y, r.x, tangents)), u);
    double reverse = 0;
    for (std::size_t i = 0; i < g.size(); ++i) reverse += dot(value(g[i]), v[i]);
    CHECK_MESSAGE(close(forward, reverse, 1e-13), forward, " against ", reverse);
  });
}

TEST_CASE("every operation reads operands through any strides as it reads contiguous ones") {
  for_each_sample([&](Recorded<double>& r, Random&) {
    const auto inputs = r.tape.inputs(r.y.id());
    std::vector<NodeId> ids(inputs.begin(), inputs.end());
    for (NodeId& id : ids) {
      if (r.tape.node(id).op->kind == Kind::index) continue;
      const auto turned = r.tape.leaf(value(flip(transpose(r.tape.var(id)))));
      id = transpose(flip(turned)).id();
    }
    const OpTable<double>& op = *r.tape.node(r.y.id()).op;
    alignas(8) std::byte attributes[kAttributeBytes] = {};
    if (op.attribute_bytes != 0) std::memcpy(attributes, r.tape.attributes(r.y.id()), op.attribute_bytes);
    const auto got = value(r.tape.append(op, attributes, ids, r.y.shape(), Source::here()));
    const auto expected = value(r.y);
    for (std::int64_t i = 0; i < got.size(); ++i) CHECK(close(got.data()[i], expected.data()[i], 1e-14));
  });
}

TEST_CASE("a fused operation equals its definition in other operations") {
  int checked = 0;
  for_each_sample([&](Recorded<double>& r, Random&) {
    const auto& op = *r.tape.node(r.y.id()).op;
    if (op.expand == nullptr) return;
    std::vector<Var<double>> x;
    const auto ids = r.tape.inputs(r.y.id());
    for (const NodeId id : std::vector<NodeId>(ids.begin(), ids.end())) x.push_back(r.tape.var(id));
    const auto expected = value(op.expand(r.tape.attributes(r.y.id()), x));
    const auto got = value(r.y);
    for (std::int64_t i = 0; i < got.size(); ++i) CHECK(close(got.data()[i], expected.data()[i], 1e-14));
    ++checked;
  });
  CHECK(checked > 8);
}

TEST_CASE_TEMPLATE("B086: what is recorded at one point and run at another is what recording there gives", T, float,
                   double) {
  const auto outputs = [](Recorded<T>& r) {
    std::vector<Var<T>> out{r.y};
    if (r.x.empty()) return out;
    Random random(5);
    const auto seed = r.tape.leaf(uniform<T>(r.y.shape(), -1, 1, random));
    for (const Var<T>& g : vjp(r.y, r.x, seed)) out.push_back(g);
    return out;
  };
  for (const Entry<T>& entry : registry<T>()) {
    for (std::size_t s = 0; s < entry.samples.size(); ++s) {
      const std::string name = std::string(entry.table->name) + " sample " + std::to_string(s);
      CAPTURE(name);
      Random at(7, s), elsewhere(8, s);
      Recorded<T> here, there;
      record_sample(here, *entry.table, entry.samples[s], at);
      record_sample(there, *entry.table, entry.samples[s], elsewhere);
      std::vector<Program<T>> programs;
      for (const Var<T>& output : outputs(here)) {
        programs.push_back(compile(output));
        programs.back().run();
      }
      for (std::size_t i = 0; i < here.x.size(); ++i) here.tape.set(here.x[i], value(there.x[i]));
      for (std::size_t i = 0; i < here.index.size(); ++i) {
        const auto& labels = there.tape.leaf_storage(there.index[i].node().id())->integers;
        here.tape.set(here.index[i], Tensor<std::int64_t>(there.index[i].shape(), labels.data()));
      }
      const auto fresh = outputs(there);
      for (std::size_t i = 0; i < programs.size(); ++i) {
        programs[i].run();
        CHECK(programs[i].value() == value(fresh[i]));
      }
    }
  }
}

TEST_CASE("every operation in float is near the same in double") {
  const auto doubles = registry<double>();
  const auto floats = registry<float>();
  for (std::size_t e = 0; e < doubles.size(); ++e) {
    for (std::size_t s = 0; s < doubles[e].samples.size(); ++s) {
      Random p(11, s), q(11, s);
      Recorded<double> d;
      Recorded<float> f;
      record_sample(d, *doubles[e].table, doubles[e].samples[s], p);
      record_sample(f, *floats[e].table, floats[e].samples[s], q);
      CAPTURE(doubles[e].table->name);
      for (std::size_t i = 0; i < d.x.size(); ++i) {  // the same numbers in both
        Tensor<float> x = value(f.x[i]);
        Tensor<double> same(x.shape());
        for (std::int64_t k = 0; k < x.size(); ++k) same.data()[k] = static_cast<double>(x.data()[k]);
        d.tape.set(d.x[i], same);
      }
      const Tensor<double> a = value(d.y);
      const Tensor<float> b = value(f.y);
      for (std::int64_t k = 0; k < a.size(); ++k) CHECK(close(a.data()[k], static_cast<double>(b.data()[k]), 2e-6));
    }
  }
}
