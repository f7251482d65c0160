// How ours grows. A multilayer perceptron in f32, tanh and mean squared error, of which one size varies; and a chain of
// elementwise operations on four numbers in f64, as long as its name says.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "autodiff/autodiff.hpp"
#include "bench/repeat.hpp"
#include "bench/sections.hpp"
#include "bench/workload.hpp"
#include "nn/nn.hpp"

namespace bench {
namespace {

using namespace wengert;

/// batchN, widthN, depthN: the loss alone, with the gradient, and with an update (SGD); compiling the latter, which
/// takes the same for any batch and width.
/// nodesN: recording N nodes, then appending their gradient, compiling both.
constexpr const char* kRows[] = {
    // clang-format off
    "batch1f32/loss/1", "batch1f32/gradient/1", "batch1f32/step/1",
    "batch4f32/loss/1", "batch4f32/gradient/1", "batch4f32/step/1",
    "batch16f32/loss/1", "batch16f32/gradient/1", "batch16f32/step/1",
    "batch64f32/loss/1", "batch64f32/gradient/1", "batch64f32/step/1",
    "batch256f32/loss/1", "batch256f32/gradient/1", "batch256f32/step/1",
    "batch1024f32/loss/1", "batch1024f32/gradient/1", "batch1024f32/step/1",
    "batch4096f32/loss/1", "batch4096f32/gradient/1", "batch4096f32/step/1",
    "width16f32/loss/1", "width16f32/gradient/1", "width16f32/step/1",
    "width64f32/loss/1", "width64f32/gradient/1", "width64f32/step/1",
    "width256f32/loss/1", "width256f32/gradient/1", "width256f32/step/1",
    "width1024f32/loss/1", "width1024f32/gradient/1", "width1024f32/step/1",
    "width4096f32/loss/1", "width4096f32/gradient/1", "width4096f32/step/1",
    "depth1f32/loss/1", "depth1f32/gradient/1", "depth1f32/step/1", "depth1f32/compile/1",
    "depth3f32/loss/1", "depth3f32/gradient/1", "depth3f32/step/1", "depth3f32/compile/1",
    "depth10f32/loss/1", "depth10f32/gradient/1", "depth10f32/step/1", "depth10f32/compile/1",
    "depth30f32/loss/1", "depth30f32/gradient/1", "depth30f32/step/1", "depth30f32/compile/1",
    "depth100f32/loss/1", "depth100f32/gradient/1", "depth100f32/step/1", "depth100f32/compile/1",
    "depth300f32/loss/1", "depth300f32/gradient/1", "depth300f32/step/1", "depth300f32/compile/1",
    "depth1000f32/loss/1", "depth1000f32/gradient/1", "depth1000f32/step/1", "depth1000f32/compile/1",
    "nodes1000f64/record/1", "nodes1000f64/gradient/1", "nodes1000f64/compile/1",
    "nodes10000f64/record/1", "nodes10000f64/gradient/1", "nodes10000f64/compile/1",
    "nodes100000f64/record/1", "nodes100000f64/gradient/1", "nodes100000f64/compile/1",
    "nodes1000000f64/record/1", "nodes1000000f64/gradient/1", "nodes1000000f64/compile/1",
    // clang-format on
};

/// "depth", 1000
struct Varied {
  std::string what;
  int n;
};
Varied varied(const std::string& workload) {
  const std::size_t digits = workload.find_first_of("0123456789");
  return {workload.substr(0, digits), std::stoi(workload.substr(digits))};
}

Net net_of(const Varied& v) {
  Net net;
  net.activation = Activation::tanh;
  net.batch = v.what == "batch" ? v.n : 64;
  if (v.what == "batch") net.sizes = {784, 128, 10};
  if (v.what == "width") net.sizes = {64, v.n, v.n, 10};
  if (v.what == "depth") net.sizes = std::vector<int>(static_cast<std::size_t>(v.n) + 1, 64);
  return net;
}

/// What is timed, what each run needs that is not, the nodes it makes or compiles, and a number that must come out
/// finite.
struct Work {
  std::function<void()> run;
  double nodes = 0, arena_bytes = 0, result = 0;
  std::function<void()> prepare{};
};

/// A network with its loss on a tape.
struct Network {
  Tape<float> tape;
  nn::Mlp<float> mlp;
  nn::Optimizer<float> optimizer;
  Var<float> loss;
  Program<float> program;

