#include "adapters/engines/http/sse_reader.h"

#include <algorithm>

namespace warmup {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void SseReader::Read(std::string_view bytes) {
  while (!bytes.empty()) {
    if (std::exchange(is_after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    // Two searches for one byte each are faster than one for either.
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    const size_t end = std::min(line.find('\r'), line.size());
    const bool is_end = end < bytes.size();
    TakePart(bytes.substr(0, end), is_end);
    if (!is_end) return;
    is_after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
  }
}

void SseReader::TakePart(std::string_view part, bool is_end) {
  if (!is_line_too_long_ && part.size() > max_event_bytes_ - line_.size()) {
    is_line_too_long_ = true;
    // A comment is no part of an event.
    if (!(line_.empty() ? part : line_).starts_with(':')) {
      is_event_too_long_ = true;
    }
    line_.clear();
  }
  if (is_line_too_long_) {
    is_line_too_long_ = !is_end;
    is_first_line_ = is_first_line_ && !is_end;
  } else if (!is_end) {
    line_.append(part);
  } else if (line_.empty()) {
    TakeLine(part);
  } else {
    line_.append(part);
    TakeLine(line_);
    line_.clear();
  }
}

void SseReader::TakeLine(std::string_view line) {
  if (std::exchange(is_first_line_, false) &&
      line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) return EndEvent();
  const size_t colon = std::min(line.find(':'), line.size());
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  TakeField(line.substr(0, colon), value);
}

void SseReader::TakeField(std::string_view name, std::string_view value) {
  if (is_event_too_long_) return;
  if (name == "event") {
    type_ = value;
  } else if (name == "data") {
    if (value.size() >= max_event_bytes_ - data_.size()) {
      is_event_too_long_ = true;
      return;
    }
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
}

void SseReader::EndEvent() {
  if (is_event_too_long_) {
    ++dropped_;
  } else if (has_data_) {
    on_event_({.type = type_.empty() ? "message" : std::string_view(type_),
               .data = data_});
  }
  type_.clear();
  data_.clear();
  has_data_ = false;
  is_event_too_long_ = false;
}

}  // namespace warmup
