// What happens on misuse of the nn layer: the name of what was called, its words, and the line of the call. And what it
// records has that line, too.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "nn/nn.hpp"

using namespace wengert;

namespace {

using Labels = Tensor<std::int64_t>;
const std::filesystem::path kNowhere = "no/such/file";

/// Operands of many shapes, and models made of them.
struct Given {
  Tape<double> tape;
  Random random{1};
  Var<double> number = tape.leaf(1.0), v3 = tape.leaf(ones({3})), v4 = tape.leaf(ones({4})),
              m23 = tape.leaf(ones({2, 3})), m24 = tape.leaf(ones({2, 4})), empty;
  Index<double> labels = tape.indices({0, 1}), three = tape.indices({0, 1, 0}), key = tape.indices({7, 0});
  nn::Linear<double> line = nn::linear(tape, 3, 4, random);
  nn::BatchNorm1d<double> batch_norm = nn::batch_norm(tape, 3);
  nn::LayerNorm<double> layer_norm = nn::layer_norm(tape, 3);
  nn::Embedding<double> words = nn::embedding(tape, 5, 2, random);
  nn::Residual<double> residual{line}, half{nn::Activation::tanh};
  nn::Mlp<double> mlp{tape, {3, 2}};
  nn::Sequential<double> net{layer_norm, half, line};
  nn::Optimizer<double> optimizer{{v3}};
  nn::Accumulator<double> sums{{v3}};
  nn::Batches<double, double> batches{zeros({4, 2}), zeros({4, 1})};
  nn::ConfusionMatrix matrix{2};
  nn::RegressionScore score;
  nn::ValueAndGradient<double> function{sum(v3 * v3), {v3}};
  nn::Scaler<double> scaler = nn::standard_scaler(Tensor<double>{{1, 2}, {3, 4}});
};

/// An objective that is no number.
const nn::Objective<double> itself = [](const auto& batch, auto&) { return batch.x; };

/// A pass that begins on the line where it is written.
nn::Pass<double> training(Index<double> key = {}, Source where = Source::here()) {
  return {.training = true, .where = where, .key = key};
}

struct Row {
  const char* operation;
  const char* words;
  int line;
  std::function<void(Given&)> misuse;
};
#define CALL(...) __LINE__, []([[maybe_unused]] Given& o) { (void)(__VA_ARGS__); }
#define PASS(module, x, pass)         \
  __LINE__, [](Given& o) {            \
    auto p = pass;                    \
    (void)(o.module.forward(o.x, p)); \
  }

const Row kRows[] = {
    // Layers and models.
    {"linear", "in is 0, it must be positive", CALL(nn::linear(o.tape, 0, 2, o.random))},
    {"matmul", "inner dimensions differ (4 and 3): a is [2, 4], b is [3, 4]", CALL(o.line(o.m24))},
    {"batch_norm", "features is 0, it must be positive", CALL(nn::batch_norm(o.tape, 0))},
    {"batch_norm", "x must be [n, 3], it is [2, 4]", PASS(batch_norm, m24, training())},
    {"layer_norm", "features is -1, it must be positive", CALL(nn::layer_norm(o.tape, -1))},
    {"layer_norm", "x must be [..., 3], it is [2, 4]", PASS(layer_norm, m24, training())},
    {"layer_norm", "x must be [..., 3], it is [2, 4]", CALL(o.net(o.m24))},
    {"layer_norm", "an empty Var has no tape", PASS(layer_norm, empty, training())},
    {"residual", "the inner module must keep the shape of x: it makes [2, 4] of [2, 3]",
     PASS(residual, m23, training())},
    {"dropout", "a training pass needs a key",
     CALL(nn::Sequential<double>{nn::Dropout<double>{}}.forward(o.m23,
                                                                *std::make_unique<nn::Pass<double>>(training())))},
    {"embedding", "count is 0, it must be positive", CALL(nn::embedding(o.tape, 0, 2, o.random))},
    {"mlp", "sizes", CALL(nn::Mlp<double>(o.tape, {3}))},
    {"matmul", "inner dimensions differ (4 and 3)", CALL(o.mlp(o.m24))},
    {"matmul", "inner dimensions differ (4 and 3)", CALL(o.mlp.trace(o.m24))},
    {"predict", "x must be [n, 3], it is [5, 4]", CALL(o.mlp.predict(zeros({5, 4})))},
    // Activations.
    {"tanh", "an empty Var has no tape", CALL(nn::activate(nn::Activation::tanh, o.empty))},
    {"softmax", "an empty Var has no tape", CALL(nn::activate(nn::Activation::softmax, o.empty))},
    {"elu", "an empty Var has no tape", CALL(nn::activate(nn::Activation::elu, o.empty))},
    // Losses and penalties.
    {"half_squares", "prediction and target differ in shape: [3] and [4]", CALL(nn::half_squares(o.v3, o.v4))},
    {"mean_squared_error", "[3] and [4]", CALL(nn::mean_squared_error(o.v3, o.v4))},
    {"mean_absolute_error", "[3] and [4]", CALL(nn::mean_absolute_error(o.v3, o.v4))},
    {"negative_log_likelihood", "they are [2, 3] and [3]", CALL(nn::negative_log_likelihood(o.m23, o.three))},
    {"huber", "[3] and [4]", CALL(nn::huber(o.v3, o.v4))},
    {"binary_cross_entropy", "[3] and [4]", CALL(nn::binary_cross_entropy(o.v3, o.v4))},
    {"l1_penalty", "there is no weight", CALL(nn::l1_penalty<double>({}, 0.1))},
    {"l2_penalty", "there is no weight", CALL(nn::l2_penalty<double>({{"bias", o.v3}}, 0.1))},
    // Optimisers.
    {"optimizer", "no parameters were given", CALL(nn::Optimizer<double>(std::vector<Var<double>>()))},
    {"updates", "one gradient per parameter is needed (given: 0, parameters: 1)", CALL(o.optimizer.updates({}))},
    {"updates", "gradient 0 must have the shape of its parameter, [3], it is [4]", CALL(o.optimizer.updates({o.v4}))},
    {"add", "one gradient per parameter is needed", CALL(o.sums.add({}, 1.0))},
    {"add", "gradient 0 must have the shape of its parameter, [3], it is [4]", CALL(o.sums.add({o.v4}, 1.0))},
    {"global_norm", "no gradients were given", CALL(nn::global_norm<double>({}))},
    {"clip_by_norm", "an empty Var has no tape", CALL(nn::clip_by_norm(o.empty, 1))},
    {"step_decay", "every", CALL(nn::step_decay(0.1, 0))},
    {"minimize", "an empty Var has no tape", CALL(nn::minimize(o.empty, {o.v3}))},
    {"gradient", "y has shape [3] but a gradient needs one number", CALL(nn::minimize(o.v3, {o.v3}))},
    {"value_and_gradient", "a parameter is given twice", CALL(nn::ValueAndGradient<double>(sum(o.v3), {o.v3, o.v3}))},
    {"value_and_gradient", "(given: 2, elements: 3)", CALL(o.function(std::vector<double>{1, 2}, {}))},
    {"set", "(given: 2, elements: 3)", CALL(o.function.set(std::vector<double>{1, 2}))},
    // Training.
    {"samples", "one target per row of x is needed", CALL(nn::Samples<double>(zeros({2, 3}), zeros({3, 1})))},
    {"samples", "one label per row of x is needed", CALL(nn::Samples<double>(zeros({2, 3}), Labels{0, 1, 0}))},
    {"trainer", "micro_batch is -1, it must not be negative", CALL(nn::Trainer<double>(o.mlp, {.micro_batch = -1}))},
    {"fit", "there are no samples", CALL(nn::Trainer<double>(o.mlp).fit({zeros({0, 3}), zeros({0, 2})}))},
    {"fit", "batch is 0, it must be positive",
     CALL(nn::Trainer<double>(o.mlp, {.batch = 0}).fit({zeros({2, 3}), zeros({2, 2})}))},
    {"fit", "snapshot: \"no/such/file\": No such file",
     CALL(nn::Trainer<double>(o.mlp, {.snapshot = kNowhere}).fit({zeros({2, 3}), zeros({2, 2})}))},
    {"fit", "the objective must be one number, it is [2, 3]: take its mean",
     CALL(nn::Trainer<double>(o.mlp.named_parameters(), itself).fit({zeros({2, 3}), zeros({2, 2})}))},
    {"loss", "the objective must be one number, it is [2, 3]: take its mean",
     CALL(nn::Trainer<double>(o.mlp.named_parameters(), itself).loss({zeros({2, 3}), zeros({2, 2})}))},
    {"mean_squared_error", "differ in shape: [2, 2] and [2, 3]",
     CALL(nn::Trainer<double>(o.mlp, {.progress = false}).fit({zeros({2, 3}), zeros({2, 3})}))},
    {"matmul", "inner dimensions differ (4 and 3)",
     CALL(nn::Trainer<double>(o.mlp, {.progress = false}).fit({zeros({2, 4}), zeros({2, 2})}))},
    {"cross_entropy", "label 2 of row 1 is outside [0, 2)",
     CALL(nn::Trainer<double>(o.mlp, {.progress = false}).fit({zeros({2, 3}), Labels{0, 2}}))},
    // Data.
    {"take_rows", "row 4 is not in 0..3", CALL(nn::take_rows(zeros({4, 2}), Labels{4}))},
    {"one_hot", "label 2 of row 0 is not in 0..1", CALL(nn::one_hot<double>(Labels{2}, 2))},
    {"classified", "a table of rows is needed, not [3]", CALL(nn::classified<double>(zeros({3})))},
    {"batches", "not as many rows each", CALL(nn::Batches<double, double>(zeros({3, 1}), zeros({4, 1})))},
    {"seek", "batch 9 is not in 0..1", CALL(o.batches.seek(0, 9))},
    {"seek", "epoch -1 is before the first", CALL(o.batches.seek(-1))},
    {"order", "epoch -1 is before the first", CALL(o.batches.order(-1))},
    {"split_rows", "", CALL(nn::split_rows(10, {.test = 2}))},
    {"k_fold", "", CALL(nn::k_fold(3, 4))},
    {"standard_scaler", "", CALL(nn::standard_scaler(zeros({3})))},
    {"min_max_scaler", "", CALL(nn::min_max_scaler(zeros({3})))},
    {"transform", "", CALL(o.scaler.transform(zeros({2, 3})))},
    {"two_moons", "", CALL(nn::two_moons<double>({.n = 1}))},
    {"csv_text", "[3] is no table", CALL(nn::csv_text(zeros({3})))},
    {"read_csv", "No such file", CALL(nn::read_csv(kNowhere))},
    {"read_idx", "No such file", CALL(nn::read_idx(kNowhere))},
    {"read_npy", "No such file", CALL(nn::read_npy(kNowhere))},
    {"read_npz", "No such file", CALL(nn::read_npz(kNowhere))},
    {"read_safetensors", "No such file", CALL(nn::read_safetensors(kNowhere))},
    {"read_file", "No such file", CALL(nn::read_file(kNowhere))},
    {"write_csv", "No such file", CALL(nn::write_csv(kNowhere, zeros({2, 2})))},
    {"write_csv", "[3] is no table", CALL(nn::write_csv(kNowhere, zeros({3})))},
    {"write_file", "No such file", CALL(nn::write_file(kNowhere, ""))},
    {"write_safetensors", "No such file", CALL(nn::write_safetensors(kNowhere, {}))},
    {"write_safetensors", "no tensor may be named __metadata__",
     CALL(nn::write_safetensors(kNowhere, {{{"__metadata__", nn::Array()}}, {}}))},
    {"safetensors_bytes", "no tensor may be named __metadata__",
     CALL(nn::safetensors_bytes({{{"__metadata__", nn::Array()}}, {}}))},
    {"npz_bytes", "a name of 65540 bytes", CALL(nn::npz_bytes({{std::string(65536, 'x'), nn::Array()}}))},
    // Snapshots.
    {"load_snapshot", "No such file", CALL(nn::load_snapshot(kNowhere, o.mlp.named_parameters()))},
    {"save_snapshot", "No such file", CALL(nn::save_snapshot(kNowhere, o.mlp.named_parameters()))},
    {"load_weights", "No such file", CALL(nn::load_weights(o.mlp, kNowhere))},
    {"save_weights", "No such file", CALL(nn::save_weights(o.mlp, kNowhere))},
    {"load", "No such file", CALL(nn::Trainer<double>(o.mlp).load(kNowhere))},
    {"save", "No such file", CALL(nn::Trainer<double>(o.mlp).save(kNowhere))},
    // Metrics.
    {"predicted_classes", "", CALL(nn::predicted_classes(zeros({3})))},
    {"accuracy", "", CALL(nn::accuracy(zeros({3, 2}), Labels{0, 1}))},
    {"top_k_accuracy", "", CALL(nn::top_k_accuracy(zeros({1, 2}), Labels{0}, 3))},
    {"confusion_matrix", "classes is 0", CALL(nn::ConfusionMatrix(0))},
    {"add", "class 3 of row 0 is not in 0..1", CALL(o.matrix.add(Labels{3}, Labels{0}))},
    {"precision", "class 2 is not in 0..1", CALL(o.matrix.precision(2))},
    {"recall", "class -1 is not in 0..1", CALL(o.matrix.recall(-1))},
    {"f1", "class 2 is not in 0..1", CALL(o.matrix.f1(2))},
    {"to_string", "one name per class is needed", CALL(to_string(o.matrix, {"yes"}))},
    {"add", "not [n] or [n, columns] both", CALL(o.score.add(zeros({3, 1}), zeros({2, 1})))},
    {"mean_squared_error", "", CALL(nn::mean_squared_error(zeros({3}), zeros({2})))},
    {"r2", "", CALL(nn::r2(zeros({3}), zeros({2})))},
    {"roc", "", CALL(nn::roc(zeros({3}), Labels{0, 1}))},
    {"roc_area", "", CALL(nn::roc_area(zeros({3}), Labels{0, 1}))},
};

/// Calls that are right: what each records.
const Row kRight[] = {
    {"linear", "", CALL(o.line(o.m23))},
    {"batch_norm", "", PASS(batch_norm, m23, training())},
    {"batch_norm", "", PASS(batch_norm, m23, nn::Pass<double>{})},
    {"layer_norm", "", PASS(layer_norm, m23, training())},
    {"residual", "", PASS(half, m23, training())},
    {"sequential", "", CALL(o.net(o.m23))},
    {"embedding", "", CALL(o.words(o.labels))},
    {"mlp", "", CALL(o.mlp(o.m23))},
    {"logits", "", CALL(o.mlp.logits(o.m23))},
    {"trace", "", CALL(o.mlp.trace(o.m23))},
    {"half_squares", "", CALL(nn::half_squares(o.m23, o.m23))},
    {"mean_squared_error", "", CALL(nn::mean_squared_error(o.m23, o.m23))},
    {"mean_absolute_error", "", CALL(nn::mean_absolute_error(o.m23, o.m23))},
    {"negative_log_likelihood", "", CALL(nn::negative_log_likelihood(o.m23, o.labels))},
    {"cross_entropy", "", CALL(nn::cross_entropy(o.m23, o.labels, Reduction::sum))},
    {"cross_entropy", "", CALL(nn::cross_entropy(o.m23, o.m23, {.smoothing = 0.1, .weights = o.v3}))},
    {"binary_cross_entropy", "", CALL(nn::binary_cross_entropy(o.m23, o.m23))},
    {"binary_cross_entropy_of_probabilities", "", CALL(binary_cross_entropy_of_probabilities(o.m23, o.m23))},
    {"kl_divergence", "", CALL(kl_divergence(o.m23, o.m23))},
    {"kl_divergence_of_log", "", CALL(kl_divergence_of_log(o.m23, o.m23))},
    {"huber", "", CALL(nn::huber(o.m23, o.m23))},
    {"smooth_l1", "", CALL(smooth_l1(o.m23, o.m23))},
    {"poisson_loss", "", CALL(poisson_loss(o.m23, o.m23))},
    {"l1_penalty", "", CALL(nn::l1_penalty(o.net.named_parameters(), 0.1))},
    {"l2_penalty", "", CALL(nn::l2_penalty(o.mlp.named_parameters(), 0.1))},
    {"clip_by_value", "", CALL(nn::clip_by_value(o.m23, 1))},
    {"clip_by_norm", "", CALL(nn::clip_by_norm(o.m23, 1))},
    {"clip_by_global_norm", "", CALL(nn::clip_by_global_norm<double>({o.m23, o.v4}, 1))},
    {"accumulator", "", CALL(o.sums.add({o.v3}, o.number))},
    {"var", "", CALL(var(o.m23))},
    {"stddev", "", CALL(stddev(o.m23))},
    {"norm", "", CALL(norm(o.m23, 3))},
    {"norm", "", CALL(norm(o.m23))},
    {"layer_norm", "", CALL(layer_norm(o.m23))},
    {"dropout", "", CALL(dropout(o.m23, o.key, 0.5))},
    {"isfinite", "", CALL(isfinite(o.m23))},
    {"softmax", "", CALL(softmax(o.m23, 0))},
    {"log_sum_exp", "", CALL(log_sum_exp(o.m23, 0))},
    {"gelu_tanh", "", CALL(gelu_tanh(o.m23))},
    {"mish", "", CALL(mish(o.m23))},
    {"celu", "", CALL(celu(o.m23))},
    {"nan_to_num", "", CALL(nan_to_num(o.m23))},
    {"einsum", "", CALL(einsum("ij,ij->i", {o.m23, o.m23}))},
    {"outer", "", CALL(outer(o.v3, o.v4))},
    {"cholesky", "", CALL(cholesky(matmul(o.m23, transpose(o.m23))))},
    {"inverse", "", CALL(inverse(matmul(o.m23, transpose(o.m23))))},
    {"slogdet", "", CALL(slogdet(matmul(o.m23, transpose(o.m23))))},
    {"prod", "", CALL(prod(o.m23, 1))},
    {"gradient", "", CALL(gradient(o.number, o.v3))},
};

std::string at_line(int line) { return "   at nn_messages_test.cpp:" + std::to_string(line); }

}  // namespace

