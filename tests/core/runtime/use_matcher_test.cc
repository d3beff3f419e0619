#include "core/runtime/use_matcher.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr bool kConnected = true;
constexpr absl::Duration kSecond = absl::Seconds(1);

TEST_CASE("UseMatcher: what nobody reports counts after the grace, once") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 2);
  CHECK(uses.TakeUnreported(kStart + UseMatcher::kGrace - kSecond, kConnected)
            .empty());
  const auto seen =
      uses.TakeUnreported(kStart + UseMatcher::kGrace, kConnected);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].model == "m");
  CHECK(seen[0].at == kStart);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), kConnected).empty());
}

TEST_CASE(
    "UseMatcher: a report before or after what was seen is the same use") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  uses.OnSeen(kStart + absl::Seconds(40), "m", 1);
  uses.OnSeen(kStart + absl::Seconds(60), "m", 1);
  uses.OnReported(kStart + absl::Seconds(62), "m");
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), kConnected).empty());
}

TEST_CASE("UseMatcher: each report stands for one use of its own model") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  uses.OnReported(kStart, "other");
  uses.OnSeen(kStart + kSecond, "m", 3);
  CHECK(uses.TakeUnreported(kStart + absl::Minutes(1), kConnected).size() == 2);
}

TEST_CASE("UseMatcher: an old report stands for nothing") {
  UseMatcher uses;
  uses.OnReported(kStart, "m");
  const absl::Time late = kStart + UseMatcher::kReportAge + kSecond;
  uses.OnSeen(late, "m", 1);
  CHECK(uses.TakeUnreported(late + UseMatcher::kGrace, kConnected).size() == 1);
}

TEST_CASE("UseMatcher: a flood counts as far as it tells something") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", int64_t{1} << 60);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), kConnected).size() ==
        UseMatcher::kMaxSeenAtOnce);
  for (int i = 0; i < 1'000; ++i) uses.OnReported(kStart, "m");
  uses.OnSeen(kStart, "m", UseMatcher::kMaxSeenAtOnce);
  uses.OnSeen(kStart, "m", UseMatcher::kMaxSeenAtOnce);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), kConnected).size() ==
        UseMatcher::kMaxSeenAtOnce);
}

TEST_CASE("UseMatcher: where nobody reports, what is seen counts at once") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 1);
  CHECK(uses.TakeUnreported(kStart, !kConnected).size() == 1);
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), !kConnected).empty());
}

TEST_CASE("UseMatcher: the first report may come when its use has counted") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 1);
  CHECK(uses.TakeUnreported(kStart, !kConnected).size() == 1);
  CHECK_FALSE(uses.OnReported(kStart + kSecond, "m"));
  // The next one is another use, and from now on reports are waited for.
  CHECK(uses.OnReported(kStart + 2 * kSecond, "m"));
  uses.OnSeen(kStart + 3 * kSecond, "m", 2);
  CHECK(uses.TakeUnreported(kStart + 4 * kSecond, !kConnected).empty());
  CHECK(uses.OnReported(kStart + 5 * kSecond, "m"));
  CHECK(uses.TakeUnreported(kStart + absl::Minutes(1), !kConnected).empty());
}

TEST_CASE("UseMatcher: a report long after what was seen is another use") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 1);
  CHECK(uses.TakeUnreported(kStart, !kConnected).size() == 1);
  CHECK(uses.OnReported(kStart + UseMatcher::kGrace, "m"));
}

TEST_CASE("UseMatcher: a removed model is forgotten") {
  UseMatcher uses;
  uses.OnSeen(kStart, "m", 1);
  uses.Forget("m");
  CHECK(uses.TakeUnreported(kStart + absl::Hours(1), kConnected).empty());
}

}  // namespace
}  // namespace warmup
