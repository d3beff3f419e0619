#ifndef WARMUP_DEMO_SCREEN_H_
#define WARMUP_DEMO_SCREEN_H_

#include <atomic>
#include <cstddef>
#include <thread>

#include "clients/cli/terminal.h"
#include "demo/board.h"

namespace warmup::demo {

// Draws the board ten times a second on the terminal, in place, from its own
// thread while it lives; the last frame stays. The board outlives it.
class Screen {
 public:
  Screen(const SharedBoard& board, const cli::Style& style);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

 private:
  void Draw();

  const SharedBoard& board_;
  const cli::Style style_;
  std::atomic<bool> is_ending_{false};
  size_t lines_drawn_ = 0;
  std::thread thread_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_SCREEN_H_
