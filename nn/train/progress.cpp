#include "nn/train/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wengert::nn {

namespace {

/// "142,000 samples/s": three digits, for the others change from epoch to epoch.
std::string rate(double samples_per_second) {
  if (!std::isfinite(samples_per_second)) return fmt::format("{} samples/s", samples_per_second);
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(samples_per_second)) - 2));
  const std::string digits = fmt::format("{:.0f}", std::round(samples_per_second / unit) * unit);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped + " samples/s";
}

/// "1:05", "2:00:05"
std::string duration(double seconds) {
  const auto s = static_cast<std::int64_t>(std::ceil(seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

Progress::Progress(std::FILE* out, bool bar, std::int64_t epochs, std::int64_t samples, std::string metric)
    : out_(out), bar_(bar), epochs_(epochs), samples_(samples), metric_(std::move(metric)) {}

std::string Progress::bar(std::int64_t epoch, std::int64_t done, double loss, double seconds) const {
  constexpr std::int64_t width = 24;
  const std::int64_t full = samples_ == 0 ? width : width * done / samples_;
  const double all = static_cast<double>((epochs_ - first_ + 1) * samples_),
               seen = static_cast<double>((epoch - first_) * samples_ + done), speed = seen / seconds;
  std::string text =
      fmt::format("epoch {:>3}/{} [{}{}] loss {:.4f}", epoch, epochs_, std::string(static_cast<std::size_t>(full), '#'),
                  std::string(static_cast<std::size_t>(width - full), '.'), loss);
  if (!std::isnan(last_metric_)) text += fmt::format("  {} {:.4f}", metric_, last_metric_);
  if (seconds > 0 && seen > 0) text += fmt::format("  {}  {} left", rate(speed), duration((all - seen) / speed));
  return text;
}

std::string Progress::line(const Epoch& epoch) const {
  std::string text = fmt::format("epoch {:>3}/{}  loss {:.4f}", epoch.number, epochs_, epoch.loss);
  if (!std::isnan(epoch.validation)) text += fmt::format("  validation {:.4f}", epoch.validation);
  if (!std::isnan(epoch.metric)) text += fmt::format("  {} {:.4f}", metric_, epoch.metric);
  return text + fmt::format("  {:>17}", rate(epoch.samples_per_second));
}

void Progress::step(std::int64_t epoch, std::int64_t done, double loss) {
  if (first_ == 0) first_ = epoch;
  if (out_ == nullptr || !bar_) return;
  const auto now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  fmt::print(out_, "\r\033[K{}", bar(epoch, done, loss, std::chrono::duration<double>(now - start_).count()));
  std::fflush(out_);
}

void Progress::epoch(const Epoch& epoch) {
  last_metric_ = epoch.metric;
  if (out_ != nullptr) end(line(epoch));
}

void Progress::end(const std::string& text) {
  if (out_ == nullptr) return;
  fmt::print(out_, "{}{}\n", bar_ ? "\r\033[K" : "", text);
  std::fflush(out_);
}

}  // namespace wengert::nn
