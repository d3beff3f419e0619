#include "demo/trace.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/replay/trace.h"

namespace warmup::demo {
namespace {

constexpr absl::Duration kLinearUpTo = absl::Seconds(10);
constexpr int kShorterTimes = 20;
constexpr double kSecondsPerLog = 0.05;

absl::StatusOr<StepKind> ParseKind(const std::string& text) {
  if (text == "request") return StepKind::kRequest;
  if (text == "session") return StepKind::kSession;
  if (text == "activity") return StepKind::kActivity;
  return absl::InvalidArgumentError(absl::StrCat("unknown kind '", text, "'"));
}

absl::StatusOr<Step> ParseStep(const std::string& line) {
  const std::vector<std::string> cells = absl::StrSplit(line, ',');
  int64_t seconds = 0;
  if (cells.size() != 3 || cells[2].empty() ||
      !absl::SimpleAtoi(cells[0], &seconds)) {
    return absl::InvalidArgumentError("not time_s,kind,item");
  }
  absl::StatusOr<StepKind> kind = ParseKind(cells[1]);
  if (!kind.ok()) return kind.status();
  Step step;
  step.kind = *kind;
  step.item = cells[2];
  step.recorded = absl::FromUnixSeconds(seconds);
  return step;
}

// Sets every step's gap, and what is counted and summed over all steps.
void Complete(Trace* trace) {
  std::vector<Step>& steps = trace->steps;
  std::set<std::string> seen;
  for (const Step& step : steps) {
    if (step.kind != StepKind::kActivity && seen.insert(step.item).second) {
      trace->models.push_back(step.item);
    }
    trace->requests += step.kind == StepKind::kRequest ? 1 : 0;
  }
  trace->recorded_length = steps.back().recorded - steps.front().recorded;
  absl::Time last_request = steps.front().recorded;
  for (size_t begin = 0; begin < steps.size();) {
    size_t end = begin;  // the next request, or the last step
    while (end + 1 < steps.size() && steps[end].kind != StepKind::kRequest) {
      ++end;
    }
    absl::Duration ahead = Shorten(steps[end].recorded - last_request);
    trace->shortened_length += ahead;
    for (; begin <= end; ++begin) {
      const absl::Duration left =
          Shorten(steps[end].recorded - steps[begin].recorded);
      steps[begin].gap = ahead - left;
      ahead = left;
    }
    last_request = steps[end].recorded;
  }
}

}  // namespace

absl::Duration Shorten(absl::Duration gap) {
  if (gap <= kLinearUpTo) return gap / kShorterTimes;
  const double ratio = absl::FDivDuration(gap, kLinearUpTo);
  return kLinearUpTo / kShorterTimes +
         absl::Seconds(kSecondsPerLog * std::log(ratio));
}

absl::StatusOr<Trace> ReadTrace(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("cannot read '", path, "'"));
  }
  Trace trace;
  std::string line;
  std::getline(file, line);
  for (int number = 2; std::getline(file, line); ++number) {
    absl::StatusOr<Step> step = ParseStep(line);
    if (step.ok() && !trace.steps.empty() &&
        step->recorded < trace.steps.back().recorded) {
      step = absl::InvalidArgumentError("earlier than the line before");
    }
    if (!step.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", step.status().message()));
    }
    trace.steps.push_back(*std::move(step));
  }
  if (!trace.steps.empty()) Complete(&trace);
  if (trace.requests > 0) return trace;
  return absl::InvalidArgumentError(absl::StrCat("no request in '", path, "'"));
}

void KeepFirst(int requests, Trace* trace) {
  if (requests >= trace->requests) return;
  std::vector<Step> steps = std::move(trace->steps);
  size_t end = 0;
  for (int seen = 0; seen < requests; ++end) {
    seen += steps[end].kind == StepKind::kRequest ? 1 : 0;
  }
  steps.resize(end);
  *trace = Trace();
  trace->steps = std::move(steps);
  Complete(trace);
}

int64_t ModelSizeBytes(const std::string& model) {
  const int64_t mib = replay::DrawCost(model, /*seed=*/0).size;
  return std::clamp<int64_t>(mib / 20, 50, 400) << 20;
}

}  // namespace warmup::demo
