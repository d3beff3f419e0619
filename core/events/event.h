#ifndef WARMUP_CORE_EVENTS_EVENT_H_
#define WARMUP_CORE_EVENTS_EVENT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace warmup {

// Something that happened. `sequence` is given by the log, 1 and up, without
// holes, and goes on over restarts.
struct Event {
  uint64_t sequence = 0;
  std::string id;      // unique with its source; the log makes one if empty
  std::string type;    // "model.ready", "prediction_complete", ...
  std::string source;  // "warmupd", or the publishing client's name
  absl::Time timestamp;
  std::string data_json = "{}";  // one JSON value, checked at the edge
  std::map<std::string, std::string> metadata;

  bool operator==(const Event&) const = default;
};

}  // namespace warmup

#endif  // WARMUP_CORE_EVENTS_EVENT_H_
