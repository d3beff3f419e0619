#ifndef WARMUP_CORE_EVENTS_EVENT_LOG_H_
#define WARMUP_CORE_EVENTS_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/events/event.h"

namespace warmup {

// Which events a reader wants; empty means all. A type ending in '*' matches
// by prefix ("model.*").
struct EventFilter {
  std::vector<std::string> types;
  std::vector<std::string> sources;

  bool Matches(const Event& event) const;
};

// The history of events, which is also every subscriber's queue: a subscriber
// is nothing but a cursor into it. So a publisher costs the same whoever
// listens, and memory is bounded by the history (count and bytes), not by the
// number of readers or how slow they are. A reader that falls behind the
// oldest event kept is told what it missed (`Batch::lost`).
//
// Each event is encoded once, when appended, by the function given at
// construction; what it returns is opaque here and must be such that the
// concatenation of several is their batch (a protobuf `repeated` field is).
//
// Thread-safe; its mutex is a leaf. Does not call anybody while holding it
// (the encoder runs before it is taken, except for the sequence which the
// encoding must not contain: see Append).
class EventLog {
 public:
  // Turns an event whose sequence is set into wire bytes. Pure.
  using Encoder = std::function<std::string(const Event&)>;

  struct Options {
    size_t max_events;
    size_t max_bytes;         // of encoded events
    uint64_t next_sequence;   // 1 for a new store
    std::string id_prefix;    // makes generated ids unique over restarts
  };

  struct Batch {
    std::string bytes;           // encoded events, concatenated
    size_t count = 0;            // events in `bytes`
    uint64_t next_sequence = 0;  // the cursor to read from next
    // Events between the cursor and the oldest kept that are gone for good;
    // 0: none.
    uint64_t lost = 0;
  };

  EventLog(Options options, Encoder encoder);

  // Gives the event its sequence (and id if it has none) and returns it.
  // INVALID_ARGUMENT if the encoded event is above limits::kMaxEventBytes.
  absl::StatusOr<Event> Append(Event event);

  // Everything that matches from `cursor` on, up to `max_bytes` (at least one
  // event). An empty batch means: nothing to read yet; its next_sequence has
  // still moved past what did not match.
  Batch Read(uint64_t cursor, const EventFilter& filter,
             size_t max_bytes) const;

  // The newest `max_count` that match, oldest first.
  std::vector<Event> Recent(const EventFilter& filter, size_t max_count) const;

  // The sequence the next event will get: a reader that wants only what is
  // new starts here.
  uint64_t next_sequence() const;

 private:
  struct Entry {
    Event event;
    std::string bytes;
  };

  const Options options_;
  const Encoder encoder_;
  mutable Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_sequence_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_CORE_EVENTS_EVENT_LOG_H_
