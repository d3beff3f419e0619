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
  absl::Duration gap;   // since the step before it, shortened
};

struct Trace {
  std::vector<Step> steps;          // in the order of the file
  std::vector<std::string> models;  // distinct, in order of appearance
  int requests = 0;
  // Of the recording, and of the shortened gaps together.
  absl::Duration recorded_length;
  absl::Duration shortened_length;
};

// The time from one request to the next, as the demo keeps it: a twentieth up
// to 10 s, of longer ones little more. What happened in between keeps its
// distance to the request that follows, shortened by the same rule: how long
// before its use a model is named is what a load ahead of it lives on.
absl::Duration Shorten(absl::Duration gap);
// The same rule in words, for the screen.
inline constexpr char kShortenRule[] =
    "the time between two requests is divided by 20\n"
    "up to 10 s, like the models' sizes; of a longer one there remains\n"
    "0.5 s + 50 ms x ln(time / 10 s)";

// INVALID_ARGUMENT with the line for anything but time_s,kind,item in order.
absl::StatusOr<Trace> ReadTrace(const std::string& path);

// Leaves the first `requests` of the requests and what comes before them.
void KeepFirst(int requests, Trace* trace);

// The size that the replay protocol's rule gives a name, divided by 20 and
// held between 50 and 400 MiB.
int64_t ModelSizeBytes(const std::string& model);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_TRACE_H_
