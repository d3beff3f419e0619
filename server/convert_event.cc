// Events between the API and the core.

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"

namespace warmup {
namespace {

// The daemon's own name as a source: clients may not speak for it.
constexpr std::string_view kOwnSource = "warmupd";

absl::Status CheckJson(std::string_view field, const std::string& text) {
  if (text.size() > limits::kMaxEventBytes) {
    return InvalidField(field,
                        absl::StrCat("has ", text.size(), " bytes, at most ",
                                     limits::kMaxEventBytes, " are allowed"));
  }
  // Looks at the text without building anything from it.
  if (nlohmann::json::accept(text)) return absl::OkStatus();
  return InvalidField(field, "is not one JSON value in UTF-8");
}

absl::Status CheckCount(std::string_view field, int count) {
  if (static_cast<size_t>(count) <= limits::kMaxFilters) {
    return absl::OkStatus();
  }
  return InvalidField(field, absl::StrCat("has ", count, " entries, at most ",
                                          limits::kMaxFilters, " are allowed"));
}

}  // namespace

absl::StatusOr<Event> ReadEvent(const v1::Event& in) {
  WARMUP_RETURN_IF_ERROR(ValidateId("event.event_type", in.event_type()));
  WARMUP_RETURN_IF_ERROR(ValidateId("event.source", in.source()));
  if (in.source() == kOwnSource) {
    return InvalidField("event.source", "\"warmupd\" is the daemon's own name");
  }
  if (!in.event_id().empty()) {
    WARMUP_RETURN_IF_ERROR(ValidateId("event.event_id", in.event_id()));
  }
  if (in.metadata().size() > limits::kMaxLabels) {
    return InvalidField(
        "event.metadata",
        absl::StrCat("has ", in.metadata().size(), " entries, at most ",
                     limits::kMaxLabels, " are allowed"));
  }
  Event event;
  event.type = in.event_type();
  event.id = in.event_id();
  event.source = in.source();
  if (!in.data_json().empty()) {
    WARMUP_RETURN_IF_ERROR(CheckJson("event.data_json", in.data_json()));
    event.data_json = in.data_json();
  }
  event.metadata.insert(in.metadata().begin(), in.metadata().end());
  return event;
}

void SetEvent(const Event& event, v1::Event* out) {
  out->set_event_type(event.type);
  out->set_event_id(event.id);
  SetTimestamp(event.timestamp, out->mutable_timestamp());
  out->set_source(event.source);
  out->set_data_json(event.data_json);
  out->mutable_metadata()->insert(event.metadata.begin(), event.metadata.end());
  out->set_sequence(event.sequence);
}

absl::StatusOr<EventFilter> ReadFilter(const v1::EventFilter& in) {
  WARMUP_RETURN_IF_ERROR(
      CheckCount("filter.event_types", in.event_types_size()));
  WARMUP_RETURN_IF_ERROR(CheckCount("filter.sources", in.sources_size()));
  EventFilter filter;
  for (const std::string& type : in.event_types()) {
    WARMUP_RETURN_IF_ERROR(ValidateId("filter.event_types", type));
    filter.types.push_back(type);
  }
  for (const std::string& source : in.sources()) {
    WARMUP_RETURN_IF_ERROR(ValidateId("filter.sources", source));
    filter.sources.push_back(source);
  }
  return filter;
}

}  // namespace warmup
