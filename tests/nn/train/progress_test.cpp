// What people see of a training: a bar on a terminal, plain lines elsewhere.
#include "nn/train/progress.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "nn/nn.hpp"
#include "tests/nn/train/printed.hpp"

using namespace wengert;
using doctest::Contains;

namespace {

/// Three epochs of two steps; the metric of each is half its number.
void train(std::int64_t log_every) {
  Tape<double> tape;
  const nn::Mlp<double> mlp(tape, {1, 1});
  nn::TrainerOptions options{.epochs = 3, .batch = 2, .log_every = log_every, .metric = "halves"};
  options.after_epoch = [](nn::Epoch& epoch) { epoch.metric = 0.5 * static_cast<double>(epoch.number); };
  // A bar is drawn at most ten times a second.
  options.after_step = [](nn::Step&) { std::this_thread::sleep_for(std::chrono::milliseconds(110)); };
  nn::Trainer<double>(mlp, options).fit({ones({4, 1}), ones({4, 1})}, {ones({2, 1}), zeros({2, 1})});
}

/// The text between the ends of lines, of which the last is empty.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("the bar shows how far the epoch is, loss, metric, speed and time left") {
  nn::Progress progress(nullptr, true, 4, 100, "accuracy");
  progress.step(1, 50, 0.25);
  CHECK(progress.bar(1, 50, 0.25, 2.0) ==
        "epoch   1/4 [############............] loss 0.2500  25 samples/s  0:14 left");
  nn::Epoch epoch;
  epoch.number = 1;
  epoch.loss = 0.5;
  epoch.metric = 0.75;
  epoch.samples_per_second = 1000;
  CHECK(progress.line(epoch) == "epoch   1/4  loss 0.5000  accuracy 0.7500    1,000 samples/s");
  progress.epoch(epoch);
  CHECK(progress.bar(2, 0, 0.25, 2.0) ==
        "epoch   2/4 [........................] loss 0.2500  accuracy 0.7500  50 samples/s  0:06 left");
}

TEST_CASE("a training that prints into a file leaves one plain line per epoch, or fewer if asked") {
  const auto lines = lines_of(test::printed([] { train(1); }));
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(lines[i].starts_with("epoch   " + std::to_string(i + 1) + "/3  loss "));
    CHECK_MESSAGE(lines[i].find("  validation ") != std::string::npos, lines[i]);
    CHECK_MESSAGE(lines[i].find(i == 0   ? "  halves 0.5000 "
                                : i == 1 ? "  halves 1.0000 "
                                         : "  halves 1.5000 ") != std::string::npos,
                  lines[i]);
    CHECK(lines[i].ends_with(" samples/s"));
    CHECK(std::ranges::none_of(lines[i], [](char c) { return c == '\r' || c == '\033' || c == '['; }));
  }
  CHECK(lines[3].empty());
  CHECK(lines_of(test::printed([] { train(2); })).size() == 3);  // the second, and the last
}

TEST_CASE("on a terminal a bar is drawn over and over in one line, which the line of the epoch replaces") {
  const std::string text = test::shown([] { train(1); });
  CAPTURE(text);
  const std::string redraw = "\r\033[K";
  CHECK(text.find(redraw + "epoch   1/3 [############............] loss ") != std::string::npos);
  CHECK(text.find(redraw + "epoch   2/3 [########################] loss ") != std::string::npos);
  CHECK(text.find("]", text.find("  halves 0.5000  ")) != std::string::npos);  // the metric of the epoch before
  CHECK(text.find(" left" + redraw) != std::string::npos);
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {  // a terminal ends a line by CR LF
    CHECK(lines[i].find(redraw + "epoch   " + std::to_string(i + 1) + "/3  loss ") != std::string::npos);
    CHECK(lines[i].ends_with(" samples/s\r"));
  }
}
