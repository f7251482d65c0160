// A training that is killed again and again, at any moment.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <set>
#include <string>
#include <thread>

#include "tests/nn/scratch.hpp"
#include "tests/nn/train/resumable.hpp"

using namespace wengert;
using test::Resumable;

namespace {

constexpr int kEpochs = 300;
using Clock = std::chrono::steady_clock;

pid_t start(const std::filesystem::path& file, int epochs, int every) {
  const std::string texts[] = {std::to_string(epochs), std::to_string(every)};
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(WENGERT_TRAIN_AND_SAVE, "train_and_save", file.c_str(), texts[0].c_str(), texts[1].c_str(), nullptr);
    ::_exit(127);
  }
  return child;
}
int status_of(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

/// What the file holds, when nothing is left to do.
std::string final_state(const std::filesystem::path& file) {
  Resumable<> end({.epochs = kEpochs, .snapshot = file});
  end.trainer.resume();
  REQUIRE(end.trainer.epoch() == kEpochs);
  return end.state(end.fit());
}
std::string uninterrupted() {
  Resumable<> whole({.epochs = kEpochs});
  return whole.state(whole.fit());
}

}  // namespace

TEST_CASE("Ctrl-C ends a process after its step, with a snapshot from which it goes on in the same bits") {
  const test::ScratchFolder folder;
  const auto file = folder.path / "run";
  const pid_t child = start(file, kEpochs, 1);
  while (!std::filesystem::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, SIGINT);
  CHECK(status_of(child) == 0);
  CHECK(status_of(start(file, kEpochs, 0)) == 0);
  CHECK(final_state(file) == uninterrupted());
}

TEST_CASE("a training that is killed 50 times, and goes on each time, ends in the bits of one that was left alone") {
  const std::string expected = uninterrupted();
  const test::ScratchFolder folder;
  const auto file = folder.path / "run";

  // How long a child takes to start and to save nine times, on this machine and under this sanitizer.
  const auto before = Clock::now();
  REQUIRE(status_of(start(folder.path / "short", 3, 1)) == 0);
  const double span = 2 * std::chrono::duration<double>(Clock::now() - before).count();

  Random random(7);
  std::int64_t step = 0;
  for (int kills = 0, moved = 0; kills < 50 || moved < 20;) {
    const pid_t child = start(file, kEpochs, 1);
    std::this_thread::sleep_for(std::chrono::duration<double>(span * random.uniform()));
    ::kill(child, SIGKILL);
    const int status = status_of(child);
    if (status == 0) {  // it was through before: once more from the start
      CHECK(final_state(file) == expected);
      std::filesystem::remove(file);
      step = 0;
      continue;
    }
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
    ++kills;
    Resumable<> now({.epochs = kEpochs, .snapshot = file});
    now.trainer.resume();  // throws if the file cannot be read
    CHECK(now.trainer.step() >= step);
    moved += now.trainer.step() > step;
    step = now.trainer.step();
    REQUIRE(kills < 1000);
  }
  CHECK(status_of(start(file, kEpochs, 0)) == 0);
  CHECK(final_state(file) == expected);
  CHECK(folder.names() == std::set<std::string>{"run", "short"});  // nothing is left of those that were writing
}
