#ifndef WARMUP_DEMO_TRACE_H_
#define WARMUP_DEMO_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The recorded stretch that the demo replays; see data/README.md.
namespace warmup::demo {

enum class StepKind { kRequest, kSession, kActivity };

struct Step {
  StepKind kind = StepKind::kRequest;
  std::string item;     // a model, or for kActivity the kind of activity
  absl::Time recorded;  // when it really happened
  absl::Duration gap;   // shortened time since the step before it
};

struct Trace {
  std::vector<Step> steps;          // in the order of the file
  std::vector<std::string> models;  // distinct, in order of appearance
  int requests = 0;
  // Of the recording, and of the shortened gaps together.
  absl::Duration recorded_length;
  absl::Duration shortened_length;
};

// A twentieth up to 4 s; longer gaps by their logarithm.
absl::Duration Shorten(absl::Duration gap);
// The same rule in words, for the screen.
inline constexpr char kShortenRule[] =
    "gaps up to 4 s shortened 20 times, longer ones to 0.2 s + 30 ms x "
    "ln(gap / 4 s)";

// INVALID_ARGUMENT with the line for anything but time_s,kind,item in order.
absl::StatusOr<Trace> ReadTrace(const std::string& path);

// The size that the replay protocol's rule gives a name, divided by 20 and
// held between 50 and 400 MiB.
int64_t ModelSizeBytes(const std::string& model);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_TRACE_H_
