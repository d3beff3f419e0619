#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_OUTPUT_LINES_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_OUTPUT_LINES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace warmup::exec {

// What is kept of a command's output, and what of it is told.
inline constexpr size_t kMaxLineBytes = 4'096;  // the rest of a line is dropped
inline constexpr size_t kLastWordsLines = 5;
inline constexpr size_t kLastWordsLineBytes = 200;
inline constexpr int64_t kMaxLinesPerSecond = 20;

// Makes lines of a command's output: finds the one that is waited for, tells of
// as many as anybody can read, and keeps the last ones for messages. Not
// thread-safe.
class OutputLines {
 public:
  // Printable, without its end.
  using OnLine = std::function<void(std::string_view line)>;

  // `awaited`: a part of a line; empty: none is waited for.
  OutputLines(std::string awaited, OnLine on_line);

  void Take(std::string_view output, absl::Time now);
  // No more comes: what was begun is a line.
  void Finish(absl::Time now);

  bool has_seen_awaited() const { return has_seen_awaited_; }
  // "a | b | c"; empty when there were none.
  std::string LastWords() const;

 private:
  void EndLine(absl::Time now);
  void Tell(const std::string& line, absl::Time now);

  const std::string awaited_;
  const OnLine on_line_;
  bool has_seen_awaited_ = false;
  std::string line_;  // so far
  std::deque<std::string> last_;
  // Of the current second.
  absl::Time second_ = absl::InfinitePast();
  int64_t told_ = 0;
  int64_t left_out_ = 0;
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_OUTPUT_LINES_H_
