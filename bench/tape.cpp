// Ours: each workload as a user of the library writes it.
#include <algorithm>

#include "autodiff/autodiff.hpp"
#include "bench/workload.hpp"
#include "nn/nn.hpp"

namespace bench {
namespace {

using namespace wengert;

template <class T>
Tensor<T> tensor(const std::vector<double>& values, const Shape& shape) {
  return Tensor<T>(shape, cast<T>(values));
}
template <class T>
void append(std::vector<double>& out, const Tensor<T>& values) {
  out.insert(out.end(), values.begin(), values.end());
}

nn::Activation activation_of(Activation a) {
  return a == Activation::relu      ? nn::Activation::relu
         : a == Activation::sigmoid ? nn::Activation::sigmoid
                                    : nn::Activation::tanh;
}

/// A flat vector of parameters, weights [out, in], as tensors [in, out] and [out].
template <class T>
std::vector<Tensor<T>> split(const Net& net, const std::vector<double>& flat) {
  std::vector<Tensor<T>> out;
  const double* p = flat.data();
  for (std::size_t l = 0; l + 1 < net.sizes.size(); ++l) {
    const std::int64_t in = net.sizes[l], to = net.sizes[l + 1];
    Tensor<T> w(Shape{in, to});
    for (std::int64_t j = 0; j < to; ++j) {
      for (std::int64_t i = 0; i < in; ++i) w.data()[i * to + j] = static_cast<T>(*p++);
    }
    out.push_back(std::move(w));
    out.push_back(tensor<T>({p, p + to}, {to}));
    p += to;
  }
  return out;
}
template <class T>
std::vector<double> join(const std::vector<Tensor<T>>& parts) {
  std::vector<double> out;
  for (const Tensor<T>& part : parts) {
    if (part.shape().rank() == 2) {
      for (std::int64_t j = 0; j < part.shape()[1]; ++j) {
        for (std::int64_t i = 0; i < part.shape()[0]; ++i) out.push_back(part.data()[i * part.shape()[1] + j]);
      }
    } else {
      append(out, part);
    }
  }
  return out;
}

/// The outputs of a program from `first` on: a gradient, flat.
template <class T>
std::vector<double> outputs(const Program<T>& program, std::size_t first) {
  std::vector<Tensor<T>> parts;
  for (std::size_t i = first; i < program.size(); ++i) parts.push_back(program.value(i));
  return join(parts);
}

/// A network with its data on a tape.
template <class T>
struct Model {
  Net net;
  Tape<T> tape;
  nn::Mlp<T> mlp;
  Var<T> x, t;
  Index<T> classes;

  explicit Model(const Net& n) : net(n), mlp(tape, {n.sizes.begin(), n.sizes.end()}, options(n)) {
    const std::vector<Tensor<T>> start = split<T>(net, initial_parameters(net));
    for (std::size_t i = 0; i < start.size(); ++i) tape.set(mlp.parameters()[i], start[i]);
    x = tape.leaf(tensor<T>(inputs(net), {net.batch, net.sizes[0]}));
    t = tape.leaf(tensor<T>(targets(net), {net.batch, net.sizes.back()}));
    const std::vector<int> of = labels(net);
    classes = tape.indices(Tensor<std::int64_t>({net.batch}, std::vector<std::int64_t>(of.begin(), of.end())));
  }
  static nn::MlpOptions options(const Net& n) {
    nn::MlpOptions out;
    out.hidden = activation_of(n.activation);
    out.output = n.activation_on_output ? out.hidden : nn::Activation::identity;
    return out;
  }
  Var<T> loss() {
    return net.loss == Loss::mse ? nn::mean_squared_error(mlp(x), t) : cross_entropy(mlp.logits(x), classes);
  }
};

enum class How {
  recorded_once,
  afresh,         ///< recorded and compiled for every step
  with_gradient,  ///< recorded once, and every step stores the gradient, too
};

/// Loss, gradient and update as one program.
template <class T>
struct Training : Case {
  Model<T> model;
  nn::Optimizer<T> optimizer;
  Program<T> program;
  How how;
  std::int64_t steps = 0;
  std::vector<double> first_gradient;

