#include "adapters/engines/exec/output_lines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace warmup::exec {
namespace {

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string result(text.substr(0, max_bytes));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return result;
}

}  // namespace

OutputLines::OutputLines(std::string awaited, OnLine on_line)
    : awaited_(std::move(awaited)), on_line_(std::move(on_line)) {}

void OutputLines::Take(std::string_view output, absl::Time now) {
  while (!output.empty()) {
    // Those who draw a progress bar end its states with a return.
    const auto end = static_cast<size_t>(
        std::find_if(output.begin(), output.end(),
                     [](char c) { return c == '\n' || c == '\r'; }) -
        output.begin());
    line_.append(output.substr(0, std::min(end, kMaxLineBytes - line_.size())));
    if (end == output.size()) break;
    EndLine(now);
    output.remove_prefix(end + 1);
  }
  // "ready> " and no end of the line.
  if (!awaited_.empty() && line_.find(awaited_) != std::string::npos) {
    has_seen_awaited_ = true;
  }
}

void OutputLines::Finish(absl::Time now) {
  EndLine(now);
  if (left_out_ > 0) on_line_(absl::StrCat("(", left_out_, " more lines)"));
  left_out_ = 0;
}

void OutputLines::EndLine(absl::Time now) {
  if (line_.empty()) return;
  if (!awaited_.empty() && !has_seen_awaited_) {
    has_seen_awaited_ = line_.find(awaited_) != std::string::npos;
  }
  Tell(line_, now);
  if (last_.size() == kLastWordsLines) last_.pop_front();
  last_.push_back(line_.substr(0, kLastWordsLineBytes));
  line_.clear();
}

void OutputLines::Tell(const std::string& line, absl::Time now) {
  if (now - second_ >= absl::Seconds(1)) {
    if (left_out_ > 0) on_line_(absl::StrCat("(", left_out_, " more lines)"));
    second_ = now;
    told_ = 0;
    left_out_ = 0;
  }
  if (told_ == kMaxLinesPerSecond) {
    ++left_out_;
    return;
  }
  ++told_;
  on_line_(Printable(line, kMaxLineBytes));
}

std::string OutputLines::LastWords() const {
  return Printable(absl::StrJoin(last_, " | "),
                   kLastWordsLines * (kLastWordsLineBytes + 3));
}

}  // namespace warmup::exec
