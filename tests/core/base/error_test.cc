#include "core/base/error.h"

#include <string>

#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("MakeError: details come back as they were given") {
  const absl::Status status =
      MakeError(absl::StatusCode::kResourceExhausted, "NO_MEMORY",
                "model \"m\" does not fit",
                {{"model", "m"}, {"device", "gpu0"}}, absl::Milliseconds(1500));
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(status.message() == "model \"m\" does not fit");
  const ErrorDetails details = GetErrorDetails(status);
  CHECK(details.reason == "NO_MEMORY");
  CHECK(details.metadata ==
        std::map<std::string, std::string>{{"model", "m"}, {"device", "gpu0"}});
  CHECK(details.retry_after == absl::Milliseconds(1500));
}

TEST_CASE("MakeError: metadata may be empty, and so may a value") {
  const ErrorDetails none = GetErrorDetails(
      MakeError(absl::StatusCode::kInternal, "BROKEN", "it is"));
  CHECK(none.reason == "BROKEN");
  CHECK(none.metadata.empty());
  CHECK_FALSE(none.retry_after.has_value());

  const ErrorDetails empty_value = GetErrorDetails(MakeError(
      absl::StatusCode::kInternal, "BROKEN", "it is", {{"a", ""}, {"b", "x"}}));
  CHECK(empty_value.metadata ==
        std::map<std::string, std::string>{{"a", ""}, {"b", "x"}});

  const ErrorDetails last_empty = GetErrorDetails(
      MakeError(absl::StatusCode::kInternal, "BROKEN", "it is", {{"a", ""}}));
  CHECK(last_empty.metadata == std::map<std::string, std::string>{{"a", ""}});
}

TEST_CASE("MakeError: a NUL in a value cannot shift the fields") {
  const std::string value("x\0y", 3);
  const ErrorDetails details = GetErrorDetails(MakeError(
      absl::StatusCode::kInternal, "BROKEN", "m", {{"a", value}, {"b", "c"}}));
  CHECK(details.metadata ==
        std::map<std::string, std::string>{{"a", "xy"}, {"b", "c"}});
}

TEST_CASE("GetErrorDetails: any other status is named by its code") {
  const ErrorDetails details =
      GetErrorDetails(absl::FailedPreconditionError("no"));
  CHECK(details.reason == "FAILED_PRECONDITION");
  CHECK(details.metadata.empty());
}

}  // namespace
}  // namespace warmup
