#include "nn/metric/classification.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "autodiff/tensor/error.hpp"

namespace wengert::nn {
namespace {

using doctest::Approx;
using doctest::Contains;
using Labels = Tensor<std::int64_t>;

/// Labels 0 0 0 1 1 2, of which 0 0 1 1 2 2 were predicted.
ConfusionMatrix six() {
  ConfusionMatrix matrix(3);
  matrix.add(Labels{0, 0, 0}, Labels{0, 0, 1});
  matrix.add(Labels{1, 1, 2}, Labels{1, 2, 2});
  return matrix;
}

}  // namespace

TEST_CASE("accuracy counts rows whose largest output is at the label; the first of equals is the largest") {
  const Tensor<double> p{{0.1, 0.9}, {0.8, 0.2}, {0.5, 0.5}, {0.5, 0.5}};
  CHECK(accuracy(p, Labels{1, 1, 0, 1}) == 0.5);
  CHECK(predicted_classes(p) == Labels{1, 0, 0, 0});
}

TEST_CASE("top-k looks at the k largest outputs") {
  const Tensor<float> p{{4, 3, 2, 1}, {1, 1, 1, 1}};
  const double expected[] = {0.5, 0.5, 1, 1};  // label 1 is second, of four equals label 2 is third
  const Labels labels{0, 2};
  for (std::int64_t k = 1; k <= 4; ++k) CHECK(top_k_accuracy(p, labels, k) == expected[k - 1]);
  CHECK(top_k_accuracy(p, Labels{1, 1}, 2) == 1);
  CHECK_THROWS_WITH_AS(top_k_accuracy(p, labels, 5), Contains("top_k_accuracy: k is 5, it must be in 1..4"),
                       ValueError);
  CHECK_THROWS_AS(top_k_accuracy(p, labels, 0), ValueError);
}

TEST_CASE("an output that is NaN is never right, and never the largest beside a number") {
  const double nan = std::nan("");
  CHECK(predicted_classes(Tensor<double>{{nan, 1, 2}, {1, nan, 0}, {nan, nan, nan}}) == Labels{2, 0, 0});
  CHECK(accuracy(Tensor<double>{{nan, nan}, {nan, 1}}, Labels{0, 1}) == 0.5);
  CHECK(top_k_accuracy(Tensor<double>{{nan, nan}, {nan, nan}}, Labels{0, 1}, 2) == 0);
}

TEST_CASE("a class outside the outputs, or as many labels as rows but not in a list, is an error") {
  const Tensor<double> p{{1, 2}, {3, 4}};
  CHECK_THROWS_WITH_AS(accuracy(p, Labels{0, 2}), Contains("accuracy: class 2 of row 1 is not in 0..1"), ValueError);
  CHECK_THROWS_AS(accuracy(p, Labels{0, -1}), ValueError);
  CHECK_THROWS_WITH_AS(accuracy(p, Labels{0}), Contains("outputs are [2, 2], labels [1]"), ShapeError);
  CHECK_THROWS_AS(accuracy(Tensor<double>(Shape{0, 2}), Labels(Shape{0})), ShapeError);
}

TEST_CASE("the confusion matrix counts labels by row and predictions by column") {
  const ConfusionMatrix matrix = six();
  CHECK(matrix.counts() == Labels{{2, 1, 0}, {0, 1, 1}, {0, 0, 1}});
  CHECK(matrix.rows() == 6);
  CHECK(matrix.accuracy() == Approx(4.0 / 6).epsilon(1e-15));
}

TEST_CASE("precision, recall and F1 are those of scikit-learn") {
  // sklearn.metrics.precision_recall_fscore_support([0,0,0,1,1,2], [0,0,1,1,2,2]), by class and macro.
  const ConfusionMatrix matrix = six();
  const double precision[] = {1, 0.5, 0.5}, recall[] = {2.0 / 3, 0.5, 1}, f1[] = {0.8, 0.5, 2.0 / 3};
  for (std::int64_t c = 0; c < 3; ++c) {
    CHECK(matrix.precision(c) == Approx(precision[c]).epsilon(1e-15));
    CHECK(matrix.recall(c) == Approx(recall[c]).epsilon(1e-15));
    CHECK(matrix.f1(c) == Approx(f1[c]).epsilon(1e-15));
  }
  CHECK(matrix.macro_precision() == Approx(2.0 / 3).epsilon(1e-15));
  CHECK(matrix.macro_recall() == Approx(13.0 / 18).epsilon(1e-15));
  CHECK(matrix.macro_f1() == Approx(59.0 / 90).epsilon(1e-15));
}

TEST_CASE("a class that never occurs has precision, recall and F1 of 0") {
  ConfusionMatrix matrix(2);
  CHECK((matrix.accuracy() == 0 && matrix.f1(0) == 0));
  matrix.add(Labels{0}, Labels{0});
  CHECK((matrix.precision(1) == 0 && matrix.recall(1) == 0 && matrix.f1(1) == 0 && matrix.f1(0) == 1));
}

TEST_CASE("nothing is counted of a batch with a class too many") {
  ConfusionMatrix matrix = six();
  CHECK_THROWS_WITH_AS(matrix.add(Labels{0, 3}, Labels{0, 0}), Contains("add: class 3 of row 1 is not in 0..2"),
                       ValueError);
  CHECK_THROWS_AS(matrix.add(Labels{0}, Labels{0, 1}), ShapeError);
  CHECK(matrix.counts() == six().counts());
  CHECK_THROWS_AS(ConfusionMatrix(0), ValueError);
}

TEST_CASE("a confusion matrix prints as an aligned table") {
  CHECK(to_string(six()) ==
        "label  0  1  2  precision  recall      f1\n"
        "0      2  1  0     1.0000  0.6667  0.8000\n"
        "1      0  1  1     0.5000  0.5000  0.5000\n"
        "2      0  0  1     0.5000  1.0000  0.6667\n");
  ConfusionMatrix matrix(2);
  for (int i = 0; i < 100; ++i) matrix.add(Labels{1}, Labels{0});
  CHECK(to_string(matrix, {"malignant", "b"}) ==
        "label      malignant  b  precision  recall      f1\n"
        "malignant          0  0     0.0000  0.0000  0.0000\n"
        "b                100  0     0.0000  0.0000  0.0000\n");
  CHECK_THROWS_AS(to_string(matrix, {"one"}), UsageError);
}

}  // namespace wengert::nn
