#include "core/runtime/event_data.h"

#include <nlohmann/json.hpp>

namespace warmup {

Event MakeEvent(absl::Time now, std::string_view type,
                std::initializer_list<EventField> fields) {
  nlohmann::ordered_json data = nlohmann::ordered_json::object();
  for (const auto& [key, value] : fields) {
    const std::string name(key);
    std::visit([&](const auto& held) { data[name] = held; }, value);
  }
  Event event;
  event.type = type;
  event.source = "warmupd";
  event.timestamp = now;
  event.data_json =
      data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return event;
}

}  // namespace warmup
