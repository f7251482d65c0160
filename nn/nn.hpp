/// Neural networks on the tape of autodiff: models, losses, optimisers, and their deltas confirmed by hand.
#pragma once

#include "nn/data/csv.hpp"
#include "nn/data/file.hpp"
#include "nn/data/idx.hpp"
#include "nn/data/npy.hpp"
#include "nn/data/npz.hpp"
#include "nn/data/safetensors.hpp"
#include "nn/delta/closed_form.hpp"
#include "nn/delta/compare.hpp"
#include "nn/delta/scalar_chain.hpp"
#include "nn/loss/loss.hpp"
#include "nn/model/activation.hpp"
#include "nn/model/init.hpp"
#include "nn/model/mlp.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/train/trainer.hpp"
