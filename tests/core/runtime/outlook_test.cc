#include "core/runtime/outlook.h"

#include "core/shadow/lru.h"
#include "core/shadow/ttl.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr int64_t kBudget = 8;

absl::TimeZone Tokyo() {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone("Asia/Tokyo", &zone));
  return zone;
}

// Half an hour before midnight.
const absl::Time kEvening = absl::FromCivil(
    absl::CivilSecond(2024, 5, 1, 23, 30, 0), absl::FixedTimeZone(9 * 3600));

Outlook::Cost CostOn(const std::string& device) {
  return {.device = device,
          .engine = "files",
          .bytes = 4,
          .load = absl::Seconds(10)};
}

// A memory of its own, to compare with: two models of four fit.
template <class Policy, class... More>
shadow::Micros StallOf(const std::vector<shadow::Request>& requests,
                       shadow::Micros until, const More&... more) {
  const std::vector<shadow::ItemCost> costs(4, {4, 10'000'000});
  shadow::Machine machine({.budget = kBudget}, costs);
  Policy policy(machine, more...);
  machine.set_policy(policy);
  for (const shadow::Request& request : requests) machine.Handle(request);
  machine.Advance(until);
  return machine.StallUntil(until);
}

TEST_CASE("Outlook: what others would have waited is what machines tell") {
  Outlook outlook({{"host", kBudget}, {"idle", kBudget}}, Tokyo());
  std::vector<shadow::Request> requests;
  absl::Time now = kEvening;
  uint32_t random = 1;
  for (int i = 0; i < 500; ++i) {
    random = random * 1'664'525U + 1'013'904'223U;
    const auto item = static_cast<shadow::ItemId>((random >> 16) % 4);
    // From a second to half an hour, so that some are idle for five minutes.
    now += absl::Seconds(1 << ((random >> 24) % 11));
    outlook.OnUsed(now, "m" + std::to_string(item), CostOn("host"), "");
    requests.push_back({absl::ToUnixMicros(now), 0, item});
  }
  // Names get their numbers as they come, which changes nothing here.
  const shadow::Micros end = absl::ToUnixMicros(now);
  const Waits waits = outlook.CompareWaits().since_start;
  CHECK(waits.lru == absl::Microseconds(StallOf<shadow::Lru>(requests, end)));
  CHECK(waits.ollama_default ==
        absl::Microseconds(
            StallOf<shadow::Ttl>(requests, end, shadow::Micros{300'000'000})));
  CHECK(waits.ollama_default > waits.lru);
  CHECK(waits.lru > absl::ZeroDuration());
  CHECK(waits.really == absl::ZeroDuration());
}

TEST_CASE("Outlook: what was really waited is that of all who waited") {
  Outlook outlook({{"gpu", kBudget}, {"host", kBudget}}, Tokyo());
  outlook.Advance(kEvening);
  outlook.SetWaiters({{"gpu", 1}, {"host", 2}});
  outlook.Advance(kEvening + absl::Seconds(10));
  CHECK(outlook.CompareWaits().today.really == absl::Seconds(30));
  outlook.SetWaiters({{"host", 1}});
  outlook.AddWait("gpu", absl::Seconds(7));
  outlook.AddWait("away", absl::Seconds(7));
  outlook.Advance(kEvening + absl::Seconds(15));
  CHECK(outlook.CompareWaits().since_start.really == absl::Seconds(42));
}

TEST_CASE("Outlook: a wait over midnight belongs to both days") {
  Outlook outlook({{"host", kBudget}}, Tokyo());
  outlook.Advance(kEvening);
  const absl::Time midnight = kEvening + absl::Minutes(30);
  outlook.OnUsed(midnight - absl::Seconds(4), "m", CostOn("host"), "");
  outlook.SetWaiters({{"host", 1}});
  outlook.Advance(midnight - absl::Seconds(1));  // they count as they wait
  CHECK(outlook.CompareWaits().today.really == absl::Seconds(3));
  CHECK(outlook.CompareWaits().today.lru == absl::Seconds(3));
  outlook.Advance(midnight + absl::Hours(1));
  const WaitWindows windows = outlook.CompareWaits();
  CHECK(windows.today.really == absl::Hours(1));
  CHECK(windows.today.lru == absl::Seconds(6));
  CHECK(windows.today.ollama_default == absl::Seconds(6));
  CHECK(windows.last_7_days.lru == absl::Seconds(10));
  CHECK(windows.since_start.really == absl::Hours(1) + absl::Seconds(4));
  outlook.SetWaiters({});
  outlook.Advance(midnight + absl::Hours(24 * 7));
  CHECK(outlook.CompareWaits().last_7_days.really == absl::ZeroDuration());
  CHECK(outlook.CompareWaits().since_start.lru == absl::Seconds(10));
}

TEST_CASE("Outlook: a clock that is set back takes nothing back") {
  Outlook outlook({{"host", kBudget}}, Tokyo());
  outlook.OnUsed(kEvening, "m", CostOn("host"), "");
  outlook.SetWaiters({{"host", 1}});
  outlook.Advance(kEvening + absl::Minutes(40));
  outlook.Advance(kEvening);
  const WaitWindows windows = outlook.CompareWaits();
  CHECK(windows.today.really == absl::Minutes(40));
  CHECK(windows.since_start.lru == absl::Seconds(10));
}

}  // namespace
}  // namespace warmup