  Training(const Net& net, How h) : model(net), optimizer(model.mlp.parameters(), method(net)), how(h) {
    if (how != How::with_gradient) first_gradient = gradient_now();
    if (how != How::afresh) program = record_step();
  }
  std::vector<double> gradient_now() {
    const auto scope = model.tape.scope();
    Program<T> all = compile(wengert::gradient(model.loss(), model.mlp.parameters()));
    all.run();
    return outputs(all, 0);
  }
  static nn::Method method(const Net& net) {
    if (net.update == Update::sgd) return nn::Sgd{.rate = net.rate};
    if (net.update == Update::momentum) return nn::Momentum{.rate = net.rate};
    return nn::Adam{.rate = net.rate};
  }
  Program<T> record_step() {
    const Var<T> loss = model.loss();
    const std::vector<Var<T>> gradients = wengert::gradient(loss, model.mlp.parameters());
    std::vector<Var<T>> stored = {loss};
    if (how == How::with_gradient) stored.insert(stored.end(), gradients.begin(), gradients.end());
    return compile(stored, optimizer.updates(gradients));
  }
  void step() override {
    optimizer.prepare(++steps);
    if (how == How::afresh) {
      program = {};  // whose memory the next step takes over
      const auto scope = model.tape.scope();
      program = record_step();
    }
    program.run();
  }
  double loss() override { return *program.output().data; }
  std::vector<double> gradient() override { return how == How::with_gradient ? outputs(program, 1) : first_gradient; }
};

/// Any program whose first output is a number and whose others are the gradient.
template <class T>
struct Gradient : Case {
  std::unique_ptr<Tape<T>> tape = std::make_unique<Tape<T>>();
  std::unique_ptr<Model<T>> model;
  Program<T> program;
  void step() override { program.run(); }
  double loss() override { return *program.output().data; }
  std::vector<double> gradient() override {
    if (model) return outputs(program, 1);
    std::vector<double> out;
    append(out, program.value(1));
    return out;
  }
};

template <class T>
std::unique_ptr<Case> chain() {
  auto out = std::make_unique<Gradient<T>>();
  const Var<T> x = out->tape->leaf(tensor<T>(chain_inputs(), {kChain}));
  const Var<T> y = sum(tanh(x) * exp(-x * x) + sin(x));
  out->program = compile({y, wengert::gradient(y, x)});
  return out;
}

template <class T>
std::unique_ptr<Case> rosenbrock() {
  auto out = std::make_unique<Gradient<T>>();
  const Var<T> x = out->tape->leaf(tensor<T>(rosenbrock_inputs(), {kRosenbrock}));
  const Var<T> low = slice(x, 0, 0, -1), high = slice(x, 0, 1);
  const Var<T> y = sum(100.0 * square(high - square(low)) + square(1.0 - low));
  out->program = compile({y, wengert::gradient(y, x)});
  return out;
}

template <class T>
std::unique_ptr<Case> hessian_times_vector(const Net& net) {
  auto out = std::make_unique<Gradient<T>>();
  out->model = std::make_unique<Model<T>>(net);
  std::vector<Var<T>> v, outputs;
  for (const Tensor<T>& part : split<T>(net, direction(net))) v.push_back(out->model->tape.leaf(part));
  const std::vector<Var<T>> h = hvp(out->model->loss(), out->model->mlp.parameters(), v);
  Var<T> vhv = sum(v[0] * h[0]);
  for (std::size_t i = 1; i < v.size(); ++i) vhv = vhv + sum(v[i] * h[i]);
  outputs = {vhv};
  outputs.insert(outputs.end(), h.begin(), h.end());
  out->program = compile(outputs);
  return out;
}

/// Derivatives of the network's output by its inputs in forward mode, then the gradient of what they leave of the
/// equation u_t = u_xx.
template <class T>
std::unique_ptr<Case> pinn(const Net& net) {
  auto out = std::make_unique<Gradient<T>>();
  out->model = std::make_unique<Model<T>>(net);
  Model<T>& m = *out->model;
  Tensor<T> along_x(Shape{net.batch, 2}), along_t(Shape{net.batch, 2});
  for (std::int64_t i = 0; i < net.batch; ++i) along_x.data()[2 * i] = along_t.data()[2 * i + 1] = 1;
  const Var<T> ex = m.tape.leaf(along_x), et = m.tape.leaf(along_t), u = m.mlp(m.x);
  const Var<T> u_xx = jvp(jvp(u, m.x, ex), m.x, ex), u_t = jvp(u, m.x, et);
  const Var<T> loss = mean(square(u_xx - u_t));
  std::vector<Var<T>> outputs = wengert::gradient(loss, m.mlp.parameters());
  outputs.insert(outputs.begin(), loss);
  out->program = compile(outputs);
  return out;
}

template <class T>
struct Predict : Case {
  Model<T> model;
  Program<T> program;
  explicit Predict(const Net& net) : model(net), program(compile(model.mlp(model.x))) {}
  void step() override { program.run(); }
  double loss() override { return *program.output().data; }
  std::vector<double> gradient() override {
    std::vector<double> out;
    append(out, program.value());
    return out;
  }
};

template <class T>
std::unique_ptr<Case> make(std::string_view workload, How how) {
  Net net;
  const bool trains = find_net(workload, net) && workload[0] == 'W' && !workload.starts_with("W7");
  if (trains) return std::make_unique<Training<T>>(net, how);
  if (how == How::afresh) return nullptr;
  if (workload == "W6") return chain<T>();
  if (workload == "W8") return rosenbrock<T>();
  if (workload == "W7h") return hessian_times_vector<T>(net);
  if (workload == "W7p") return pinn<T>(net);
  return find_net(workload, net) ? std::make_unique<Predict<T>>(net) : nullptr;
}
template <How how>
Implementation implementation() {
  return {[](std::string_view workload, std::string_view type) {
            return type == "f32" ? make<float>(workload, how) : make<double>(workload, how);
          },
          [](int n) { set_threads(n); }};
}

}  // namespace

Implementation tape() { return implementation<How::recorded_once>(); }
Implementation record() { return implementation<How::afresh>(); }
Implementation tape_with_gradient() { return implementation<How::with_gradient>(); }

}  // namespace bench
