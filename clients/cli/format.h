#ifndef WARMUP_CLIENTS_CLI_FORMAT_H_
#define WARMUP_CLIENTS_CLI_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Quantities as people read and write them.
namespace warmup::cli {

// "0 B", "950 B", "235 MiB", "1.5 GiB".
std::string HumanBytes(double bytes);
// Three significant digits: "0 ms", "0.25 ms", "83 ms", "1.24 s", "3 min 5 s",
// "2 h 3 min", "4 d 1 h". Infinite or negative: "-".
std::string HumanDuration(absl::Duration duration);
// "0 %", "< 1 %", "42 %", "100 %". Not a number: "-".
std::string HumanPercent(double ratio);
// Wall clock of today "14:03:59.123", else with its date.
std::string HumanTime(absl::Time time);
// "now", "12 s ago", "3 min ago", "2 h ago", "4 d ago"; ahead: "in 12 s".
std::string HumanAge(absl::Time time, absl::Time now);
std::string HumanCount(double count);
// "model=llama"; bytes as people read them: "held_bytes", "1073741824" is
// "held=1 GiB".
std::string HumanPair(std::string_view key, std::string_view value);
// "1 model", "3 models", "2 activities".
std::string Plural(double count, std::string_view noun);

// "1.5GiB", "400MB", "300 KiB", "12" (bytes).
absl::StatusOr<int64_t> ParseBytes(std::string_view text);
// "250ms", "90s", "5m", "2h", "1h30m"; a bare number is seconds.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// `width` cells, filled up to `ratio` (clamped to [0, 1]) in eighths.
std::string Bar(double ratio, int width);

// Text from elsewhere, made harmless for a terminal: control characters become
// '?', line ends and tabs a space.
std::string Printable(std::string_view text);

// Cells that `text` takes on a terminal: code points, escapes not counted.
int DisplayWidth(std::string_view text);
// Cut to at most `width` cells (ending in an ellipsis) and padded to it.
std::string Fit(std::string_view text, int width);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_FORMAT_H_
