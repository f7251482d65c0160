// The training loop: batches, order, stopping, the best epoch, resuming.
#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <limits>

#include "nn/nn.hpp"
#include "tests/nn/oracle.hpp"
#include "tests/nn/scratch.hpp"

using namespace wengert;
using nn::Stop;

namespace {

/// y = 2 x₀ - x₁ + 1 at random points.
nn::Samples<double> plane(std::int64_t n) {
  Random random(11);
  auto x = normal<double>(Shape{n, 2}, 0, 1, random);
  Tensor<double> y(Shape{n, 1});
  for (std::int64_t i = 0; i < n; ++i) y.at(i, 0) = 2 * x.at(i, 0) - x.at(i, 1) + 1;
  return {std::move(x), std::move(y)};
}

nn::TrainerOptions quiet(nn::TrainerOptions options) {
  options.progress = false;
  return options;
}

/// A trainer of one number w whose loss is w itself: plain descent lowers it by the rate, step after step.
struct Slide {
  Tape<double> tape;
  Var<double> w = tape.leaf(1.0);
  nn::Samples<double> one{ones({1, 1}), ones({1, 1})};
  nn::Trainer<double> trainer;
  explicit Slide(nn::TrainerOptions options)
      : trainer(
            {{"w", w}}, [this](const auto&, auto&) { return 1.0 * w; }, quiet(std::move(options))) {}
};

}  // namespace

TEST_CASE("B091: batches of 4, 4, 2 train as a loop that records each step anew, bit for bit, with two programs") {
  const auto samples = plane(10);
  Tape<double> a;
  Random random(5);
  const nn::Sequential<double> net{nn::linear(a, 2, 1, random)};
  nn::Trainer<double> trainer(net, quiet({.epochs = 100, .batch = 4, .shuffle = false}));
  trainer.fit(samples);
  CHECK(trainer.programs() == 2);
  CHECK(trainer.step() == 300);

  Tape<double> b;
  Random again(5);
  const auto layer = nn::linear(b, 2, 1, again);
  nn::Optimizer<double> adam({layer.W, layer.b});
  int step = 0;
  for (int epoch = 0; epoch < 100; ++epoch) {
    for (std::int64_t first = 0; first < 10; first += 4) {
      const std::int64_t rows = std::min<std::int64_t>(4, 10 - first);
      const auto scope = b.scope();
      const auto x = b.leaf(Tensor<double>(Shape{rows, 2}, samples.x.data() + first * 2));
      const auto t = b.leaf(Tensor<double>(Shape{rows, 1}, samples.targets.data() + first));
      const auto loss = nn::mean_squared_error(layer(x), t);
      const auto [dW, db] = gradient(loss, {layer.W, layer.b});
      adam.prepare(++step);
      compile<double>({loss}, adam.updates({dW, db})).run();
    }
  }
  const auto trained = net.named_parameters();
  CHECK(value(trained[0].var) == value(layer.W));
  CHECK(value(trained[1].var) == value(layer.b));
}

TEST_CASE("B134: the loss of an epoch weights its batches by size") {
  Tape<double> tape;
  const auto w = tape.leaf(0.0);
  const nn::Samples<double> samples({Shape{5, 1}, {1, 1, 1, 1, 5}}, zeros({5, 1}));
  for (const bool shuffle : {false, true}) {
    nn::Trainer<double> trainer(
        {{"w", w}}, [&](const auto& batch, auto&) { return mean(batch.x) + 0.0 * w; },
        quiet({.epochs = 1, .batch = 2, .shuffle = shuffle}));
    CHECK(test::relative(trainer.fit(samples).history[0].loss, 1.8) < 1e-15);
    CHECK(test::relative(trainer.loss(samples), 1.8) < 1e-15);
  }
}

