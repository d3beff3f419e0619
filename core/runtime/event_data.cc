#include "core/runtime/event_data.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace warmup {

namespace {

std::string Dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool NeedsNoEscape(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

// Events are made with every prediction, and most values are plain: those do
// not go through a JSON library.
struct Append {
  std::string* json;

  void operator()(std::string_view text) const {
    if (NeedsNoEscape(text)) {
      json->append("\"").append(text).append("\"");
    } else {
      json->append(Dump(text));
    }
  }
  void operator()(double number) const { json->append(Dump(number)); }
  void operator()(int64_t number) const { absl::StrAppend(json, number); }
  void operator()(bool is_true) const {
    json->append(is_true ? "true" : "false");
  }
};

}  // namespace

Event MakeEvent(absl::Time now, std::string_view type,
                std::initializer_list<EventField> fields) {
  Event event;
  event.type = type;
  event.source = "warmupd";
  event.timestamp = now;
  std::string& json = event.data_json;
  json = "{";
  for (const auto& [key, value] : fields) {
    if (json.size() > 1) json.append(",");
    Append{&json}(key);
    json.append(":");
    std::visit(Append{&json}, value);
  }
  json.append("}");
  return event;
}

}  // namespace warmup