TEST_CASE(
    "misuse of a layer, loss, optimiser, metric, reader or trainer names what was called, and the line of the call") {
  for (const Row& row : kRows) {
    Given o;
    const std::string operation = row.operation, words = row.words;
    CAPTURE(row.line);
    std::string text;
    try {
      row.misuse(o);
    } catch (const Error& error) {
      text = error.what();
    }
    CAPTURE(text);
    CHECK(text.starts_with(operation + ": "));
    CHECK(text.find(words) != std::string::npos);
    CHECK(text.ends_with(at_line(row.line)));
  }
}

TEST_CASE("all that a layer, a loss or a composed operation records has the line of the call") {
  for (const Row& row : kRight) {
    Given o;
    CAPTURE(std::string(row.operation));
    CAPTURE(row.line);
    const NodeId size = o.tape.size();
    row.misuse(o);
    CHECK(o.tape.size() > size);
    for (NodeId id = size; id < o.tape.size(); ++id) {
      CAPTURE(std::string(o.tape.node(id).op->name));
      CHECK("   at " + to_string(o.tape.node(id).where) == at_line(row.line));
    }
  }
}

TEST_CASE("a module of the user's keeps its own lines, also inside ours") {
  Given o;
  const auto shift = [](auto x) { return x + 1.0; };
  const int line = __LINE__ - 1;
  const nn::Sequential<double> net{o.layer_norm, nn::Residual<double>{shift}};
  const NodeId size = o.tape.size();
  net(o.m23);
  int found = 0;
  for (NodeId id = size; id < o.tape.size(); ++id) {
    if ("   at " + to_string(o.tape.node(id).where) == at_line(line)) ++found;
  }
  CHECK(found == 2);  // the sum, and its 1
}