TEST_CASE("B139: an epoch meets each sample once, with its own label") {
  Tape<double> tape;
  const std::int64_t n = 1000;
  const auto w = tape.leaf(0.0), x_of = tape.leaf(zeros({n})), times = tape.leaf(zeros({n}));
  Tensor<double> x(Shape{n, 1});
  for (std::int64_t i = 0; i < n; ++i) x.at(i, 0) = 10.0 * static_cast<double>(i);
  nn::Trainer<double> trainer(
      {{"w", w}},
      [&](const auto& batch, auto& pass) {
        const auto hot = one_hot(batch.labels, n);
        pass.updates.push_back(assign(x_of, x_of + sum(hot * batch.x, 0)));
        pass.updates.push_back(assign(times, times + sum(hot, 0)));
        return mean(batch.x) + 0.0 * w;
      },
      quiet({.epochs = 1, .batch = 64, .seed = 42}));
  trainer.fit({x, arange<std::int64_t>(n)});
  CHECK(value(times) == ones({n}));
  CHECK(value(x_of) == reshaped(x, Shape{n}));
}

TEST_CASE("the order of samples depends on the seed and the epoch, and on nothing else") {
  const auto losses = [](std::uint64_t seed) {
    Tape<double> tape;
    const auto w = tape.leaf(zeros({2, 1}));
    nn::Trainer<double> trainer(
        {{"w", w}}, [&](const auto& b, auto&) { return nn::mean_squared_error(matmul(b.x, w), b.targets); },
        quiet({.epochs = 2, .batch = 3, .seed = seed}));
    const auto history = trainer.fit(plane(20)).history;
    return std::pair(history[0].loss, history[1].loss);
  };
  CHECK(losses(1) == losses(1));
  CHECK(losses(1) != losses(2));
}

TEST_CASE("what a layer draws differs from step to step and repeats with the seed") {
  const auto losses = [](std::uint64_t seed) {
    Tape<double> tape;
    const auto w = tape.leaf(0.0);
    nn::Trainer<double> trainer(
        {{"w", w}},
        [&](const auto& batch, auto& pass) { return mean(nn::Dropout<double>{}.forward(batch.x, pass)) + 0.0 * w; },
        quiet({.epochs = 2, .batch = 1000, .seed = seed}));
    const auto history = trainer.fit({ones({1000, 1}), ones({1000})}).history;
    return std::pair(history[0].loss, history[1].loss);
  };
  const auto [first, second] = losses(1);
  CHECK(first != second);
  CHECK(losses(1) == std::pair(first, second));
  CHECK(losses(2).first != first);
}

TEST_CASE("a model with labels is trained on its logits: a softmax at its end is not applied twice") {
  Random random(3);
  const auto x = normal<double>(Shape{12, 3}, 0, 1, random);
  Tensor<std::int64_t> labels(Shape{12});
  for (auto& label : labels) label = random.below(4);
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {3, 4}, {.output = nn::Activation::softmax});
  const nn::Trainer<double> trainer(mlp, quiet({}));
  const auto expected = value(nn::cross_entropy(mlp.logits(tape.leaf(x)), tape.indices(labels))).item();
  CHECK(test::relative(nn::Trainer<double>(mlp, quiet({})).loss({x, labels}), expected) < 1e-14);
}

TEST_CASE("each reason to stop is reported") {
  const nn::Sgd by_tenths{.rate = 0.1};
  Slide all({.method = by_tenths, .epochs = 3});
  CHECK(all.trainer.fit(all.one).stop == Stop::epochs);
  CHECK(test::relative(value(all.w).item(), 0.7) < 1e-15);

  Slide cost({.method = by_tenths, .epochs = 50, .cost_tolerance = 0.11});
  const auto by_cost = cost.trainer.fit(cost.one);
  CHECK(by_cost.stop == Stop::cost);
  CHECK(by_cost.history.size() == 2);

  Slide slope({.method = by_tenths, .epochs = 50, .gradient_tolerance = 1.0});
  CHECK(slope.trainer.fit(slope.one).stop == Stop::gradient);
  CHECK(slope.trainer.epoch() == 1);

  Slide time({.method = by_tenths, .epochs = 50, .seconds = 0});
  CHECK(time.trainer.fit(time.one).stop == Stop::time);
  CHECK(time.trainer.step() == 1);

  Slide said({.method = by_tenths, .epochs = 50, .after_epoch = [](nn::Epoch& e) { e.stop = e.number == 4; }});
  CHECK(said.trainer.fit(said.one).history.size() == 4);

  Slide wild({.method = nn::Sgd{.rate = 1e308}, .epochs = 50});
  const auto run = wild.trainer.fit(wild.one);
  CHECK(run.stop == Stop::not_finite);
  CHECK(to_string(run.stop) == "the loss or its gradient was not finite");
}

