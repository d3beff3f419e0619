#include "core/base/clock.h"

#include "absl/time/clock.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("SystemClock: starts at the wall clock and never goes back") {
  const absl::Time before = absl::Now();
  const SystemClock clock;
  absl::Time last = clock.Now();
  CHECK(last >= before - absl::Milliseconds(1));
  CHECK(last <= absl::Now() + absl::Seconds(1));
  for (int i = 0; i < 100'000; ++i) {
    const absl::Time now = clock.Now();
    if (now < last) FAIL("the clock went back");
    last = now;
  }
}

}  // namespace
}  // namespace warmup
