// A training that goes on from a snapshot is the training that never stopped, bit for bit.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "nn/nn.hpp"
#include "tests/nn/scratch.hpp"
#include "tests/nn/train/printed.hpp"
#include "tests/nn/train/resumable.hpp"

using namespace wengert;
using doctest::Contains;
using nn::Stop;
using test::Resumable;

namespace {

nn::TrainerOptions options(std::int64_t epochs, std::filesystem::path snapshot = {}) {
  return {.method = nn::Adam{.rate = 0.05}, .epochs = epochs, .snapshot = std::move(snapshot)};
}

/// A snapshot of two epochs, in its parts, to be changed and written again.
nn::Safetensors parts_of_snapshot(const std::filesystem::path& path) {
  Resumable<> training(options(2, path));
  training.fit();
  return nn::read_safetensors(path);
}

}  // namespace

TEST_CASE("ten epochs, and four, a snapshot, a new process and six more, end in the same bits (B166, B167)") {
  const test::Scratch file("");
  Resumable<> whole(options(10));
  const std::string expected = whole.state(whole.fit());
  Resumable<> first(options(4, file.path));
  first.fit();

  const pid_t child = ::fork();
  if (child == 0) {
    Resumable<> second(options(10, file.path));
    const bool resumed = second.trainer.resume() && second.trainer.epoch() == 4;
    const bool same = second.state(second.fit()) == expected;
    ::_exit(resumed && same ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  Resumable<> third(options(10, file.path));  // the file of the child: nothing is left to do
  CHECK(third.trainer.resume());
  CHECK(third.state(third.fit()) == expected);
}

TEST_CASE_TEMPLATE_DEFINE("a training of which each step is done by new objects ends in the same bits", M, resumes) {
  const auto options = [](double seconds, std::filesystem::path snapshot) {
    return nn::TrainerOptions{
        .method = M{}, .epochs = 3, .seconds = seconds, .snapshot = std::move(snapshot), .snapshot_epochs = 0};
  };
  const auto run = [&]<class T>(T) {
    Resumable<T> whole(options(1e9, {}));
    const std::string expected = whole.state(whole.fit());
    const test::ScratchFolder folder;
    for (int step = 0; step < 9; ++step) {
      Resumable<T> one(options(0, folder.path / "run"));
      CHECK(one.trainer.resume() == (step > 0));
      CHECK(one.fit().stop == Stop::time);
      CHECK(one.trainer.step() == step + 1);
    }
    Resumable<T> last(options(0, folder.path / "run"));  // closes the last epoch, whose steps are done
    CHECK(last.trainer.resume());
    CHECK(last.state(last.fit()) == expected);
  };
  run(double{});
  run(float{});
}
TEST_CASE_TEMPLATE_APPLY(resumes, nn::Methods);

TEST_CASE("the same trainer goes on in the middle of an epoch as if it had not stopped") {
  Resumable<> whole(options(3)), parts(options(3));
  const std::string expected = whole.state(whole.fit());
  parts.trainer.options().seconds = 0;
  for (int step = 0; step < 4; ++step) CHECK(parts.fit().stop == Stop::time);
  CHECK(parts.trainer.step() == 4);
  CHECK_THROWS_WITH_AS(parts.trainer.fit(test::noisy_plane<double>(21, 1)),
                       Contains("fit: epoch 2 was broken off after 8 of 20 samples, there are 21 now"), ShapeError);
  parts.trainer.options().seconds = 1e9;
  CHECK(parts.state(parts.fit()) == expected);
}

TEST_CASE("groups and micro-batches go on in the same bits, and other methods in the groups are refused") {
  const auto grouped = [](double seconds, std::filesystem::path snapshot, const nn::Method& of_biases) {
    return nn::TrainerOptions{.method = nn::Adam{.rate = 0.05},
                              .groups = {{.has = nn::is_bias, .method = of_biases}},
                              .epochs = 3,
                              .micro_batch = 3,
                              .seconds = seconds,
                              .snapshot = std::move(snapshot)};
  };
  Resumable<> whole(grouped(1e9, {}, nn::Momentum{}));
  const std::string expected = whole.state(whole.fit());
  const test::ScratchFolder folder;
  for (int step = 0; step < 5; ++step) {
    Resumable<> one(grouped(0, folder.path / "run", nn::Momentum{}));
    CHECK(one.trainer.resume() == (step > 0));
    CHECK(one.fit().stop == Stop::time);
  }
  Resumable<> rest(grouped(1e9, {}, nn::Momentum{})), other(grouped(1e9, {}, nn::Nesterov{}));
  rest.trainer.load(folder.path / "run");
  CHECK(rest.state(rest.fit()) == expected);
  CHECK_THROWS_WITH_AS(other.trainer.load(folder.path / "run"),
                       Contains("method: it is \"adam, momentum\" in the file, \"adam, nesterov\" is wanted"),
                       FileError);
}

TEST_CASE("a plateau goes on counting where it was, and its cut rate is kept") {
  const auto with_plateau = [](std::int64_t epochs, std::filesystem::path snapshot) {
    nn::TrainerOptions out = options(epochs, std::move(snapshot));
    out.plateau = nn::Plateau{.factor = 0.5, .patience = 2, .threshold = 0.2, .cooldown = 1};
    return out;
  };
  Resumable<> whole(with_plateau(16, {}));
  const auto run = whole.fit();
  CHECK(run.history[15].rate < run.history[0].rate);
  for (std::int64_t epochs = 1; epochs < 16; ++epochs) {
    const test::Scratch file("");
    Resumable<> first(with_plateau(epochs, file.path)), second(with_plateau(16, {}));
    first.fit();
    second.trainer.load(file.path);
    CHECK(second.state(second.fit()) == whole.state(run));
  }
}

TEST_CASE("patience and the best leaves outlive a snapshot") {
  const auto early = [](std::int64_t epochs, std::filesystem::path snapshot) {
    nn::TrainerOptions out = options(epochs, std::move(snapshot));
    out.patience = 4;
    out.restore_best = true;
    // The best is epoch 3, and epoch 5 is as good.
    out.after_epoch = [](nn::Epoch& e) { e.metric = e.number == 3 || e.number == 5 ? 1 : 1.0 / 8; };
    return out;
  };
  Resumable<> whole(early(50, {}));
  const auto run = whole.fit();
  CHECK(run.stop == Stop::patience);
  CHECK(run.best_epoch == 3);
  CHECK(run.history.size() == 7);
  for (const std::int64_t epochs : {2, 4, 6, 7}) {
    const test::Scratch file("");
    Resumable<> first(early(epochs, file.path)), second(early(50, {}));
    first.fit();
    second.trainer.load(file.path);
    const auto rest = second.fit();
    CHECK(rest.stop == Stop::patience);
    CHECK(second.state(rest) == whole.state(run));
  }
  const test::Scratch file("");
  Resumable<> without(options(2, file.path)), with(early(50, {}));
  without.fit();
  CHECK_THROWS_WITH_AS(with.trainer.load(file.path),
                       Contains("tensor \"trainer.best.layers.0.weight\": the file has none of this name"), FileError);
}

TEST_CASE("snapshots come after so many steps and epochs, and at the end but for one that is not finite") {
  const test::ScratchFolder folder;
  const auto path = folder.path / "run";
  std::vector<std::int64_t> steps;
  nn::TrainerOptions at = options(4, path);
  at.snapshot_epochs = 3;
  at.snapshot_steps = 4;
  at.after_epoch = [&](nn::Epoch&) {  // called before the snapshot of its epoch
    if (std::filesystem::exists(path)) steps.push_back(nn::integer_note(nn::read_safetensors(path).metadata, "step"));
  };
  Resumable<> training(at);
  training.fit();
  CHECK(steps == std::vector<std::int64_t>{4, 8, 12});  // after steps 6, 9 and 12
  CHECK(nn::integer_note(nn::read_safetensors(path).metadata, "epoch") == 4);
  CHECK(folder.names() == std::set<std::string>{"run"});

  training.trainer.options().epochs = 9;
  training.trainer.optimizer().set_rate(1e300);
  training.trainer.options().snapshot_steps = training.trainer.options().snapshot_epochs = 0;
  CHECK(training.fit().stop == Stop::not_finite);
  CHECK(nn::integer_note(nn::read_safetensors(path).metadata, "epoch") == 4);
}

TEST_CASE("Ctrl-C finishes the step, saves and says so; the training goes on in the same bits") {
  Resumable<> whole(options(4));
  const std::string expected = whole.state(whole.fit());
  const test::Scratch file("");
  nn::TrainerOptions at = options(4, file.path);
  at.snapshot_epochs = 0;
  at.after_epoch = [](nn::Epoch& e) {
    if (e.number == 2) std::raise(SIGINT);
  };
  Resumable<> first(at), second(options(4, file.path));
  first.trainer.options().progress = true;
  nn::Training run;
  const std::string said = test::printed([&] { run = first.fit(); });
  CHECK(run.stop == Stop::interrupted);
  CHECK(first.trainer.step() == 7);  // of three an epoch
  CHECK(run.history.size() == 3);
  CHECK(said.ends_with("\nstopped in epoch 3 after step 7: interrupted by Ctrl-C; saved to \"" + file.path.string() +
                       "\"\n"));
  CHECK(second.trainer.resume());
  CHECK(second.trainer.step() == 7);
  CHECK(second.state(second.fit()) == expected);
}

TEST_CASE("another model, type, method, seed or order is refused by name, and nothing changes (B169, B170)") {
  const test::Scratch file("");
  Resumable<> saved(options(2, file.path));
  saved.fit();
  const auto refuses = [&](auto& other, const std::string& words) {
    const std::string before = test::bits(other.trainer.leaves());
    CHECK_THROWS_WITH_AS(other.trainer.load(file.path), Contains(words.c_str()), FileError);
    CHECK(test::bits(other.trainer.leaves()) == before);
    CHECK(other.trainer.step() == 0);
    CHECK(other.trainer.epoch() == 0);
  };
  Resumable<> sgd({.method = nn::Sgd{}}), seed({.seed = 3}), order({.shuffle = false});
  refuses(sgd, "load: \"" + file.path.string() + "\" method: it is \"adam\" in the file, \"sgd\" is wanted");
  refuses(seed, "seed: it is \"2\" in the file, \"3\" is wanted");
  refuses(order, "shuffle: it is \"yes\" in the file, \"no\" is wanted");
  Resumable<float> narrow;
  refuses(narrow, "tensor \"layers.0.weight\": the type is f64, f32 is wanted");

  struct Other {
    Tape<double> tape;
    Random random{1};
    nn::Trainer<double> trainer;
    explicit Other(std::int64_t width)
        : trainer(nn::Sequential<double>{nn::linear(tape, 2, width, random), nn::batch_norm(tape, 4),
                                         nn::Activation::tanh, nn::linear(tape, 4, 1, random)},
                  {.seed = 2}) {}
  } wide(5), fewer(4);
  refuses(wide, "tensor \"layers.0.weight\": the shape is [2, 4] in the file, [2, 5] is wanted");
  refuses(fewer, "tensor \"layers.3.weight\": the file has none of this name");
}

TEST_CASE("a snapshot whose numbers contradict each other is refused, and nothing changes") {
  const test::Scratch file("");
  const nn::Safetensors good = parts_of_snapshot(file.path);
  const auto refuses = [&](auto change, const char* words) {
    nn::Safetensors bad = good;
    change(bad);
    nn::write_safetensors(file.path, bad);
    Resumable<> training(options(2));
    const std::string before = test::bits(training.trainer.leaves());
    CHECK_THROWS_WITH_AS(training.trainer.load(file.path), Contains(words), FileError);
    CHECK(test::bits(training.trainer.leaves()) == before);
    CHECK(training.trainer.step() == 0);
  };
  const auto say = [](const char* name, const char* text) {
    return [=](nn::Safetensors& f) { f.metadata[name] = text; };
  };
  refuses(say("step", "-1"), "note \"step\" is -1, it must not be negative");
  refuses(say("epoch", "3"), "epoch 3 has a history of 2 rows");
  refuses(say("best_epoch", "3"), "the best epoch is 3 of 2");
  refuses(say("epoch.samples", "21"), "21 samples of an epoch of 0 were seen");
  refuses(say("epoch.samples", "-1"), "note \"epoch.samples\" is -1, it must not be negative");
  refuses(say("rate", "fast"), "note \"rate\" is \"fast\", no number");
  refuses([](auto& f) { f.metadata.erase("epoch.loss_sum"); }, "there is no note \"epoch.loss_sum\"");
  refuses([](auto& f) { f.tensors.erase("trainer.history"); }, "history: the shape is [0] in the file, [epochs, 7] is");
  refuses([](auto& f) { f.tensors["trainer.history"] = zeros({2, 3}); }, "history: the shape is [2, 3] in the file");
  refuses([](auto& f) { f.tensors["trainer.history"] = Tensor<float>(Shape{2, 7}); }, "history: it is not of type f64");
  refuses([](auto& f) { f.tensors["more"] = zeros({1}); }, "tensor \"more\": there is no leaf of this name");
}

TEST_CASE("a parameter called like what stands beside it in the file is refused") {
  const test::ScratchFolder folder;
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  nn::Trainer<double> trainer(
      {{"trainer.history", w}}, [&](const auto&, auto&) { return 1.0 * w; }, options(1));
  CHECK_THROWS_WITH_AS(trainer.save(folder.path / "run"),
                       Contains("save: \"trainer.history\" is a name of the trainer's own"), UsageError);
  CHECK(folder.names().empty());
  CHECK(!trainer.resume());
}

TEST_CASE("a history comes back from a tensor bit for bit, and what was not measured stays so") {
  nn::Epoch epoch;
  epoch.number = 1;
  epoch.loss = 0.1 + 0.2;
  epoch.rate = 5e-324;
  const auto back = nn::from_tensor(nn::to_tensor({epoch}), {"test", "", Source::here()});
  CHECK(back.size() == 1);
  CHECK(nn::to_csv(back) == nn::to_csv({epoch}));
  CHECK(nn::Array(nn::to_tensor(back)) == nn::Array(nn::to_tensor({epoch})));
}

TEST_CASE("a snapshot that nobody can write is noticed before the first step") {
  const test::ScratchFolder folder;
  const test::Scratch file("");
  const auto refused = [](const std::filesystem::path& path, const char* reason) {
    Resumable<> training(options(2, path));
    const std::string expected = "fit: snapshot: \"" + path.string() + "\": " + reason + "   at resumable.hpp:";
    CHECK_THROWS_WITH_AS(training.fit(), Contains(expected.c_str()), FileError);
    CHECK(training.trainer.step() == 0);
  };
  refused(folder.path / "none" / "run", "No such file or directory");
  refused(file.path / "run", "Not a directory");
  refused(folder.path, "Is a directory");
  std::filesystem::permissions(folder.path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec |
                                                std::filesystem::perms::others_exec);
  const bool root = ::geteuid() == 0;  // may write anywhere, so it becomes nobody where there is one
  if (!root || ::seteuid(65534) == 0) refused(folder.path / "run", "Permission denied");
  if (root) REQUIRE(::seteuid(0) == 0);
  std::filesystem::permissions(folder.path, std::filesystem::perms::owner_all);
  CHECK(folder.names().empty());
}
