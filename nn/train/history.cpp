#include "nn/train/history.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace wengert::nn {

namespace {

struct Column {
  const char* name;
  double Epoch::*value;
};
constexpr Column kColumns[] = {{"loss", &Epoch::loss},
                               {"validation", &Epoch::validation},
                               {"metric", &Epoch::metric},
                               {"rate", &Epoch::rate},
                               {"gradient_norm", &Epoch::gradient_norm},
                               {"step_microseconds", &Epoch::step_microseconds},
                               {"samples_per_second", &Epoch::samples_per_second}};

constexpr std::int64_t kWidth = std::size(kColumns);

}  // namespace

double score(const Epoch& epoch) {
  if (!std::isnan(epoch.metric)) return -epoch.metric;
  return std::isnan(epoch.validation) ? epoch.loss : epoch.validation;
}

Tensor<double> to_tensor(const std::vector<Epoch>& history) {
  Tensor<double> rows(Shape{static_cast<std::int64_t>(history.size()), kWidth});
  double* to = rows.data();
  for (const Epoch& epoch : history) {
    for (const Column& column : kColumns) *to++ = epoch.*column.value;
  }
  return rows;
}

std::vector<Epoch> from_tensor(const Tensor<double>& rows, const Origin& origin) {
  if (rows.rank() != 2 || rows.shape()[1] != kWidth) {
    throw origin.error(
        "history", fmt::format("the shape is {} in the file, [epochs, {}] is wanted", to_string(rows.shape()), kWidth));
  }
  std::vector<Epoch> history(static_cast<std::size_t>(rows.shape()[0]));
  const double* from = rows.data();
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].number = static_cast<std::int64_t>(i) + 1;
    for (const Column& column : kColumns) history[i].*column.value = *from++;
  }
  return history;
}

std::string to_string(Stop stop) {
  switch (stop) {
    case Stop::epochs: return "all epochs are done";
    case Stop::cost: return "the loss changed by no more than cost_tolerance";
    case Stop::gradient: return "the norm of the gradient was at most gradient_tolerance";
    case Stop::patience: return "no improvement for as many epochs as the option patience allows";
    case Stop::time: return "the time was up";
    case Stop::interrupted: return "interrupted by Ctrl-C";
    case Stop::callback: return "after_step or after_epoch said so";
    case Stop::not_finite: return "the loss or its gradient was not finite";
  }
  return "unknown";
}

std::string to_csv(const std::vector<Epoch>& history) {
  std::string text = "epoch";
  for (const Column& column : kColumns) text += fmt::format(",{}", column.name);
  text += '\n';
  for (const Epoch& epoch : history) {
    text += fmt::format("{}", epoch.number);
    for (const Column& column : kColumns) {
      const double x = epoch.*column.value;
      text += std::isnan(x) ? "," : fmt::format(",{}", x);
    }
    text += '\n';
  }
  return text;
}

std::string to_json(const std::vector<Epoch>& history) {
  auto array = nlohmann::ordered_json::array();
  for (const Epoch& epoch : history) {
    nlohmann::ordered_json object{{"epoch", epoch.number}};
    for (const Column& column : kColumns) object[column.name] = epoch.*column.value;  // NaN and inf become null
    array.push_back(std::move(object));
  }
  return array.dump(1);
}

}  // namespace wengert::nn
