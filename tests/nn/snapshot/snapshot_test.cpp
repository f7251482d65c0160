#include "nn/snapshot/snapshot.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <string>

#include "nn/data/batches.hpp"
#include "nn/loss/loss.hpp"
#include "nn/model/mlp.hpp"
#include "tests/nn/scratch.hpp"

namespace wengert::nn {
namespace {

using doctest::Contains;
using test::ScratchFolder;

std::string bytes_of(const std::vector<Parameter<double>>& leaves) {
  std::string out;
  for (const Parameter<double>& leaf : leaves) out += Array(value(leaf.var)).bytes();
  return out;
}

/// Adam on a small network, with everything a snapshot holds: parameters, moments, step, place in the shuffled data.
class Training {
 public:
  Training() : mlp_(tape_, {2, 5, 1}, {.hidden = Activation::tanh, .seed = 1}), batches_(inputs(), targets(), {7, 9}) {
    x_ = tape_.leaf(Tensor<double>(Shape{7, 2}));
    y_ = tape_.leaf(Tensor<double>(Shape{7, 1}));
    rate_ = tape_.leaf(0);
    correction_ = tape_.leaf(0);
    leaves_ = mlp_.named_parameters();
    const Var<double> loss = mean_squared_error(mlp_(x_), y_);
    const auto gradients = gradient(loss, mlp_.parameters());
    std::vector<Assign<double>> updates;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const auto [name, w] = std::pair(leaves_[i].name, mlp_.parameters()[i]);
      const auto m = tape_.leaf(Tensor<double>(w.shape())), v = tape_.leaf(Tensor<double>(w.shape()));
      leaves_.push_back({"adam.first." + name, m});
      leaves_.push_back({"adam.second." + name, v});
      const auto next_m = 0.9 * m + 0.1 * gradients[i], next_v = 0.999 * v + 0.001 * square(gradients[i]);
      updates.push_back(assign(m, next_m));
      updates.push_back(assign(v, next_v));
      updates.push_back(assign(w, w - rate_ * next_m / (sqrt(next_v) * correction_ + 1e-8)));
    }
    program_ = compile<double>({loss}, updates);
  }

  void train(int steps) {
    for (int i = 0; i < steps; ++i) {
      const auto batch = batches_.next();  // 21 rows: three whole batches an epoch
      tape_.set(x_, batch.x);
      tape_.set(y_, batch.y);
      const double t = static_cast<double>(++step_);
      tape_.set(rate_, 0.01 / (1 - std::pow(0.9, t)));
      tape_.set(correction_, 1 / std::sqrt(1 - std::pow(0.999, t)));
      program_.run();
    }
  }
  void save(const std::filesystem::path& path) const {
    save_snapshot(path, leaves_,
                  {{"optimizer", "adam"},
                   {"step", std::to_string(step_)},
                   {"epoch", std::to_string(batches_.epoch())},
                   {"batch", std::to_string(batches_.batch())}});
  }
  void load(const std::filesystem::path& path) {
    const Metadata notes = load_snapshot(path, leaves_, {{"optimizer", "adam"}});
    step_ = integer_note(notes, "step");
    batches_.seek(integer_note(notes, "epoch"), integer_note(notes, "batch"));
  }
  std::string state() const { return bytes_of(leaves_) + std::to_string(step_); }

 private:
  static Tensor<double> inputs() {
    Random random(5);
    return normal(Shape{21, 2}, 0.0, 1.0, random);
  }
  static Tensor<double> targets() {
    Random random(6);
    return normal(Shape{21, 1}, 0.0, 1.0, random);
  }

