/// Makes items on a thread of its own, a few ahead of whoever takes them.
///     Prefetch<MiniBatch<float, std::int64_t>> ahead([&] { return batches.next(); });
///     for (auto batch = ahead.next(); …; batch = ahead.next()) …
///
/// 1. Items come in the order in which they were made. `make` runs on one thread only; nobody else may use what it uses
///    until the Prefetch is gone.
/// 2. What `make` throws is thrown by the `next()` whose item it should have been, and by every later one.
/// 3. The destructor waits for the item being made, and drops those nobody took.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace wengert::nn {

template <class Item>
class Prefetch {
 public:
  /// At most `ahead` items wait; 0 counts as 1.
  explicit Prefetch(std::function<Item()> make, std::size_t ahead = 2)
      : make_(std::move(make)), ahead_(ahead == 0 ? 1 : ahead), thread_([this] { run(); }) {}
  ~Prefetch() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_one();
    thread_.join();
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// The next item; waits for it. One thread at a time.
  Item next() {
    std::unique_lock lock(mutex_);
    item_.wait(lock, [this] { return !items_.empty() || error_; });
    if (items_.empty()) std::rethrow_exception(error_);
    Item out = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    room_.notify_one();
    return out;
  }

 private:
  void run() {
    try {
      for (;;) {
        {
          std::unique_lock lock(mutex_);
          room_.wait(lock, [this] { return items_.size() < ahead_ || stop_; });
          if (stop_) return;
        }
        Item item = make_();
        const std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
        item_.notify_one();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      item_.notify_one();
    }
  }

  std::function<Item()> make_;
  std::size_t ahead_;
  std::mutex mutex_;
  std::condition_variable item_, room_;
  std::deque<Item> items_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace wengert::nn
