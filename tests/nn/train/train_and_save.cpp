// train_and_save FILE EPOCHS EVERY: goes on with the training in FILE, if it is there, and saves it every so many
// steps.
#include <cstdlib>

#include "tests/nn/train/resumable.hpp"

int main(int, char** argv) {
  wengert::test::Resumable<> training(
      {.epochs = std::atoi(argv[2]), .snapshot = argv[1], .snapshot_epochs = 0, .snapshot_steps = std::atoi(argv[3])});
  training.trainer.resume();
  training.fit();
}