TEST_CASE("after each step its number, loss, rate and gradient norm are told, the norm where it is computed") {
  for (const double clip : {2.0, std::numeric_limits<double>::infinity()}) {
    std::vector<nn::Step> steps;
    Slide slide({.method = nn::Sgd{},
                 .epochs = 2,
                 .batch = 2,
                 .schedule = nn::exponential(0.5, 0.5),
                 .clip_norm = clip,
                 .after_step = [&](nn::Step& step) { steps.push_back(step); }});
    slide.trainer.fit({ones({3, 1}), ones({3, 1})});
    REQUIRE(steps.size() == 4);  // batches of 2, 1, 2, 1
    const double losses[] = {1, 0.5, 0.25, 0.125};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(steps[i].number == static_cast<std::int64_t>(i) + 1);
      CHECK(steps[i].loss == losses[i]);
      CHECK(steps[i].rate == 0.5 * losses[i]);
      CHECK((clip == 2 ? steps[i].gradient_norm == 1 : std::isnan(steps[i].gradient_norm)));
    }
  }
}

TEST_CASE("after_step ends a training in the middle of an epoch, which is gone on with") {
  const auto samples = plane(10);
  const auto train = [&](std::int64_t last_step) {
    Tape<double> tape;
    Random random(5);
    const nn::Sequential<double> net{nn::linear(tape, 2, 1, random)};
    nn::Trainer<double> trainer(
        net, quiet({.epochs = 2, .batch = 4, .after_step = [=](nn::Step& s) { s.stop = s.number == last_step; }}));
    if (last_step != 0) {
      const auto run = trainer.fit(samples);
      CHECK(run.stop == Stop::callback);
      CHECK(trainer.step() == last_step);
    }
    CHECK(trainer.fit(samples).stop == Stop::epochs);
    CHECK(trainer.step() == 6);
    return value(net.named_parameters()[0].var);
  };
  CHECK(train(2) == train(0));
  CHECK(train(3) == train(0));  // the last of its epoch
}

TEST_CASE("after_step sees the step whose loss is not finite") {
  double seen = 0;
  Slide wild({.method = nn::Sgd{},
              .epochs = 50,
              .schedule = nn::constant(std::numeric_limits<double>::infinity()),
              .after_step = [&](nn::Step& step) { seen = step.loss; }});
  CHECK(wild.trainer.fit(wild.one).stop == Stop::not_finite);
  CHECK(seen == -std::numeric_limits<double>::infinity());
}

TEST_CASE("patience counts the epochs since the best metric, and the best leaves come back on request") {
  const std::vector<double> metrics{0.5, 0.7, 0.6, 0.7, 0.1};
  for (const bool restore : {true, false}) {
    Slide slide({.method = nn::Sgd{.rate = 0.1},
                 .epochs = 50,
                 .patience = 3,
                 .restore_best = restore,
                 .after_epoch = [&](nn::Epoch& e) { e.metric = metrics.at(static_cast<std::size_t>(e.number - 1)); }});
    const auto run = slide.trainer.fit(slide.one);
    CHECK(run.stop == Stop::patience);
    CHECK(run.best_epoch == 2);
    CHECK(run.history.size() == 5);
    CHECK(test::relative(value(slide.w).item(), restore ? 0.8 : 0.5) < 1e-15);
  }
}

TEST_CASE("without a metric the validation loss is what patience and the best leaves go by, not the loss") {
  Tape<double> tape;
  const auto w = tape.leaf(1.0);
  nn::Trainer<double> trainer(
      {{"w", w}}, [&](const auto& batch, auto&) { return mean(batch.x) * w; },
      quiet({.method = nn::Sgd{.rate = 0.25}, .epochs = 50, .patience = 2, .restore_best = true}));
  const auto samples = [](double x) { return nn::Samples<double>(full({1, 1}, x), ones({1})); };
  const auto run = trainer.fit(samples(1), samples(-1));  // w falls, and -w rises
  CHECK(run.stop == Stop::patience);
  CHECK(run.best_epoch == 1);
  CHECK(run.history.size() == 3);
  CHECK(run.history[2].loss < run.history[0].loss);
  CHECK(value(w).item() == 0.75);
}

