#include "core/schedule/lease_table.h"

#include <string>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

TEST_CASE("LeaseTable: a model is held until its last lease goes") {
  LeaseTable table;
  REQUIRE(table.Acquire(kStart, "l1", "m", absl::Seconds(10)).ok());
  REQUIRE(table.Acquire(kStart, "l2", "m", absl::Seconds(20)).ok());
  CHECK(table.Count("m") == 2);
  REQUIRE(table.Release("l1").ok());
  CHECK(table.Count("m") == 1);
  CHECK(table.Expire(kStart + absl::Seconds(19)).empty());
  CHECK(table.Expire(kStart + absl::Seconds(20)).size() == 1);
  CHECK(table.Count("m") == 0);
  CHECK(table.NextExpiry() == absl::InfiniteFuture());
}

TEST_CASE("LeaseTable: renewing moves the end, an ended lease is not renewed") {
  LeaseTable table;
  REQUIRE(table.Acquire(kStart, "l", "m", absl::Seconds(10)).ok());
  REQUIRE(table.Renew(kStart + absl::Seconds(9), "l", absl::Seconds(10)).ok());
  CHECK(table.NextExpiry() == kStart + absl::Seconds(19));
  const auto late =
      table.Renew(kStart + absl::Seconds(19), "l", absl::Seconds(10));
  CHECK(late.status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("LeaseTable: bad durations and a used id are refused") {
  LeaseTable table;
  const absl::Status none =
      table.Acquire(kStart, "l", "m", absl::ZeroDuration()).status();
  CHECK(none.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetErrorDetails(none).metadata["field"] == "duration");
  CHECK(table.Acquire(kStart, "l", "m", absl::Hours(25)).status().code() ==
        absl::StatusCode::kInvalidArgument);
  REQUIRE(table.Acquire(kStart, "l", "m", absl::Hours(1)).ok());
  CHECK(table.Acquire(kStart, "l", "m", absl::Hours(1)).status().code() ==
        absl::StatusCode::kAlreadyExists);
  CHECK(table.Count("m") == 1);
}

TEST_CASE("LeaseTable: refuses more leases than the limit, by name") {
  LeaseTable table;
  for (size_t i = 0; i < limits::kMaxLeases; ++i) {
    REQUIRE(table.Acquire(kStart, "l" + std::to_string(i), "m", absl::Hours(1))
                .ok());
  }
  const auto refused = table.Acquire(kStart, "more", "m", absl::Hours(1));
  CHECK(refused.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetErrorDetails(refused.status()).metadata["limit"] == "kMaxLeases");
  REQUIRE(table.Release("l0").ok());
  CHECK(table.Acquire(kStart, "more", "m", absl::Hours(1)).ok());
}

}  // namespace
}  // namespace warmup
