#ifndef WARMUP_DEMO_FRAME_H_
#define WARMUP_DEMO_FRAME_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"
#include "demo/board.h"

// The board as text.
namespace warmup::demo {

// The lines of one frame, none wider than the terminal and fewer than its
// rows: a small one sees fewer requests and events, then less of the rest.
std::vector<std::string> RenderFrame(const Board& board,
                                     const cli::Style& style,
                                     cli::TerminalSize size, absl::Time now);

// One request as a line, for where there is no terminal to draw on.
std::string RenderLine(const RequestRow& row, const Board& board,
                       const cli::Style& style);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_FRAME_H_
