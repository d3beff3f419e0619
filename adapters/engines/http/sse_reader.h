#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_SSE_READER_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_SSE_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace warmup {

// An event with more data than this, or a line that is longer, is passed over.
inline constexpr size_t kMaxSseEventBytes = size_t{8} << 20;

// Valid during the callback.
struct SseEvent {
  std::string_view type;  // "message" where none is told
  std::string_view data;  // its lines joined by '\n'
};

// Reads a stream of server-sent events (WHATWG HTML, "Server-sent events"):
// bytes in, in pieces of any size, events out. Lines end with LF, CRLF or CR.
// Comments, ids, retry times and unknown fields are passed over, and so is an
// event without data, or one that the stream ends in.
//
// Keeps at most a line and an event. What is longer is dropped as a whole, and
// counted; the next event is read as ever. A plain value, not thread-safe.
class SseReader {
 public:
  using EventCallback = std::function<void(const SseEvent& event)>;

  explicit SseReader(EventCallback on_event,
                     size_t max_event_bytes = kMaxSseEventBytes)
      : on_event_(std::move(on_event)), max_event_bytes_(max_event_bytes) {}

  void Read(std::string_view bytes);
  // Events that were too long.
  int64_t dropped() const { return dropped_; }

 private:
  // A line, or where it does not end in these bytes, the next part of one.
  void TakePart(std::string_view part, bool is_end);
  void TakeLine(std::string_view line);
  void TakeField(std::string_view name, std::string_view value);
  void EndEvent();

  const EventCallback on_event_;
  const size_t max_event_bytes_;
  std::string line_;  // as far as it has come
  bool is_line_too_long_ = false;
  bool is_first_line_ = true;
  bool is_after_cr_ = false;
  std::string type_;
  std::string data_;
  bool has_data_ = false;
  bool is_event_too_long_ = false;
  int64_t dropped_ = 0;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_SSE_READER_H_
