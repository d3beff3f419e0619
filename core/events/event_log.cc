#include "core/events/event_log.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace warmup {
namespace {

constexpr size_t kMaxSegmentBytes = size_t{128} << 10;
constexpr size_t kMaxSegmentEvents = 384;

size_t HeapBytes(const std::string& text) {
  constexpr size_t kInPlace = 15;
  constexpr size_t kMallocHeader = 16;
  return text.capacity() > kInPlace ? text.capacity() + kMallocHeader : 0;
}

// What an event takes beyond its own struct.
size_t HeapBytes(const Event& event) {
  constexpr size_t kMapNode = 48 + 2 * sizeof(std::string);
  size_t bytes = HeapBytes(event.id) + HeapBytes(event.type) +
                 HeapBytes(event.source) + HeapBytes(event.data_json);
  for (const auto& [key, value] : event.metadata) {
    bytes += kMapNode + HeapBytes(key) + HeapBytes(value);
  }
  return bytes;
}

bool TypeMatches(std::string_view pattern, std::string_view type) {
  if (!pattern.empty() && pattern.back() == '*') {
    return type.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return type == pattern;
}

}  // namespace

bool EventFilter::Matches(const Event& event) const {
  const auto type_matches = [&event](const std::string& pattern) {
    return TypeMatches(pattern, event.type);
  };
  if (!types.empty() &&
      std::none_of(types.begin(), types.end(), type_matches)) {
    return false;
  }
  return sources.empty() || std::find(sources.begin(), sources.end(),
                                      event.source) != sources.end();
}

// A stretch of consecutive events. What lies before the published end never
// changes and never moves; the publisher writes behind it.
struct EventLog::Segment {
  struct Entry {
    Event event;
    size_t end;  // of its encoding in `bytes`
  };

  Segment(uint64_t first, size_t byte_capacity, size_t event_capacity)
      : first_sequence(first),
        capacity(byte_capacity),
        bytes(std::make_unique_for_overwrite<char[]>(byte_capacity)),
        memory_bytes(byte_capacity + event_capacity * sizeof(Entry)) {
    storage.reserve(event_capacity);
    entries = storage.data();
  }

  bool Fits(size_t size) const {
    return storage.size() < storage.capacity() && size <= capacity - used;
  }
  void Add(Event event, const std::string& encoded) {
    std::copy(encoded.begin(), encoded.end(), bytes.get() + used);
    used += encoded.size();
    memory_bytes += HeapBytes(event);
    storage.push_back({std::move(event), used});
  }
  size_t StartOf(size_t index) const {
    return index == 0 ? 0 : entries[index - 1].end;
  }

  const uint64_t first_sequence;
  const size_t capacity;
  const std::unique_ptr<char[]> bytes;
  // Readers index `entries`, which the publisher never rewrites.
  const Entry* entries;
  // The publisher's only.
  std::vector<Entry> storage;
  size_t used = 0;
  size_t memory_bytes;
};

// A pinned range of one segment; `segment` is null at the end of the log.
struct EventLog::Slice {
  std::shared_ptr<const Segment> segment;
  size_t begin = 0;
  size_t end = 0;
  uint64_t oldest = 0;  // of the log
  uint64_t next_sequence = 0;
};

EventLog::EventLog(Options options, Encoder encoder)
    : options_(std::move(options)),
      encoder_(std::move(encoder)),
      segment_bytes_(
          std::clamp<size_t>(options_.max_bytes / 32, 1024, kMaxSegmentBytes)),
      segment_events_(
          std::clamp<size_t>(options_.max_events / 16, 16, kMaxSegmentEvents)),
      oldest_(std::max<uint64_t>(options_.next_sequence, 1)),
      next_sequence_(oldest_) {}

EventLog::~EventLog() = default;

void EventLog::Restore(const std::vector<Event>& events) {
  MutexLock append_lock(append_mutex_);
  uint64_t expected = next_sequence();
  auto first = events.end();
  while (first != events.begin() && std::prev(first)->sequence > 0 &&
         std::prev(first)->sequence + 1 == expected) {
    --first;
    --expected;
  }
  if (first == events.end()) return;
  WARMUP_DCHECK(tail_ == nullptr);
  {
    MutexLock lock(mutex_);
    oldest_ = expected;
    next_sequence_ = expected;
  }
  for (; first != events.end(); ++first) Store(*first, encoder_(*first));
}

absl::StatusOr<Event> EventLog::Append(Event event) {
  MutexLock append_lock(append_mutex_);
  event.sequence = next_sequence();
  if (event.id.empty()) {
    event.id = options_.id_prefix + std::to_string(event.sequence);
  }
  const std::string bytes = encoder_(event);
  if (bytes.size() > limits::kMaxEventBytes) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "EVENT_TOO_LARGE",
        absl::StrCat("event: has ", bytes.size(), " bytes encoded, at most ",
                     limits::kMaxEventBytes, " are allowed"),
        {{"field", "event"}, {"limit", "kMaxEventBytes"}});
  }
  Store(event, bytes);
  return event;
}