TEST_CASE("a time limit ends the training after the step in which it is over") {
  Slide slide({.method = nn::Sgd{.rate = 1e-9}, .epochs = 1'000'000'000, .seconds = 0.02});
  const auto start = std::chrono::steady_clock::now();
  CHECK(slide.trainer.fit(slide.one).stop == Stop::time);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(seconds >= 0.02);
  CHECK(slide.trainer.step() > 1);
}

TEST_CASE("a training that has a reason to stop is not gone on with, until the reason is gone") {
  Slide slide({.method = nn::Sgd{.rate = 0.125}, .epochs = 50, .cost_tolerance = 0.25});
  CHECK(slide.trainer.fit(slide.one).stop == Stop::cost);
  CHECK(slide.trainer.fit(slide.one).history.size() == 2);
  CHECK(value(slide.w).item() == 0.75);
  slide.trainer.options().cost_tolerance = 0;
  slide.trainer.options().epochs = 3;
  const auto run = slide.trainer.fit(slide.one);
  CHECK(run.stop == Stop::epochs);
  CHECK(run.history.size() == 3);
  CHECK(value(slide.w).item() == 0.625);
}

TEST_CASE("Ctrl-C finishes the step, says so, and leaves the handler from before") {
  static bool mine = false;
  std::signal(SIGINT, [](int) { mine = true; });
  Slide slide({.method = nn::Sgd{.rate = 0.1}, .epochs = 50, .after_epoch = [](nn::Epoch& e) {
                 if (e.number == 2) std::raise(SIGINT);
               }});
  const auto run = slide.trainer.fit(slide.one);
  CHECK(run.stop == Stop::interrupted);
  CHECK(slide.trainer.step() == 3);
  CHECK(!mine);
  std::raise(SIGINT);
  CHECK(mine);
  std::signal(SIGINT, SIG_DFL);
}

TEST_CASE("a schedule sets the rate of each step, a plateau cuts it after an epoch that was no better") {
  Slide slide({.epochs = 3, .schedule = nn::exponential(0.5, 0.5)});
  const auto run = slide.trainer.fit(slide.one).history;
  CHECK(run[0].rate == 0.5);
  CHECK(run[2].rate == 0.125);
  Slide flat({.method = nn::Sgd{.rate = 0.0}, .epochs = 3, .plateau = nn::Plateau{.factor = 0.5, .patience = 0}});
  flat.trainer.optimizer().set_rate(1e-30);
  const auto cut = flat.trainer.fit(flat.one).history;
  CHECK(cut[1].rate == 1e-30);
  CHECK(cut[2].rate == 5e-31);
  CHECK_THROWS_AS(Slide({.schedule = nn::constant(1), .plateau = nn::Plateau{}}), UsageError);
}

TEST_CASE("penalties join the loss without biases, clipping bounds the step") {
  Tape<double> tape;
  const auto w = tape.leaf({3.0, -4.0}), b = tape.leaf({5.0});
  nn::Trainer<double> trainer(
      {{"weight", w}, {"bias", b}}, [&](const auto&, auto&) { return 0.0 * (sum(w) + sum(b)); },
      quiet({.method = nn::Sgd{.rate = 1}, .epochs = 1, .l1 = 0.5, .l2 = 2, .clip_norm = 1}));
  const auto epoch = trainer.fit({ones({1, 1}), ones({1, 1})}).history[0];
  CHECK(test::relative(epoch.loss, 0.5 * 7 + 25) < 1e-15);
  const double norm = std::hypot(6.5, 8.5);
  CHECK(test::relative(epoch.gradient_norm, norm) < 1e-15);
  CHECK(test::relative(value(w).at(0), 3 - 6.5 / norm) < 1e-15);
  CHECK(test::relative(value(w).at(1), -4 + 8.5 / norm) < 1e-15);
  CHECK(value(b).at(0) == 5);
}

TEST_CASE("groups of parameters have rates, decays and methods of their own") {
  Tape<double> tape;
  const auto w = tape.leaf({3.0}), b = tape.leaf({5.0}), c = tape.leaf({7.0}), d = tape.leaf({9.0});
  const std::vector<nn::Parameter<double>> parameters{{"weight", w}, {"bias", b}, {"c.bias", c}, {"d", d}};
  const auto slope_two = [&](const auto&, auto&) { return 2.0 * (sum(w) + sum(b) + sum(c) + sum(d)); };
  const auto named = [](const char* name) { return [=](const std::string& other) { return other == name; }; };
  nn::TrainerOptions options{.method = nn::Sgd{.rate = 0.5, .decay = 0.25}, .epochs = 1};
  options.groups = {{.has = named("d"), .method = nn::Lion{.rate = 0.125}},
                    {.has = named("c.bias"), .rate_factor = 4, .decay = 1.0 / 16},
                    {.has = nn::is_bias, .decay = 0.0}};  // c.bias is in the group before
  nn::Trainer<double> trainer(parameters, slope_two, quiet(options));
  trainer.fit({ones({1, 1}), ones({1, 1})});
  CHECK(value(w).at(0) == 3 - 0.5 * 0.25 * 3 - 0.5 * 2);
  CHECK(value(b).at(0) == 5 - 0.5 * 2);
  CHECK(value(c).at(0) == 7 - 2 * 7.0 / 16 - 2 * 2);
  CHECK(value(d).at(0) == 9 - 0.125);  // by the sign alone
  trainer.options().epochs = 2;
  trainer.optimizer().set_rate(0.25);  // half of all
  trainer.fit({ones({1, 1}), ones({1, 1})});
  CHECK(value(d).at(0) == 9 - 0.125 - 0.0625);
  CHECK(trainer.leaves().back().name == "d.m");

  options.groups = {{.has = named("nobody")}};
  CHECK_THROWS_WITH_AS(nn::Trainer<double>(parameters, slope_two, options),
                       doctest::Contains("trainer: group 0 has no parameter"), UsageError);
  options = {.method = nn::Sgd{.rate = 0}, .groups = {{.has = nn::is_bias, .method = nn::Adam{}}}};
  CHECK_THROWS_WITH_AS(nn::Trainer<double>(parameters, slope_two, options),
                       doctest::Contains("optimizer: the rate of sgd is 0, that of adam cannot be scaled by it"),
                       ValueError);
}

TEST_CASE("micro-batches add up to the batch: the same steps to rounding, with penalties, clipping and a small rest") {
  const auto samples = plane(23);
  const auto train = [&](std::int64_t micro, std::size_t programs) {
    Tape<double> tape;
    Random random(5);
    const nn::Sequential<double> net{nn::linear(tape, 2, 3, random), nn::Activation::tanh,
                                     nn::linear(tape, 3, 1, random)};
    nn::Trainer<double> trainer(net, quiet({.method = nn::Momentum{.rate = 0.1, .decay = 0.01},
                                            .epochs = 5,
                                            .batch = 8,
                                            .micro_batch = micro,
                                            .l1 = 0.01,
                                            .l2 = 0.1,
                                            .clip_norm = 0.3}));
    const auto history = trainer.fit(samples).history;
    CHECK(trainer.step() == 15);
    CHECK(trainer.programs() == programs);
    std::vector<double> out{history[4].loss, history[4].gradient_norm};
    for (const auto& p : net.named_parameters()) {
      for (const double w : value(p.var)) out.push_back(w);
    }
    return out;
  };
  const auto whole = train(0, 2);
  // 8 = 3 + 3 + 2 and 7 = 3 + 3 + 1; 8 = 5 + 3 and 7 = 5 + 2; each batch at once
  for (const auto& [micro, programs] : {std::pair(3, 3U), std::pair(5, 3U), std::pair(1, 1U), std::pair(100, 2U)}) {
    const auto parts = train(micro, programs);
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(test::relative(parts[i], whole[i]) < 1e-12);
  }
  CHECK_THROWS_WITH_AS(Slide({.micro_batch = -1}),
                       doctest::Contains("trainer: micro_batch is -1, it must not be negative"), ValueError);
}

TEST_CASE("each micro-batch draws its own") {
  Tape<double> tape;
  const auto w = tape.leaf(0.0), last = tape.leaf(0.0), change = tape.leaf(0.0);
  nn::Trainer<double> trainer(
      {{"w", w}},
      [&](const auto& batch, auto& pass) {
        const auto drawn = mean(nn::Dropout<double>{}.forward(batch.x, pass));
        pass.updates.push_back(assign(change, drawn - last));
        pass.updates.push_back(assign(last, drawn));
        return drawn + 0.0 * w;
      },
      quiet({.epochs = 1, .batch = 2000, .micro_batch = 1000}));
  trainer.fit({ones({2000, 1}), ones({2000})});
  CHECK(value(change).item() != 0);
  CHECK(std::abs(value(last).item() - 1) < 0.2);
}

TEST_CASE("a micro-batch that throws leaves no gradient behind") {
  Tape<double> tape;
  const auto w = tape.leaf(zeros({3}));
  nn::Trainer<double> trainer(
      {{"w", w}}, [&](const auto& batch, auto&) { return mean(take(w, batch.labels)); },
      quiet({.method = nn::Sgd{.rate = 1}, .epochs = 1, .batch = 2, .micro_batch = 1, .shuffle = false}));
  CHECK_THROWS_AS(trainer.fit({zeros({2, 1}), Tensor<std::int64_t>{0, 3}}), ValueError);
  CHECK(value(w) == zeros({3}));
  CHECK(trainer.step() == 0);
  trainer.fit({zeros({2, 1}), Tensor<std::int64_t>{1, 2}});
  CHECK(value(w) == Tensor<double>{0, -0.5, -0.5});
}

TEST_CASE("clipping by value bounds each element of a gradient, and the norm is that of before") {
  Tape<double> tape;
  const auto w = tape.leaf({0.0, 0.0});
  const auto slopes = tape.leaf({3.0, -0.25});
  nn::Trainer<double> trainer(
      {{"w", w}}, [&](const auto&, auto&) { return sum(slopes * w); },
      quiet({.method = nn::Sgd{.rate = 1}, .epochs = 1, .clip_value = 0.5, .clip_norm = 100}));
  const auto epoch = trainer.fit({ones({1, 1}), ones({1, 1})}).history[0];
  CHECK(value(w) == Tensor<double>{-0.5, 0.25});
  CHECK(test::relative(epoch.gradient_norm, std::hypot(3, 0.25)) < 1e-15);
}

TEST_CASE("running statistics are updated by training and used by validation") {
  Tape<double> tape;
  Random random(6);
  const nn::Sequential<double> net{nn::batch_norm(tape, 2), nn::linear(tape, 2, 1, random)};
  auto samples = plane(64);
  for (double& x : samples.x) x = 3 * x + 5;
  nn::Trainer<double> trainer(net, quiet({.method = nn::Adam{.rate = 0.05}, .epochs = 60, .batch = 16}));
  const auto run = trainer.fit(samples, samples);
  CHECK(run.history.back().validation < 0.05);
  CHECK(std::abs(value(net.named_parameters()[2].var).at(0) - 5) < 1.5);
}

TEST_CASE("samples that do not fit are refused before anything is trained") {
  using Samples = nn::Samples<double>;
  CHECK_THROWS_WITH_AS(Samples(zeros({3, 2}), Tensor<std::int64_t>{0, 1}),
                       doctest::Contains("one label per row of x is needed: x is [3, 2], labels are [2]"), ShapeError);
  Slide slide({});
  CHECK_THROWS_WITH_AS(slide.trainer.fit({}), doctest::Contains("there are no samples"), ShapeError);
  Tape<double> tape;
  const auto w = tape.leaf({1.0, 2.0});
  nn::Trainer<double> rows(
      {{"w", w}}, [&](const auto&, auto&) { return 2.0 * w; }, quiet({}));
  CHECK_THROWS_WITH_AS(rows.fit(plane(4)), doctest::Contains("fit: the objective must be one number, it is [2]"),
                       ShapeError);
}

TEST_CASE("a history is written as CSV and JSON with what was measured") {
  nn::Epoch epoch;
  epoch.number = 1;
  epoch.loss = 0.1 + 0.2;
  epoch.metric = 0.5;
  CHECK(nn::to_csv({epoch}) ==
        "epoch,loss,validation,metric,rate,gradient_norm,step_microseconds,samples_per_second\n"
        "1,0.30000000000000004,,0.5,,,,\n");
  const auto json = nlohmann::json::parse(nn::to_json({epoch}));
  CHECK(json[0]["epoch"] == 1);
  CHECK(json[0]["loss"] == 0.1 + 0.2);
  CHECK(json[0]["validation"].is_null());
}
