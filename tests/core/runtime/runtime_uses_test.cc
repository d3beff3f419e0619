// The runtime's log of use, into the store and out of it.

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/limits.h"
#include "tests/core/runtime/runtime_fixture.h"
#include "tests/support/catch.h"

namespace warmup::runtime_test {
namespace {

struct LoggedFixture : Fixture {
  LoggedFixture() : Fixture(true) { Register(Model("m")); }

  void Use(size_t count = 1) {
    UsageReport usage;
    usage.model = "m";
    REQUIRE(runtime->RecordUsage(std::vector<UsageReport>(count, usage)).ok());
  }
  absl::StatusOr<std::vector<UseRecord>> Read(const UseQuery& query = {
                                                  .max_count = 100'000}) {
    Promise<absl::StatusOr<std::vector<UseRecord>>> answer;
    runtime->ReadUses(query, [&](auto records) { answer.Set(records); });
    return answer.Wait();
  }
};

TEST_CASE("Runtime: what was told can be read at once, in order") {
  LoggedFixture fixture;
  for (int i = 0; i < 3; ++i) {
    fixture.Use();
    fixture.clock.Advance(absl::Seconds(1));
  }
  const auto records = fixture.Read();
  REQUIRE(records.ok());
  REQUIRE(records->size() == 3);
  CHECK((*records)[0].name == "m");
  CHECK((*records)[2].at - (*records)[0].at == absl::Seconds(2));
}

TEST_CASE("Runtime: uses are stored at the end") {
  LoggedFixture fixture;
  fixture.Use();
  fixture.runtime->Stop();
  CHECK(fixture.store.Read({.max_count = 10})->size() == 1);
  CHECK(absl::IsUnavailable(fixture.Read().status()));
}

TEST_CASE("Runtime: while the store fails the newest uses are kept") {
  LoggedFixture fixture;
  fixture.store.FailWith(absl::UnavailableError("gone"));
  constexpr size_t kBatches = limits::kMaxUnsavedUses / 1000 + 5;
  for (size_t i = 0; i < kBatches; ++i) {
    fixture.Use(1000);
    CHECK(fixture.Read()->empty());
    fixture.clock.Advance(absl::Seconds(1));
  }
  fixture.store.FailWith(absl::OkStatus());
  const auto records = fixture.Read();
  REQUIRE(records.ok());
  CHECK(records->size() == limits::kMaxUnsavedUses);
  CHECK(records->back().at == fixture.clock.Now() - absl::Seconds(1));
}

TEST_CASE("Runtime: a store that hangs keeps nobody but readers waiting") {
  LoggedFixture fixture;
  fixture.store.Hang();
  Promise<absl::StatusOr<std::vector<UseRecord>>> answer;
  fixture.Use();
  fixture.runtime->ReadUses({.max_count = 100'000},
                            [&](auto records) { answer.Set(records); });
  for (size_t i = 0; i < 30; ++i) fixture.Use(1000);
  CHECK_FALSE(answer.IsSet());
  fixture.store.Resume();
  CHECK(answer.Wait().ok());
  // One group was on its way, the newest of the rest waited behind it.
  const auto records = fixture.Read();
  REQUIRE(records.ok());
  CHECK(records->size() >= limits::kMaxUnsavedUses);
  CHECK(records->size() <= 2 * limits::kMaxUnsavedUses);
}

TEST_CASE("Runtime: that the log cannot be read is told") {
  LoggedFixture fixture;
  fixture.store.FailReadsWith(absl::DataLossError("damaged"));
  CHECK(absl::IsDataLoss(fixture.Read().status()));
}

}  // namespace
}  // namespace warmup::runtime_test
