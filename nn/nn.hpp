/// Neural networks on the tape of autodiff: models, losses, optimisers, and their deltas confirmed by hand.
#pragma once

#include "nn/data/csv.hpp"
#include "nn/delta/closed_form.hpp"
#include "nn/delta/compare.hpp"
#include "nn/delta/scalar_chain.hpp"
#include "nn/loss/loss.hpp"
#include "nn/loss/penalty.hpp"
#include "nn/model/activation.hpp"
#include "nn/model/init.hpp"
#include "nn/model/mlp.hpp"
#include "nn/model/parameter.hpp"
#include "nn/optim/accumulate.hpp"
#include "nn/optim/clip.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/optim/schedule.hpp"
#include "nn/train/trainer.hpp"
