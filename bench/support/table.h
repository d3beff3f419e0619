#ifndef WARMUP_BENCH_SUPPORT_TABLE_H_
#define WARMUP_BENCH_SUPPORT_TABLE_H_

#include <optional>
#include <string>
#include <string_view>

namespace warmup::bench {

// What a figure should be.
struct Aim {
  enum class Kind {
    kNone,
    kRatioAtMost,
    kRatioAtLeast,
    kBelow,
    kDifferenceBelow,  // ours less bare, in the row's unit
  };
  Kind kind = Kind::kNone;
  double value = 0;
};

// One line of the table: a figure of ours beside the one of the bare program
// that was measured in turn with it.
struct Row {
  std::string what;
  std::string unit;
  double ours = 0;
  std::optional<double> bare;
  Aim aim;
};

// Writes the row to stdout as one line of tab-separated cells: what, ours,
// bare, ratio, aim, met. scripts/bench makes a table of them.
void Print(const Row& row);

// What is being done, for whoever waits: to stderr.
void Say(std::string_view text);
// The reason to stderr, and the end of this process.
[[noreturn]] void Fail(std::string_view reason);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_TABLE_H_