  Tape<double> tape_;
  Mlp<double> mlp_;
  Batches<double, double> batches_;
  Var<double> x_, y_, rate_, correction_;
  std::vector<Parameter<double>> leaves_;
  Program<double> program_;
  std::int64_t step_ = 0;
};

/// Runs f in a process of its own; its exit status.
template <class F>
int in_child(F f) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    try {
      f();
      status = 0;
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("six steps of Adam, and three, a snapshot, a new process and three more, end in the same bits (B166, B167)") {
  const ScratchFolder folder;
  Training whole;
  whole.train(6);
  {
    Training first;
    first.train(3);  // to the end of epoch 0: epoch 1 must not repeat its order
    first.save(folder.path / "three");
  }
  CHECK(in_child([&] {
          Training second;
          second.load(folder.path / "three");
          second.train(3);
          second.save(folder.path / "six");
        }) == 0);
  Training resumed;
  resumed.load(folder.path / "six");
  CHECK(resumed.state() == whole.state());
  for (Training* training : {&whole, &resumed}) training->train(4);  // into the middle of epoch 3
  CHECK(resumed.state() == whole.state());
}

TEST_CASE("nothing is broadcast on load, and nothing changed when it fails (B169)") {
  const ScratchFolder folder;
  Tape<double> tape;
  const auto a = tape.leaf(Tensor<double>{7, 8}), b = tape.leaf(Tensor<double>{1, 2, 3});
  for (const Shape& shape : {Shape{1}, Shape{1, 3}, Shape{3, 1}, Shape{}, Shape{4}}) {
    save_snapshot<double>(folder.path / "file", {{"a", a}, {"b", tape.leaf(Tensor<double>(shape))}});
    tape.set(a, Tensor<double>{5, 6});
    const std::string reason =
        "tensor \"b\": the shape is " + to_string(shape) + " in the file, [3] is wanted   at snapshot_test.cpp:";
    CHECK_THROWS_WITH_AS(load_snapshot<double>(folder.path / "file", {{"a", a}, {"b", b}}), Contains(reason.c_str()),
                         FileError);
    CHECK(value(a) == Tensor<double>{5, 6});
    CHECK(value(b) == Tensor<double>{1, 2, 3});
  }
}

TEST_CASE("the optimiser of the file must be the one that loads it (B170)") {
  const ScratchFolder folder;
  Tape<double> tape;
  const auto w = tape.leaf(Tensor<double>{1, 2});
  save_snapshot<double>(folder.path / "file", {{"w", w}}, {{"optimizer", "sgd"}});
  tape.set(w, Tensor<double>{3, 4});
  CHECK_THROWS_WITH_AS(load_snapshot<double>(folder.path / "file", {{"w", w}}, {{"optimizer", "adam"}}),
                       Contains("file\" optimizer: it is \"sgd\" in the file, \"adam\" is wanted"), FileError);
  CHECK_THROWS_WITH_AS(load_snapshot<double>(folder.path / "file", {{"w", w}}, {{"loss", "mse"}}),
                       Contains("loss: the file does not say it"), FileError);
  CHECK(value(w) == Tensor<double>{3, 4});
}

TEST_CASE("a snapshot keeps what was, whatever is trained later (B193)") {
  const ScratchFolder folder;
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  save_snapshot<double>(folder.path / "best", {{"w", w}});
  compile<double>({}, {assign(w, w - 0.1 * gradient(sum(w), w))}).run();
  CHECK(value(w).item() == 0.9);
  load_snapshot<double>(folder.path / "best", {{"w", w}});
  CHECK(value(w).item() == 1);
}

TEST_CASE("missing, surplus and converted tensors are errors that name them") {
  const ScratchFolder folder;
  Tape<double> tape;
  Tape<float> narrow;
  const auto a = tape.leaf(1.0), b = tape.leaf(2.0);
  save_snapshot<double>(folder.path / "file", {{"a", a}, {"b", b}});
  CHECK_THROWS_WITH_AS(load_snapshot<double>(folder.path / "file", {{"a", a}}),
                       Contains("tensor \"b\": there is no leaf of this name"), FileError);
  CHECK_THROWS_WITH_AS(load_snapshot<double>(folder.path / "file", {{"a", a}, {"b", b}, {"c", b}}),
                       Contains("tensor \"c\": the file has none of this name"), FileError);
  CHECK_THROWS_WITH_AS(load_snapshot<float>(folder.path / "file", {{"a", narrow.leaf(0)}, {"b", narrow.leaf(0)}}),
                       Contains("tensor \"a\": the type is f64, f32 is wanted"), FileError);
}

TEST_CASE("two leaves of one name, and what is no leaf, are refused before a file is touched") {
  const ScratchFolder folder;
  Tape<double> tape;
  const auto a = tape.leaf(1.0);
  CHECK_THROWS_WITH_AS(save_snapshot<double>(folder.path / "file", {{"a", a}, {"a", a}}),
                       Contains("save_snapshot: two leaves are called \"a\""), UsageError);
  CHECK_THROWS_WITH_AS(save_snapshot<double>(folder.path / "file", {{"a", exp(a)}}),
                       Contains("save_snapshot: \"a\" is no leaf"), UsageError);
  CHECK_THROWS_AS(load_snapshot<double>(folder.path / "file", {{"a", Var<double>()}}), UsageError);
  CHECK(folder.names().empty());
}

TEST_CASE("a note that should be a number is one") {
  CHECK(integer_note({{"step", "-12"}}, "step") == -12);
  CHECK_THROWS_WITH_AS(integer_note({{"step", "12x"}}, "step"), Contains("note \"step\" is \"12x\", no whole number"),
                       FileError);
  CHECK_THROWS_WITH_AS(integer_note({}, "step"), Contains("there is no note \"step\""), FileError);
  CHECK_THROWS_AS(integer_note({{"step", "9223372036854775808"}}, "step"), FileError);
}

TEST_CASE("a process that is killed while it saves leaves a whole snapshot, 50 times") {
  const ScratchFolder folder;
  const auto path = folder.path / "run.safetensors";
  const Shape shape{20000};
  const auto save = [&](int version) {
    Tape<double> tape;
    save_snapshot<double>(path, {{"w", tape.leaf(full(shape, static_cast<double>(version)))}},
                          {{"version", std::to_string(version)}});
  };
  save(0);
  Random random(1);
  std::int64_t newest = 0, moved = 0;
  for (int round = 0; round < 50; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int version = round * 1000 + 1;; ++version) save(version);
    }
    ::usleep(static_cast<useconds_t>(random.below(20000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    Tape<double> tape;
    const auto w = tape.leaf(Tensor<double>(shape));
    const std::int64_t version = integer_note(load_snapshot<double>(path, {{"w", w}}), "version");
    CHECK(value(w) == full(shape, static_cast<double>(version)));
    CHECK(version >= newest);
    moved += version > newest;
    newest = version;
  }
  CHECK(moved > 10);  // children were killed while saving, not before
}

}  // namespace wengert::nn
