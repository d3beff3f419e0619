#include "demo/screen.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "demo/frame.h"

namespace warmup::demo {

Screen::Screen(const SharedBoard& board, const cli::Style& style)
    : board_(board), style_(style) {
  std::fputs("\033[?25l", stdout);  // hide the cursor
  thread_ = std::thread([this] {
    while (!is_ending_.load()) {
      Draw();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    Draw();
  });
}

Screen::~Screen() {
  is_ending_.store(true);
  thread_.join();
  std::fputs("\033[?25h", stdout);
  std::fflush(stdout);
}

void Screen::Draw() {
  const std::vector<std::string> lines = RenderFrame(
      board_.Get(), style_, cli::GetTerminalSize(STDOUT_FILENO), absl::Now());
  std::string out;
  if (lines_drawn_ > 0) absl::StrAppend(&out, "\033[", lines_drawn_, "A");
  for (const std::string& line : lines) {
    absl::StrAppend(&out, "\r", line, "\033[K\n");
  }
  absl::StrAppend(&out, "\033[J");
  lines_drawn_ = lines.size();
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace warmup::demo
