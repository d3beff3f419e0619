#ifndef WARMUP_CORE_RUNTIME_USE_MATCHER_H_
#define WARMUP_CORE_RUNTIME_USE_MATCHER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// Makes one use of what comes by two doors: an engine shows that it served a
// model, and the client that used it may report the same use, before (it
// reports when it asks) or shortly after (when it has the answer). The report
// says more, so it is the one that counts; what was seen counts once no report
// has come for it. That is awaited only where somebody may report: else what
// was just used would be known too late to foresee what comes next. Sans-I/O,
// not thread-safe, bounded.
class UseMatcher {
 public:
  // How long after a report the engine may still be busy with that use.
  static constexpr absl::Duration kReportAge = absl::Minutes(2);
  // How long a use that was seen waits for its report.
  static constexpr absl::Duration kGrace = absl::Seconds(5);
  // How long after a report others are to be expected.
  static constexpr absl::Duration kReporterAge = absl::Hours(1);
  // Of what one look shows of one model; more tells nothing more.
  static constexpr int64_t kMaxSeenAtOnce = 16;

  struct Seen {
    ModelId model;
    absl::Time at;
  };

  // False: it is one that was seen and has counted.
  bool OnReported(absl::Time now, const ModelId& model);
  void OnSeen(absl::Time now, const ModelId& model, int64_t count);
  // What was seen and nobody reported, each once: after the grace, or at once
  // if nobody has reported anything of late and none of those who might
  // `is_connected`.
  std::vector<Seen> TakeUnreported(absl::Time now, bool is_connected);
  void Forget(const ModelId& model);

 private:
  void DropCounted(absl::Time now);

  // Reports that no look has shown yet, oldest first.
  std::map<ModelId, std::deque<absl::Time>> reports_;
  std::deque<Seen> seen_;     // oldest first
  std::deque<Seen> counted_;  // before the grace was over; oldest first
  absl::Time last_report_ = absl::InfinitePast();
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_USE_MATCHER_H_
