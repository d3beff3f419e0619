#ifndef WARMUP_TESTS_SERVER_FIELD_OF_H_
#define WARMUP_TESTS_SERVER_FIELD_OF_H_

#include <string>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "tests/support/catch.h"

namespace warmup {

// The field that an INVALID_ARGUMENT names.
inline std::string FieldOf(const absl::Status& status) {
  INFO(status.ToString());
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  ErrorDetails details = GetErrorDetails(status);
  CHECK(details.reason == "INVALID_FIELD");
  CHECK_THAT(std::string(status.message()),
             Catch::StartsWith(details.metadata["field"] + ": "));
  return details.metadata["field"];
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SERVER_FIELD_OF_H_