std::shared_ptr<EventLog::Segment> EventLog::TailFor(uint64_t sequence,
                                                     size_t size) {
  if (tail_ == nullptr || !tail_->Fits(size)) {
    tail_ = std::make_shared<Segment>(sequence, std::max(segment_bytes_, size),
                                      segment_events_);
  }
  return tail_;
}

void EventLog::Store(Event event, const std::string& bytes) {
  const uint64_t sequence = event.sequence;
  const std::shared_ptr<Segment> tail = TailFor(sequence, bytes.size());
  const bool is_new = tail->storage.empty();
  const size_t before = is_new ? 0 : tail->memory_bytes;
  tail->Add(std::move(event), bytes);
  // Freed after the lock: a segment holds hundreds of events.
  std::vector<std::shared_ptr<Segment>> dropped;
  MutexLock lock(mutex_);
  if (is_new) segments_.push_back(tail);
  memory_bytes_ += tail->memory_bytes - before;
  next_sequence_ = sequence + 1;
  DropOldest(dropped);
}

void EventLog::DropOldest(std::vector<std::shared_ptr<Segment>>& dropped) {
  const size_t max_events = std::max<size_t>(options_.max_events, 1);
  if (next_sequence_ - oldest_ > max_events) {
    oldest_ = next_sequence_ - max_events;
  }
  while (segments_.size() > 1 && (segments_[1]->first_sequence <= oldest_ ||
                                  memory_bytes_ > options_.max_bytes)) {
    memory_bytes_ -= segments_.front()->memory_bytes;
    dropped.push_back(std::move(segments_.front()));
    segments_.pop_front();
    oldest_ = std::max(oldest_, segments_.front()->first_sequence);
  }
}

EventLog::Slice EventLog::Locate(uint64_t sequence) const {
  MutexLock lock(mutex_);
  Slice slice;
  slice.oldest = oldest_;
  slice.next_sequence = next_sequence_;
  sequence = std::max(sequence, oldest_);
  if (sequence >= next_sequence_) return slice;
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), sequence,
      [](uint64_t wanted, const std::shared_ptr<Segment>& segment) {
        return wanted < segment->first_sequence;
      });
  slice.segment = *std::prev(after);
  const uint64_t end =
      after == segments_.end() ? next_sequence_ : (*after)->first_sequence;
  slice.begin = sequence - slice.segment->first_sequence;
  slice.end = end - slice.segment->first_sequence;
  return slice;
}

EventLog::Batch EventLog::Read(uint64_t cursor, const EventFilter& filter,
                               size_t max_bytes) const {
  const bool takes_all = filter.types.empty() && filter.sources.empty();
  Batch batch;
  cursor = std::max<uint64_t>(cursor, 1);
  // What is published while this reads is for the next call: this one ends.
  const uint64_t stop = next_sequence();
  cursor = std::min(cursor, stop);
  bool is_full = false;
  while (cursor < stop && !is_full) {
    const Slice slice = Locate(cursor);
    if (slice.oldest > cursor) {
      // Lost while reading: the gap belongs between two batches.
      if (batch.count > 0) break;
      batch.lost += slice.oldest - cursor;
      cursor = slice.oldest;
      if (slice.segment == nullptr) break;
    }
    const Segment& segment = *slice.segment;
    size_t index = slice.begin;
    while (index < slice.end && !is_full) {
      // The longest run that matches and fits, copied at once.
      const size_t start = segment.StartOf(index);
      const size_t run = index;
      while (index < slice.end &&
             (takes_all || filter.Matches(segment.entries[index].event))) {
        const size_t size = segment.entries[index].end - start;
        if (batch.bytes.size() + size > max_bytes &&
            batch.count + (index - run) > 0) {
          is_full = true;
          break;
        }
        ++index;
      }
      batch.count += index - run;
      batch.bytes.append(segment.bytes.get() + start,
                         segment.StartOf(index) - start);
      // What ended the run did not match.
      if (!is_full && index < slice.end) ++index;
    }
    cursor = segment.first_sequence + index;
  }
  batch.next_sequence = cursor;
  return batch;
}

std::vector<Event> EventLog::Recent(const EventFilter& filter,
                                    size_t max_count) const {
  std::vector<Event> events;
  uint64_t end = next_sequence();
  while (events.size() < max_count && end > 1) {
    const Slice slice = Locate(end - 1);
    if (slice.segment == nullptr || slice.oldest > end - 1) break;
    const Segment& segment = *slice.segment;
    while (end > std::max(segment.first_sequence, slice.oldest) &&
           events.size() < max_count) {
      --end;
      const Event& event = segment.entries[end - segment.first_sequence].event;
      if (filter.Matches(event)) events.push_back(event);
    }
  }
  std::reverse(events.begin(), events.end());
  return events;
}

uint64_t EventLog::next_sequence() const {
  MutexLock lock(mutex_);
  return next_sequence_;
}

size_t EventLog::memory_bytes() const {
  MutexLock lock(mutex_);
  return memory_bytes_;
}

}  // namespace warmup
