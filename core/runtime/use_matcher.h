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
// has come for it. Sans-I/O, not thread-safe, bounded.
class UseMatcher {
 public:
  // How long after a report the engine may still be busy with that use.
  static constexpr absl::Duration kReportAge = absl::Minutes(2);
  // How long a use that was seen waits for its report.
  static constexpr absl::Duration kGrace = absl::Seconds(5);
  // Of what one look shows of one model; more tells nothing more.
  static constexpr int64_t kMaxSeenAtOnce = 16;

  struct Seen {
    ModelId model;
    absl::Time at;
  };

  void OnReported(absl::Time now, const ModelId& model);
  void OnSeen(absl::Time now, const ModelId& model, int64_t count);
  // What was seen and nobody reported within the grace: each once.
  std::vector<Seen> TakeUnreported(absl::Time now);
  void Forget(const ModelId& model);

 private:
  // Reports that no look has shown yet, oldest first.
  std::map<ModelId, std::deque<absl::Time>> reports_;
  std::deque<Seen> seen_;  // oldest first
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_USE_MATCHER_H_
