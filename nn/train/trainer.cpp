#include "nn/train/trainer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

namespace wengert::nn {

namespace {

/// A step for batches of one size.
template <class T>
struct Step {
  Var<T> x;
  Index<T> labels;
  Program<T> program;
};

void bar(std::int64_t epoch, std::int64_t epochs, std::int64_t done, std::int64_t of) {
  constexpr std::int64_t width = 30;
  const std::int64_t full = of == 0 ? width : width * done / of;
  fmt::print("\r\033[Kepoch {:>3}/{} [{}{}] {:>3} %", epoch, epochs, std::string(static_cast<std::size_t>(full), '#'),
             std::string(static_cast<std::size_t>(width - full), '.'), of == 0 ? 100 : 100 * done / of);
  std::fflush(stdout);
}

}  // namespace

template <class T>
std::vector<Epoch> train(Mlp<T>& mlp, const Tensor<T>& x, const Tensor<std::int64_t>& labels,
                         const OptimizerOptions& optimizer_options, const TrainerOptions& options,
                         const std::function<std::string(const Epoch&)>& after, Source where) {
  const std::int64_t n = x.shape()[0], width = x.size() / std::max<std::int64_t>(1, n);
  if (labels.shape() != Shape{n} || n == 0) {
    throw ShapeError(locate("train",
                            fmt::format("one label per row of x is needed: x is {}, labels {}", to_string(x.shape()),
                                        to_string(labels.shape())),
                            where));
  }
  Tape<T>& tape = mlp.tape();
  const auto scope = tape.scope(where);
  Optimizer<T> optimizer(mlp.parameters(), optimizer_options, where);
  std::map<std::int64_t, Step<T>> steps;  // at most two: the batch, and what is left at the end
  const auto step_of = [&](std::int64_t rows) -> Step<T>& {
    const auto at = steps.find(rows);
    if (at != steps.end()) return at->second;
    Step<T> step;
    step.x = tape.leaf(Tensor<T>(Shape{rows, width}), where);
    step.labels = tape.indices(Tensor<std::int64_t>(Shape{rows}), where);
    const Var<T> loss = cross_entropy(mlp.logits(step.x, where), step.labels, Reduction::mean, where);
    step.program = compile<T>({loss}, optimizer.updates(gradient(loss, mlp.parameters(), where), where), where);
    return steps.emplace(rows, std::move(step)).first->second;
  };

  const bool terminal = options.progress && isatty(STDOUT_FILENO) != 0;
  const std::int64_t batch = std::min(std::max<std::int64_t>(1, options.batch), n);
  std::vector<Epoch> history;
  std::int64_t count = 0;
  Tensor<T> rows;
  Tensor<std::int64_t> classes;
  for (std::int64_t e = 1; e <= options.epochs; ++e) {
    Random random(options.seed, static_cast<std::uint64_t>(e));
    const Tensor<std::int64_t> order = random.permutation(n);
    Epoch epoch;
    epoch.number = e;
    std::int64_t runs = 0;
    std::chrono::duration<double, std::micro> time{};
    for (std::int64_t first = 0; first < n; first += batch) {
      const std::int64_t size = std::min(batch, n - first);
      Step<T>& step = step_of(size);
      if (rows.shape() != Shape{size, width}) {
        rows = Tensor<T>(Shape{size, width});
        classes = Tensor<std::int64_t>(Shape{size});
      }
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t from = order.data()[first + i];
        std::copy_n(x.data() + from * width, width, rows.data() + i * width);
        classes.data()[i] = labels.data()[from];
      }
      tape.set(step.x, rows);
      tape.set(step.labels, classes);
      optimizer.prepare(++count);
      const auto start = std::chrono::steady_clock::now();
      step.program.run(where);
      time += std::chrono::steady_clock::now() - start;
      ++runs;
      epoch.loss += static_cast<double>(*step.program.output().data) * static_cast<double>(size);
      if (terminal && runs % 8 == 0) bar(e, options.epochs, first, n);
    }
    epoch.loss /= static_cast<double>(n);
    epoch.step_microseconds = time.count() / static_cast<double>(runs);
    history.push_back(epoch);
    const std::string more = after ? after(epoch) : std::string();
    if (options.progress) {
      fmt::print("{}epoch {:>3}/{}  loss {:.4f}{}\n", terminal ? "\r\033[K" : "", e, options.epochs, epoch.loss, more);
      std::fflush(stdout);
    }
  }
  return history;
}

#define INSTANTIATE(T)                                                                                               \
  template std::vector<Epoch> train(Mlp<T>&, const Tensor<T>&, const Tensor<std::int64_t>&, const OptimizerOptions&, \
                                    const TrainerOptions&, const std::function<std::string(const Epoch&)>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
