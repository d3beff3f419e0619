#include "core/runtime/use_matcher.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr absl::Duration kSecond = absl::Seconds(1);

TEST_CASE("UseMatcher: what nobody reports counts after the grace, once") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 2);
  CHECK(uses.TakeUnreported(kStart + UseMatcher::kGrace - kSecond).empty());
  const auto seen = uses.TakeUnreported(kStart + UseMatcher::kGrace);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].model == "m");
  CHECK(seen[0].at == kStart);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1)).empty());
}

TEST_CASE(
    "UseMatcher: a report before or after what was seen is the same use") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  uses.OnSeen(kStart + absl::Seconds(40), "m", 1);
  uses.OnSeen(kStart + absl::Seconds(60), "m", 1);
  uses.OnReported(kStart + absl::Seconds(62), "m");
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1)).empty());
}

TEST_CASE("UseMatcher: each report stands for one use of its own model") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  uses.OnReported(kStart, "other");
  uses.OnSeen(kStart + kSecond, "m", 3);
  CHECK(uses.TakeUnreported(kStart + absl::Minutes(1)).size() == 2);
}

TEST_CASE("UseMatcher: an old report stands for nothing") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  const absl::Time late = kStart + UseMatcher::kReportAge + kSecond;
  uses.OnSeen(late, "m", 1);
  CHECK(uses.TakeUnreported(late + UseMatcher::kGrace).size() == 1);
}

TEST_CASE("UseMatcher: a flood counts as far as it tells something") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", int64_t{1} << 60);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1)).size() ==
        UseMatcher::kMaxSeenAtOnce);
  for (int i = 0; i < 1'000; ++i) uses.OnReported(kStart, "m");
  uses.OnSeen(kStart, "m", UseMatcher::kMaxSeenAtOnce);
  uses.OnSeen(kStart, "m", UseMatcher::kMaxSeenAtOnce);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1)).size() ==
        UseMatcher::kMaxSeenAtOnce);
}

TEST_CASE("UseMatcher: a removed model is forgotten") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 1);
  uses.Forget("m");
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1)).empty());
}

}  // namespace
}  // namespace warmup
