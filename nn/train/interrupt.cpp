#include "nn/train/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

namespace wengert::nn {

namespace {

// The one global state of the library: a signal has no other way to be heard.
std::atomic<bool> noted{false};
static_assert(std::atomic<bool>::is_always_lock_free);
std::mutex counting;
int living = 0;
struct sigaction before {};

void note(int) {
  noted = true;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  const std::lock_guard lock(counting);
  if (living++ != 0) return;
  noted = false;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before);
}

Interrupt::~Interrupt() {
  const std::lock_guard lock(counting);
  if (--living == 0) sigaction(SIGINT, &before, nullptr);
}

bool Interrupt::requested() const { return noted; }

}  // namespace wengert::nn