  explicit Network(const Net& net)
      : mlp(tape, {net.sizes.begin(), net.sizes.end()}, {.hidden = nn::Activation::tanh}),
        optimizer(mlp.parameters(), nn::Sgd{.rate = 0.01}) {
    const std::int64_t batch = net.batch;
    const auto x = tape.leaf(Tensor<float>({batch, net.sizes[0]}, cast<float>(inputs(net))));
    const auto t = tape.leaf(Tensor<float>({batch, net.sizes.back()}, cast<float>(targets(net))));
    loss = nn::mean_squared_error(mlp(x), t);
    optimizer.prepare(1);
  }
};

/// A network with all that a program of it computes, not compiled.
struct Recorded {
  Network network;
  std::vector<Var<float>> outputs = {network.loss};
  std::vector<Assign<float>> updates;

  Recorded(const Net& net, const std::string& implementation) : network(net) {
    if (implementation == "loss") return;
    const std::vector<Var<float>> gradients = gradient(network.loss, network.mlp.parameters());
    if (implementation == "gradient") outputs.insert(outputs.end(), gradients.begin(), gradients.end());
    if (implementation != "gradient") updates = network.optimizer.updates(gradients);
  }
  void compile() { network.program = wengert::compile(outputs, updates); }
};

Work network_work(const Net& net, const std::string& implementation) {
  const auto n = std::make_shared<std::unique_ptr<Recorded>>();
  const auto record = [n, net, implementation] { *n = std::make_unique<Recorded>(net, implementation); };
  record();
  (*n)->compile();
  Network& network = (*n)->network;
  network.program.run();
  Work out{[n] { (*n)->network.program.run(); }, static_cast<double>(network.tape.size()),
           static_cast<double>(network.program.arena_bytes()), static_cast<double>(*network.program.output().data)};
  if (implementation == "compile") {  // a tape that has compiled the same before would find the program again
    out.prepare = record;
    out.run = [n] { (*n)->compile(); };
  }
  return out;
}

struct Chain {
  Tape<double> tape;
  Var<double> x = tape.leaf({0.5, 1.0, 1.5, 2.0});
  Program<double> program;

