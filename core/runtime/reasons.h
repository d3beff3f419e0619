#ifndef WARMUP_CORE_RUNTIME_REASONS_H_
#define WARMUP_CORE_RUNTIME_REASONS_H_

#include <string>
#include <vector>

#include "core/foresight/explanation.h"
#include "core/model/model.h"

namespace warmup {

// An explanation in words, the strongest reason first, at most three. `names`
// are those of the items.
std::vector<std::string> Reasons(const foresight::Explanation& explanation,
                                 const std::vector<ModelId>& names);

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_REASONS_H_
