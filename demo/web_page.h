#ifndef WARMUP_DEMO_WEB_PAGE_H_
#define WARMUP_DEMO_WEB_PAGE_H_

#include <string>

#include "absl/status/statusor.h"

namespace warmup::demo {

// The text at `url`. UNAVAILABLE saying why not.
absl::StatusOr<std::string> ReadWebPage(const std::string& url);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_WEB_PAGE_H_
