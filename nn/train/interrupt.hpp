/// Ctrl-C that ends a loop after the step it is in, instead of the process.
#pragma once

namespace wengert::nn {

/// While one lives, SIGINT is noted and nothing else happens; a second Ctrl-C before the loop has looked ends the
/// process as usual. After the last one has gone the handler from before is back. Process-wide by nature; any thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// True since the first Ctrl-C after the first living Interrupt was made.
  bool requested() const;
};

}  // namespace wengert::nn
