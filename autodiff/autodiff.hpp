/// wengert: reverse-mode automatic differentiation of tensors.
///
/// You record expressions on a tape, differentiate by appending more nodes to the same tape, compile the outputs you
/// want into a program, and run it; nothing else ever computes. Read the headers in the order below.
///
/// A part of x is recorded like all else: row or element i is squeeze(narrow(x, 0, i, 1), 0), a range is slice(x, axis,
/// start, stop), rows by number are take(x, rows); `value(x).at(i, j)` reads a number. To differentiate by a part, take
/// it first and compute y from it: by a slice(x, …) recorded afterwards the gradient of y is 0.
#pragma once

// The order is for reading.
// clang-format off

// Tensors: values with a shape.
#include "autodiff/tensor/tensor.hpp"
#include "autodiff/tensor/print.hpp"
#include "autodiff/tensor/error.hpp"
#include "autodiff/tensor/random.hpp"
// The tape, and the handles to its nodes.
#include "autodiff/tape/tape.hpp"
#include "autodiff/tape/print.hpp"
// What can be recorded.
#include "autodiff/ops/elementwise.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reshape.hpp"
#include "autodiff/ops/broadcast.hpp"
#include "autodiff/ops/slice.hpp"
#include "autodiff/ops/join.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/scan.hpp"
#include "autodiff/ops/norm.hpp"
#include "autodiff/ops/softmax.hpp"
#include "autodiff/ops/cross_entropy.hpp"
#include "autodiff/ops/loss.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/gather.hpp"
#include "autodiff/ops/contract.hpp"
#include "autodiff/ops/factor.hpp"
#include "autodiff/ops/determinant.hpp"
#include "autodiff/ops/random.hpp"
// Compiling and running.
#include "autodiff/program/program.hpp"
#include "autodiff/kernels/threads.hpp"
// Derivatives.
#include "autodiff/transform/gradient.hpp"
#include "autodiff/transform/custom.hpp"
#include "autodiff/transform/checkpoint.hpp"
// Looking at what was recorded, and checking it.
#include "autodiff/inspect/gradcheck.hpp"
