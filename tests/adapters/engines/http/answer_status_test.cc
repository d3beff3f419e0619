#include "adapters/engines/http/answer_status.h"

#include <string>

#include "adapters/engines/http/poll_until.h"
#include "core/base/error.h"
#include "tests/support/engine_calls.h"

namespace warmup {

TEST_CASE("StatusOf: a server's words are found where servers put them") {
  for (const char* body :
       {R"({"error":"it broke"})", R"({"error":{"message":"it broke"}})",
        R"({"message":"it broke"})", R"({"detail":"it broke"})"}) {
    CHECK(WordsOf({.status = 500, .body = body}) == "it broke");
  }
  for (const char* body : {"", "it broke", "[]", R"({"detail":[]})"}) {
    CHECK(WordsOf({.status = 500, .body = body}).empty());
  }
  CHECK(WordsOf({.status = 500, .body = "{\"detail\":\"a\\u0007b\"}"}) ==
        "a?b");
  const std::string endless(2'000, 'x');
  CHECK(WordsOf({.status = 500, .body = R"({"detail":")" + endless + "\"}"})
            .size() == 300);
}

TEST_CASE("StatusOf: says what an answer means, about whom") {
  const auto http = ClientOf("http://127.0.0.1:1");
  const auto status_of = [&](int status, const std::string& body,
                             absl::Duration retry_after) {
    return StatusOf(
        *http, {.status = status, .body = body, .retry_after = retry_after},
        "m");
  };
  CHECK(status_of(200, "", {}).ok());
  CHECK(ReasonOf(status_of(401, "", {})) == "ENGINE_REFUSES");
  CHECK(ReasonOf(status_of(404, "", {})) == "ENGINE_FAILED");
  const absl::Status memory =
      status_of(500, R"({"error":"Out of Memory"})", {});
  CHECK(absl::IsResourceExhausted(memory));
  CHECK(ReasonOf(memory) == "MEMORY_SHORT");
  const absl::Status busy = status_of(503, "", absl::Seconds(9));
  CHECK(ReasonOf(busy) == "ENGINE_BUSY");
  CHECK(GetErrorDetails(busy).retry_after == absl::Seconds(9));
  CHECK(GetErrorDetails(busy).metadata.at("model") == "m");
  CHECK(GetErrorDetails(status_of(429, "", {})).retry_after ==
        absl::Seconds(1));
}

TEST_CASE("PollUntil: ends with a yes, an error, its patience, or unwanted") {
  int asked = 0;
  const auto wanted = [] { return true; };
  const auto third = [&]() -> absl::StatusOr<bool> { return ++asked == 3; };
  const auto never = []() -> absl::StatusOr<bool> { return false; };
  CHECK(*PollUntil(absl::Minutes(1), third, wanted));
  CHECK_FALSE(*PollUntil(absl::ZeroDuration(), never, wanted));
  CHECK_FALSE(*PollUntil(absl::Minutes(1), never, [] { return false; }));
  const auto fails = []() -> absl::StatusOr<bool> {
    return absl::InternalError("x");
  };
  CHECK(absl::IsInternal(PollUntil(absl::Minutes(1), fails, wanted).status()));
}

}  // namespace warmup
