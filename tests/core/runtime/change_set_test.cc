#include "core/runtime/change_set.h"

#include <string>
#include <variant>
#include <vector>

#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

PutModel Put(const std::string& id, int64_t revision = 1) {
  PutModel put;
  put.spec.id = id;
  put.spec.revision = revision;
  return put;
}

PutMeasurements Measured(const std::string& id, int count) {
  PutMeasurements put;
  put.id = id;
  put.measurements.memory_count = count;
  return put;
}

Event MakeEvent(uint64_t sequence) {
  Event event;
  event.sequence = sequence;
  return event;
}

TEST_CASE("ChangeSet: keeps the newest of each thing, in order") {
  ChangeSet set;
  set.Add(Put("a", 1));
  set.Add(Put("b"));
  set.Add(Measured("a", 1));
  set.Add(PutPolicy{});
  set.Add(Put("a", 2));
  set.Add(Measured("a", 2));
  set.Add(PutForesight{"old"});
  set.Add(PutForesight{"new"});
  CHECK(set.size() == 5);
  const std::vector<StoreChange> changes = set.Take();
  CHECK(set.empty());
  REQUIRE(changes.size() == 5);
  CHECK(std::get<PutModel>(changes[0]).spec.id == "b");
  CHECK(std::holds_alternative<PutPolicy>(changes[1]));
  CHECK(std::get<PutModel>(changes[2]).spec.revision == 2);
  CHECK(std::get<PutMeasurements>(changes[3]).measurements.memory_count == 2);
  CHECK(std::get<PutForesight>(changes[4]).state == "new");
}

TEST_CASE("ChangeSet: a removed model takes along what was measured of it") {
  ChangeSet set;
  set.Add(Put("a"));
  set.Add(Measured("a", 1));
  set.Add(DeleteModel{"a"});
  CHECK(set.size() == 1);
  // The store's own measurements must go too, so the removal stays.
  set.Add(Put("a", 1));
  const std::vector<StoreChange> changes = set.Take();
  REQUIRE(changes.size() == 2);
  CHECK(std::holds_alternative<DeleteModel>(changes[0]));
  CHECK(std::holds_alternative<PutModel>(changes[1]));
}

TEST_CASE("ChangeSet: a session is its last change") {
  ChangeSet set;
  PutSession put;
  put.session.id = "s";
  set.Add(put);
  set.Add(DeleteSession{"s"});
  set.Add(put);
  const std::vector<StoreChange> changes = set.Take();
  REQUIRE(changes.size() == 1);
  CHECK(std::holds_alternative<PutSession>(changes[0]));
}

TEST_CASE("ChangeSet: keeps every event up to the store's own bound") {
  ChangeSet set;
  for (uint64_t i = 1; i <= limits::kStoredEvents + 5; ++i) {
    set.Add(AppendEvent{MakeEvent(i)});
  }
  const std::vector<StoreChange> changes = set.Take();
  REQUIRE(changes.size() == limits::kStoredEvents);
  CHECK(std::get<AppendEvent>(changes.front()).event.sequence == 6);
  set.Add(AppendEvent{MakeEvent(1)});
  CHECK(set.size() == 1);
}

TEST_CASE("ChangeSet: keeps uses in order, the newest up to a bound") {
  ChangeSet set;
  constexpr auto kMost = static_cast<int64_t>(limits::kMaxUnsavedUses);
  const auto use = [](int64_t number) {
    AppendUse append;
    append.record.number = number;
    return append;
  };
  set.Add(AppendEvent{MakeEvent(1)});
  for (int64_t i = 1; i <= kMost + 5; ++i) set.Add(use(i));
  set.Add(Put("a"));
  const std::vector<StoreChange> changes = set.Take();
  REQUIRE(changes.size() == limits::kMaxUnsavedUses + 2);
  CHECK(std::holds_alternative<AppendEvent>(changes.front()));
  for (int64_t i = 1; i <= kMost; ++i) {
    if (std::get<AppendUse>(changes[static_cast<size_t>(i)]).record.number !=
        i + 5) {
      FAIL("out of order at " << i);
    }
  }
  set.Add(use(1));
  CHECK(set.size() == 1);
}

}  // namespace
}  // namespace warmup
