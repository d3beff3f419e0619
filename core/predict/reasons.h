#ifndef WARMUP_CORE_PREDICT_REASONS_H_
#define WARMUP_CORE_PREDICT_REASONS_H_

#include <string>
#include <vector>

#include "core/predict/candidates.h"

namespace warmup::predict {

// Why `model` may be used soon, for people, strongest first, at most 4:
// announcements, succession, recurrence, time of day.
std::vector<std::string> Reasons(const Memory& memory, const View& view,
                                 double now_seconds, LocalTime local,
                                 NameIndex model);

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_REASONS_H_
