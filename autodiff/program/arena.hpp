/// The memory of all values of a program, handed out in order of use: best fit over freed blocks, neighbours joined.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace wengert {

class Arena {
 public:
  /// The place of n elements, log of the number of free blocks.
  std::size_t take(std::size_t n) {
    const auto fit = by_size_.lower_bound({n, 0});
    if (fit == by_size_.end()) {
      std::size_t at = top_;
      if (!by_place_.empty()) {  // a free block at the end grows
        const auto last = std::prev(by_place_.end());
        if (last->first + last->second == top_) {
          at = last->first;
          by_size_.erase({last->second, last->first});
          by_place_.erase(last);
        }
      }
      top_ = at + n;
      return at;
    }
    const auto [size, at] = *fit;
    by_size_.erase(fit);
    by_place_.erase(at);
    if (size > n) enter(at + n, size - n);
    return at;
  }
  void give_back(std::size_t at, std::size_t n) {
    const auto next = by_place_.lower_bound(at);
    if (next != by_place_.end() && at + n == next->first) {
      n += next->second;
      by_size_.erase({next->second, next->first});
      by_place_.erase(next);
    }
    const auto after = by_place_.lower_bound(at);
    if (after != by_place_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == at) {
        at = before->first;
        n += before->second;
        by_size_.erase({before->second, before->first});
        by_place_.erase(before);
      }
    }
    enter(at, n);
  }
  /// Elements in all.
  std::size_t top() const { return top_; }

 private:
  void enter(std::size_t at, std::size_t n) {
    by_size_.insert({n, at});
    by_place_[at] = n;
  }
  std::set<std::pair<std::size_t, std::size_t>> by_size_;
  std::map<std::size_t, std::size_t> by_place_;
  std::size_t top_ = 0;
};

}  // namespace wengert
