#ifndef WARMUP_CORE_PORTS_USE_LOG_H_
#define WARMUP_CORE_PORTS_USE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace warmup {

enum class UseKind {
  kUse,       // a model was used
  kSession,   // a session began, or changed, that binds a model
  kHint,      // a model was announced
  kActivity,  // something else was seen
};

inline std::string_view ToString(UseKind kind) {
  switch (kind) {
    case UseKind::kUse:
      return "use";
    case UseKind::kSession:
      return "session";
    case UseKind::kHint:
      return "hint";
    case UseKind::kActivity:
      return "activity";
  }
  return "";
}

// One line of the log of use: ids, kinds and times, never text.
struct UseRecord {
  absl::Time at;
  // In the order in which they came, never twice: two of the same time are
  // told apart by it, and one that is written again is the same one.
  int64_t number = 0;
  UseKind kind = UseKind::kUse;
  std::string user;  // may be empty
  std::string name;  // of the model; of an activity its kind ("typing")

  friend bool operator==(const UseRecord&, const UseRecord&) = default;
};

// Where in the log: behind all records of an earlier time, and of the same
// time behind those up to this number.
struct UsePosition {
  absl::Time at = absl::InfinitePast();
  int64_t number = std::numeric_limits<int64_t>::min();
};

struct UseQuery {
  UsePosition after;
  absl::Time until = absl::InfiniteFuture();  // before it
  bool has_context = false;                   // all kinds, not only kUse
  size_t max_count = 0;                       // at least 1
};

// Reads what the store keeps of the log, in order of time, while the store's
// writer goes on. Blocks for I/O. Thread-safe.
class UseLog {
 public:
  virtual ~UseLog() = default;
  // Fewer than max_count: those were the last. UNAVAILABLE, DATA_LOSS and the
  // like where it cannot be read.
  virtual absl::StatusOr<std::vector<UseRecord>> Read(
      const UseQuery& query) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_USE_LOG_H_
