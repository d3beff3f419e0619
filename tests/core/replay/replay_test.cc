#include "core/replay/replay.h"

#include "tests/core/replay/small_run.h"
#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

const std::vector<shadow::ItemCost> kTwo = {{4, 10}, {4, 10}};

// Writes down what it sees.
class Witness : public shadow::Policy {
 public:
  explicit Witness(std::vector<std::string>& log) : log_(log) {}
  void OnRequest(const shadow::Request& request, shadow::Outcome) override {
    log_.push_back("request " + std::to_string(request.item) + " @" +
                   std::to_string(request.at));
  }
  void OnContext(const shadow::ContextEvent& event) override {
    log_.push_back("context " + std::to_string(event.announced) + " @" +
                   std::to_string(event.at));
  }
  bool MakeRoom(shadow::Micros, shadow::ItemId) override { return false; }

 private:
  std::vector<std::string>& log_;
};

TEST_CASE(
    "Replay: context comes after the requests of its time, under new names") {
  std::vector<std::string> log;
  const PolicyType witness{"witness", false, [&log](const PolicyParts&) {
                             return std::make_unique<Witness>(log);
                           }};
  const std::vector<shadow::Request> requests = {
      {100, 0, 0}, {200, 0, 0}, {200, 0, 1}, {300, 0, 0}};
  const std::vector<shadow::ContextEvent> context = {
      {.at = 99, .user = 0, .announced = 0},  // before there is a machine
      {.at = 100, .user = 0, .announced = 1},
      {.at = 200, .user = 0, .announced = 0},
      {.at = 250, .user = 0, .kind = 0},
      {.at = 300, .user = 0, .announced = 0}};  // after the last request
  Catalogue swapped = Undisguised(kTwo);
  std::swap(swapped.items[0], swapped.items[1]);
  Replay({{requests, context}}, swapped, witness, {.budget = 8}, [](size_t) {});
  CHECK(log == std::vector<std::string>{"request 1 @100", "context 0 @100",
                                        "request 1 @200", "request 0 @200",
                                        "context 1 @200", "context -1 @250",
                                        "request 1 @300"});
}

TEST_CASE("Replay: each stream has a machine with all of the budget") {
  Trace trace;
  trace.requests = {{0, 0, 0}, {5, 1, 0}, {100, 0, 0}, {200, 1, 0}};
  const auto run = [](const std::vector<Stream>& streams) {
    return Replay(streams, Undisguised(kTwo, 2), Policy("lru"), {.budget = 4},
                  [](size_t) {});
  };
  const Result pool = run({PoolOf(trace)});
  CHECK(pool.tally.cold == 1);
  CHECK(pool.tally.stall == 10 + 5);
  CHECK(pool.span == 200);
  const Result users = run(SplitByUser(trace));
  CHECK(users.tally.cold == 2);
  CHECK(users.tally.stall == 20);
  CHECK(users.span == 100 + 195);
  CHECK(users.tally.occupied == 4 * (100 + 195));
}

TEST_CASE("Replay: percentiles are nearest ranks among all requests") {
  const auto run = [](int warm) {
    std::vector<shadow::Request> requests = {{0, 0, 0}};
    for (int i = 0; i < warm; ++i) requests.push_back({100 + i, 0, 0});
    return RunSmall("lru", 8, kTwo, requests);
  };
  CHECK(run(19).stall_p95 == 0);  // the 19th of 20
  CHECK(run(19).stall_p99 == 10);
  CHECK(run(18).stall_p95 == 10);  // 18.05: the 19th of 19
  CHECK(run(99).stall_p99 == 0);
}

TEST_CASE("Replay: a trace of which nothing can be served has no stall") {
  const Result result = RunSmall("lru", 3, kTwo, {{0, 0, 0}, {5, 0, 1}});
  CHECK(result.tally.unserved == 2);
  CHECK(result.tally.requests == 0);
  CHECK(result.stall_p99 == 0);
  CHECK(result.span == 5);
}

TEST_CASE("Replay: tells how many requests it has replayed") {
  std::vector<shadow::Request> requests(100'000, shadow::Request{0, 0, 0});
  size_t replayed = 0;
  int calls = 0;
  Replay({{requests, {}}}, Undisguised({{1, 0}}), Policy("lru"), {.budget = 1},
         [&](size_t more) {
           replayed += more;
           ++calls;
         });
  CHECK(replayed == 100'000);
  CHECK(calls == 2);
}

}  // namespace
}  // namespace warmup::replay
