#include "server/model_feed.h"

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

ModelView View(const ModelId& id, uint64_t version, int64_t held = 0) {
  ModelView view;
  view.version = version;
  view.spec.id = id;
  view.held_bytes = held;
  return view;
}

Observation Changed(std::vector<ModelView> views) {
  Observation observation;
  observation.changed = std::move(views);
  return observation;
}

Observation Removed(const ModelId& id, uint64_t version) {
  Observation observation;
  observation.removed = {{id, version}};
  return observation;
}

ModelFeed::Changes Change(const ModelId& id, uint64_t version) {
  return {{id, {version, View(id, version)}}};
}

ModelFeed::Changes Removal(const ModelId& id, uint64_t version) {
  return {{id, {version, std::nullopt}}};
}

TEST_CASE("ModelFeed: hands over what changed since, once") {
  ModelFeed feed;
  feed.OnObservation(Changed({View("a", 1), View("b", 2)}));
  CHECK(feed.Take().size() == 2);
  CHECK(feed.Take().empty());
  feed.OnObservation(Changed({View("a", 3)}));
  const ModelFeed::Changes changes = feed.Take();
  REQUIRE(changes.size() == 1);
  CHECK(changes.at("a").version == 3);
}

TEST_CASE("ModelFeed: keeps the newest of each, in whatever order they come") {
  ModelFeed feed;
  feed.OnObservation(Changed({View("a", 5, 55)}));
  feed.OnObservation(Changed({View("a", 4, 44)}));
  CHECK(feed.Take().at("a").view->held_bytes == 55);
  feed.OnObservation(Removed("a", 9));
  feed.OnObservation(Changed({View("a", 8)}));
  CHECK_FALSE(feed.Take().at("a").view.has_value());
  feed.OnObservation(Removed("a", 10));
  feed.OnObservation(Changed({View("a", 11)}));
  CHECK(feed.Take().at("a").view.has_value());
}

TEST_CASE("ModelFeed: calls its reader for changes of models only") {
  int calls = 0;
  ModelFeed feed([&] { ++calls; });
  feed.OnObservation({});
  Observation events;
  events.has_new_events = true;
  events.loads = {LoadFinished{}};
  feed.OnObservation(events);
  CHECK(calls == 0);
  feed.OnObservation(Changed({View("a", 1)}));
  feed.OnObservation(Removed("a", 2));
  CHECK(calls == 2);
}

TEST_CASE("ModelBoard: tells what is news") {
  ModelBoard board;
  CHECK(board.Apply(Change("a", 1)) == std::vector<ModelId>{"a"});
  CHECK(board.Apply({}).empty());
  CHECK(board.Apply(Change("a", 2)) == std::vector<ModelId>{"a"});
  CHECK(board.models().at("a").version == 2);
}

TEST_CASE("ModelBoard: a change that was overtaken is no news") {
  ModelBoard board;
  board.Apply(Change("a", 5));
  CHECK(board.Apply(Change("a", 4)).empty());
  CHECK(board.models().at("a").version == 5);
  CHECK(board.Apply(Removal("a", 4)).empty());
  CHECK(board.models().contains("a"));
}

TEST_CASE("ModelBoard: a late change does not bring a removed model back") {
  ModelBoard board;
  board.Apply(Change("a", 1));
  CHECK(board.Apply(Removal("a", 3)) == std::vector<ModelId>{"a"});
  CHECK(board.Apply(Change("a", 2)).empty());
  CHECK(board.models().empty());
  // Registered anew it is back, and may go again.
  CHECK(board.Apply(Change("a", 4)) == std::vector<ModelId>{"a"});
  CHECK(board.models().contains("a"));
  CHECK(board.Apply(Removal("a", 5)) == std::vector<ModelId>{"a"});
  CHECK(board.Apply(Change("a", 4)).empty());
  CHECK(board.models().empty());
}

TEST_CASE("ModelBoard: a removal that comes before its model holds") {
  ModelBoard board;
  board.Apply(Removal("a", 3));
  CHECK(board.Apply(Change("a", 2)).empty());
  CHECK(board.models().empty());
}

TEST_CASE("ModelBoard: remembers removals within bounds") {
  ModelBoard board;
  uint64_t version = 0;
  for (size_t i = 0; i < 2 * limits::kMaxModels + 1; ++i) {
    board.Apply(Removal("m" + std::to_string(i), ++version));
  }
  board.Apply(Change("new", ++version));
  CHECK(board.models().size() == 1);
}

}  // namespace
}  // namespace warmup