  /// Appends a sum of `nodes` nodes.
  Var<double> record(int nodes) {
    Var<double> y = x;
    for (const NodeId end = tape.size() + static_cast<NodeId>(nodes) - 1; tape.size() < end;) y = tanh(y * x);
    return sum(y);
  }
};

Work chain_work(int nodes, const std::string& implementation) {
  const auto c = std::make_shared<Chain>();
  if (implementation == "record") {
    return {[c, nodes] {
              const auto scope = c->tape.scope();
              c->record(nodes);
            },
            static_cast<double>(nodes)};
  }
  const Var<double> y = c->record(nodes);
  const double before = static_cast<double>(c->tape.size());
  if (implementation == "gradient") {
    Work out{[c, y] {
      const auto scope = c->tape.scope();
      gradient(y, c->x);
    }};
    const auto scope = c->tape.scope();
    gradient(y, c->x);
    out.nodes = static_cast<double>(c->tape.size()) - before;
    return out;
  }
  const Var<double> g = gradient(y, c->x);
  c->program = compile({y, g});
  c->program.run();
  struct Fresh {
    Chain chain;
    Var<double> y, g;
    explicit Fresh(int nodes) : y(chain.record(nodes)), g(gradient(y, chain.x)) {}
  };
  const auto fresh = std::make_shared<std::unique_ptr<Fresh>>();
  return {[fresh] {
            Fresh& r = **fresh;
            r.chain.program = compile({r.y, r.g});
          },
          static_cast<double>(c->tape.size()), static_cast<double>(c->program.arena_bytes()), *c->program.output().data,
          [fresh, nodes] { *fresh = std::make_unique<Fresh>(nodes); }};
}

void time_growth(benchmark::State& state, const Row& row) {
  show_progress(row.name);
  set_threads(row.threads);
  static std::map<std::string, Work> works;
  auto at = works.find(row.name);
  if (at == works.end()) {
    const Varied v = varied(row.workload);
    at = works
             .emplace(row.name, v.what == "nodes" ? chain_work(v.n, row.implementation)
                                                  : network_work(net_of(v), row.implementation))
             .first;
  }
  const Work& work = at->second;
  if (!std::isfinite(work.result)) return state.SkipWithError("does not come out finite");
  if (work.prepare) {
    for (auto _ : state) {
      state.PauseTiming();
      work.prepare();
      state.ResumeTiming();
      work.run();
    }
  } else {
    repeat(state, row, work.run);
  }
  state.counters["nodes"] = work.nodes;
  state.counters["arena_bytes"] = work.arena_bytes;
}

/// Each workload of `kRows` once, in order, if it was measured.
std::vector<std::string> measured(const Medians& medians, bool nodes) {
  std::vector<std::string> out;
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    if ((varied(row.workload).what == "nodes") != nodes || medians.of(row.name) == 0) continue;
    if (out.empty() || out.back() != row.workload) out.push_back(row.workload);
  }
  return out;
}

std::string networks_table(const Medians& medians, const Peak& peak) {
  std::string out, before;
  for (const std::string& workload : measured(medians, false)) {
    const Varied v = varied(workload);
    const Net net = net_of(v);
    const auto of = [&](const char* implementation) { return medians.of(workload + "f32", implementation, 1); };
    if (out.empty()) {
      out = fmt::format(
          "\nµs as networks grow, f32, one thread, median\n{:<11}{:>11}{:>11}{:>11}{:>15}{:>10}{:>7}{:>11}{:>12}\n", "",
          "loss", "+gradient", "+update", "gradient/loss", "step/n", "peak", "compile", "arena KiB");
    }
    if (!before.empty() && before != v.what) out += "\n";
    before = v.what;
    const double step = of("step");
    out += fmt::format("{:<6}{:>5}{:>11}{:>11}{:>11}{:>15}{:>10}{:>7}{:>11}{:>12.0f}\n", v.what, v.n,
                       microseconds(of("loss")), microseconds(of("gradient")), microseconds(step),
                       ratio(of("gradient"), of("loss")), microseconds(step / v.n),
                       percent(step == 0 ? 0 : net.flops() / (1e3 * step), peak.of("f32")), microseconds(of("compile")),
                       medians.counter(workload + "f32/step/1", "arena_bytes") / 1024);
  }
  return out;
}

std::string nodes_table(const Medians& medians) {
  std::string out;
  for (const std::string& workload : measured(medians, true)) {
    const auto speed = [&](const char* implementation) {
      const std::string name = workload + "f64/" + implementation + "/1";
      const double us = medians.of(name);
      return us == 0 ? "" : fmt::format("{:.1f}", medians.counter(name, "nodes") / us);
    };
    if (out.empty()) {
      out = fmt::format("\nmillion nodes per second, median\n{:<13}{:>11}{:>15}{:>11}\n", "", "recorded",
                        "differentiated", "compiled");
    }
    out += fmt::format("nodes{:>8}{:>11}{:>15}{:>11}\n", varied(workload).n, speed("record"), speed("gradient"),
                       speed("compile"));
  }
  return out;
}

}  // namespace

void register_growth() {
  for (const char* name : kRows) {
    const Row row = parse_row(name);
    benchmark::RegisterBenchmark(name, [row](benchmark::State& state) {
      time_growth(state, row);
    })->Unit(benchmark::kMicrosecond);
  }
}

std::string growth_table(const Medians& medians, const Peak& peak) {
  return networks_table(medians, peak) + nodes_table(medians);
}

}  // namespace bench