TEST_CASE("a trainer that was used inside a scope goes on after it, in the same bits") {
  const auto losses = [](bool scoped) {
    Tape<double> tape;
    nn::Mlp<double> mlp(tape, {1, 4, 1}, {.hidden = nn::Activation::tanh});
    nn::Trainer<double> trainer(mlp, {.epochs = 2, .batch = 3, .progress = false});
    const nn::Samples<double> samples(reshaped(linspace(-1.0, 1.0, 8), Shape{8, 1}), ones({8, 1}));
    if (scoped) {
      const auto scope = tape.scope();
      trainer.fit(samples);
    } else {
      trainer.fit(samples);
    }
    trainer.options().epochs = 4;
    return trainer.fit(samples).history.back().loss;
  };
  CHECK(losses(true) == losses(false));
}

TEST_CASE("targets of a single output may be [n]") {
  const auto loss = [](Tensor<double> targets) {
    Tape<double> tape;
    nn::Mlp<double> mlp(tape, {3, 1});
    nn::Trainer trainer(mlp, {.epochs = 2, .progress = false});  // T is found
    Random random(5);
    return trainer.fit({normal<double>(Shape{4, 3}, 0, 1, random), std::move(targets)}).history.back().loss;
  };
  const double column = loss(Tensor<double>{{1}, {2}, {3}, {4}});
  CHECK(std::isfinite(column));
  CHECK(loss({1, 2, 3, 4}) == column);
}

TEST_CASE(
    "a function of the library, of the user, and a struct are modules; T of a trainer is that of its parameters") {
  struct NoPass {
    Var<double> w;
    Var<double> forward(Var<double> x) const { return x * w; }
  };
  static_assert(!nn::ModuleOf<NoPass, double>);
  static_assert(nn::ModuleOf<nn::Linear<double>, double> && nn::ModuleOf<nn::Activation, double>);
  Given o;
  const nn::Sequential<double> net{o.line, relu<double>, [](auto x) { return tanh(x); }};
  CHECK(value(net(o.m23)) == value(tanh(relu(o.line(o.m23)))));
  const auto objective = [](const nn::Inputs<double>& batch, nn::Pass<double>&) { return sum(batch.x); };
  static_assert(std::is_same_v<decltype(nn::Trainer(net, {.epochs = 3})), nn::Trainer<double>>);
  static_assert(std::is_same_v<decltype(nn::Trainer(net.named_parameters(), objective)), nn::Trainer<double>>);
}
