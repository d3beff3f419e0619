#ifndef WARMUP_CORE_EVENTS_EVENT_LOG_H_
#define WARMUP_CORE_EVENTS_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
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
// Encoded events lie one after another in segments that are only ever written
// behind what readers see: a reader pins a segment under the lock and copies
// ranges of it without.
//
// Thread-safe. Two leaf mutexes: append_mutex_ orders the publishers and is
// held while the encoder runs (the encoding contains the sequence, so it
// cannot run before); mutex_ guards what readers look up and is held for no
// more than that, so that readers and encoding never wait for each other.
// append_mutex_ is taken before mutex_.
class EventLog {
 public:
  // Turns an event whose sequence is set into wire bytes. Pure; does not call
  // back into the log.
  using Encoder = std::function<std::string(const Event&)>;

  struct Options {
    size_t max_events;
    size_t max_bytes;        // of memory: encodings and values together
    uint64_t next_sequence;  // 1 for a new store
    std::string id_prefix;   // makes generated ids unique over restarts
  };

  struct Batch {
    std::string bytes;           // encoded events, concatenated
    size_t count = 0;            // events in `bytes`
    uint64_t next_sequence = 0;  // the cursor to read from next
    // Events between the cursor and the oldest kept that are gone for good;
    // 0: none. They came before those in `bytes`.
    uint64_t lost = 0;
  };

  EventLog(Options options, Encoder encoder);
  ~EventLog();

  // Puts back events of an earlier run (oldest first) as they were. Only
  // before the first Append. Keeps the run of consecutive sequences that ends
  // just before next_sequence, within the bounds; drops the others.
  void Restore(const std::vector<Event>& events);

  // Gives the event its sequence (and id if it has none) and returns it.
  // INVALID_ARGUMENT if the encoded event is above limits::kMaxEventBytes;
  // no sequence is used up then.
  absl::StatusOr<Event> Append(Event event);

  // Everything that matches from `cursor` on, up to `max_bytes` (at least one
  // event). An empty batch means: nothing to read yet; its next_sequence has
  // still moved past what did not match. A cursor beyond the end is taken for
  // the end, 0 for 1.
  Batch Read(uint64_t cursor, const EventFilter& filter,
             size_t max_bytes) const;

  // The newest `max_count` that match, oldest first.
  std::vector<Event> Recent(const EventFilter& filter, size_t max_count) const;

  // The sequence the next event will get: a reader that wants only what is
  // new starts here.
  uint64_t next_sequence() const;

  // Bytes of memory held now: at most max_bytes, or the newest segment alone.
  size_t memory_bytes() const;

 private:
  struct Segment;
  struct Slice;

  std::shared_ptr<Segment> TailFor(uint64_t sequence, size_t size)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(append_mutex_);
  void Store(Event event, const std::string& bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(append_mutex_);
  void DropOldest(std::vector<std::shared_ptr<Segment>>& dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Slice Locate(uint64_t sequence) const;

  const Options options_;
  const Encoder encoder_;
  const size_t segment_bytes_;
  const size_t segment_events_;

  Mutex append_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  // The newest segment, null before the first event.
  std::shared_ptr<Segment> tail_ ABSL_GUARDED_BY(append_mutex_);

  mutable Mutex mutex_;
  std::deque<std::shared_ptr<Segment>> segments_ ABSL_GUARDED_BY(mutex_);
  // The events kept: [oldest_, next_sequence_). Only written with
  // append_mutex_ held too.
  uint64_t oldest_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_sequence_ ABSL_GUARDED_BY(mutex_);
  size_t memory_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_EVENTS_EVENT_LOG_H_
