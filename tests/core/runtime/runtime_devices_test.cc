// How the runtime has devices looked at.

#include "core/base/error.h"
#include "tests/core/runtime/runtime_fixture.h"
#include "tests/support/eventually.h"

namespace warmup::runtime_test {
namespace {

bool IsSeen(const Fixture& fixture) {
  return fixture.runtime->GetStatus().devices.at(0).sample.memory.has_value();
}

TEST_CASE("Runtime: devices are as their monitor saw them last") {
  Fixture fixture(/*is_instant=*/true);
  REQUIRE(Eventually([&] { return IsSeen(fixture); }));
  fixture.monitor.Show(absl::UnavailableError("gone"));
  REQUIRE(Eventually([&] { return !IsSeen(fixture); }));
  const Status status = fixture.runtime->GetStatus();
  CHECK(status.devices.at(0).takes_models);
  REQUIRE(status.devices_not_seen.size() == 1);
  CHECK(status.devices_not_seen[0].message() == "gone");
  fixture.monitor.Show({{HostOf(2, 1)}});
  REQUIRE(Eventually([&] { return IsSeen(fixture); }));
  CHECK(fixture.runtime->GetStatus().devices_not_seen.empty());
}

TEST_CASE("Runtime: a monitor that hangs holds nothing up, and is told") {
  Fixture fixture(/*is_instant=*/true);
  REQUIRE(Eventually([&] { return IsSeen(fixture); }));
  fixture.monitor.Hang(true);
  fixture.Register(Model("m"));
  fixture.Load("m");
  CHECK(fixture.loaded.Wait().ok());
  CHECK(IsSeen(fixture));
  REQUIRE(Eventually([&] {
    fixture.clock.Advance(absl::Seconds(5));
    return !IsSeen(fixture);
  }));
  const Status status = fixture.runtime->GetStatus();
  REQUIRE(status.devices_not_seen.size() == 1);
  CHECK(GetErrorDetails(status.devices_not_seen[0]).reason == "MONITOR_HANGS");
  fixture.monitor.Hang(false);
  CHECK(Eventually([&] { return IsSeen(fixture); }));
}

}  // namespace
}  // namespace warmup::runtime_test
