#include "autodiff/tensor/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

namespace wengert {

namespace {

constexpr std::int64_t kShowAll = 1000, kEdge = 3;

template <class T>
class Printer {
 public:
  explicit Printer(const Tensor<T>& tensor) : tensor_(tensor), shorten_(tensor.size() > kShowAll) {}

  std::string operator()() {
    if (tensor_.rank() == 0) return number(tensor_.data()[0]);
    axis(0, 0);
    if (tensor_.rank() > 1) {  // again, now that the widest number shown is known
      width_ = widest_;
      text_.clear();
      axis(0, 0);
    }
    return text_;
  }

 private:
  static std::string number(T x) {
    if constexpr (std::is_integral_v<T>) {
      return fmt::format("{}", x);
    } else {
      if (std::isnan(x)) return "nan";  // the sign of a NaN means nothing
      return fmt::format("{:.6g}", x);
    }
  }
  void axis(int depth, std::int64_t offset) {
    const Shape& shape = tensor_.shape();
    const std::int64_t n = shape[depth];
    const bool last = depth == shape.rank() - 1;
    std::int64_t step = 1;
    for (int i = depth + 1; i < shape.rank(); ++i) step *= shape[i];
    text_ += '[';
    for (std::int64_t i = 0; i < n; ++i) {
      if (i != 0) text_ += last ? ", " : ",\n" + std::string(static_cast<std::size_t>(depth + 1), ' ');
      if (shorten_ && n > 2 * kEdge && i == kEdge) {
        text_ += "…";
        i = n - kEdge - 1;
        continue;
      }
      if (last) {
        const std::string text = number(tensor_.data()[offset + i]);
        widest_ = std::max(widest_, text.size());
        text_ += fmt::format("{:>{}}", text, width_);
      } else {
        axis(depth + 1, offset + i * step);
      }
    }
    text_ += ']';
  }

  const Tensor<T>& tensor_;
  bool shorten_;
  std::size_t width_ = 0, widest_ = 0;
  std::string text_;
};

}  // namespace

template <class T>
std::string to_string(const Tensor<T>& tensor) {
  return Printer<T>(tensor)();
}
template <class T>
void print(const Tensor<T>& tensor) {
  std::fputs((to_string(tensor) + "\n").c_str(), stdout);
}
template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor) {
  return out << to_string(tensor);
}
std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

#define INSTANTIATE(T)                              \
  template std::string to_string(const Tensor<T>&); \
  template void print(const Tensor<T>&);            \
  template std::ostream& operator<<(std::ostream&, const Tensor<T>&)
INSTANTIATE(float);
INSTANTIATE(double);
INSTANTIATE(std::int64_t);
#undef INSTANTIATE

}  // namespace wengert
