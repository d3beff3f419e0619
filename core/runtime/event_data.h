#ifndef WARMUP_CORE_RUNTIME_EVENT_DATA_H_
#define WARMUP_CORE_RUNTIME_EVENT_DATA_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "core/events/event.h"

namespace warmup {

using EventField =
    std::pair<std::string_view,
              std::variant<std::string_view, double, int64_t, bool>>;

// An event of the daemon itself (source "warmupd") whose data is one flat JSON
// object of `fields`. Bytes that are not UTF-8 are replaced.
Event MakeEvent(absl::Time now, std::string_view type,
                std::initializer_list<EventField> fields);

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_EVENT_DATA_H_
