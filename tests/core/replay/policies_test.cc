#include "core/replay/policies.h"

#include <algorithm>
#include <random>

#include "tests/core/replay/small_run.h"
#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

// Two of them fit into 8.
const std::vector<shadow::ItemCost> kThree = {
    {4, kSecond}, {4, kSecond}, {4, kSecond}};

// One every ten seconds.
std::vector<shadow::Request> Sequence(const std::vector<shadow::ItemId>& items,
                                      shadow::Micros start = 0) {
  std::vector<shadow::Request> requests;
  for (const shadow::ItemId item : items) {
    requests.push_back({start, 0, item});
    start += 10 * kSecond;
  }
  return requests;
}

TEST_CASE("Policies: lfu counts for ever, and drops the older one of equals") {
  const Result result =
      RunSmall("lfu", 8, kThree, Sequence({0, 0, 1, 2, 1, 2, 1}));
  // 2 drives out 1, 1 drives out 2, and 2 then 0: all have two uses.
  CHECK(result.tally.cold == 5);
}

TEST_CASE("Policies: belady keeps what is needed first") {
  const auto requests = Sequence({0, 1, 2, 0, 2, 1});
  CHECK(RunSmall("belady", 8, kThree, requests).tally.cold == 4);
  CHECK(RunSmall("lru", 8, kThree, requests).tally.cold == 5);
}

TEST_CASE("Policies: clairvoyant has each item there before it is needed") {
  const Result result =
      RunSmall("clairvoyant", 8, kThree, Sequence({0, 1, 2, 0, 2, 1}));
  CHECK(result.tally.cold == 1);  // the first
  CHECK(result.tally.late == 0);
  CHECK(result.tally.wasted == 0);
}

TEST_CASE("Policies: markov loads what followed last time") {
  const auto round_after_round = Sequence({0, 1, 2, 0, 1, 2, 0, 1, 2});
  const Result result = RunSmall("markov", 8, kThree, round_after_round);
  CHECK(result.tally.cold == 4);
  CHECK(RunSmall("lru", 8, kThree, round_after_round).tally.cold == 9);
}

TEST_CASE("Policies: markov knows what follows in one user's requests") {
  auto requests = Sequence({0, 2, 1, 2, 0, 1});
  const auto run = [&requests] {
    return Replay({{requests, {}}}, Undisguised(kThree, 2), Policy("markov"),
                  {.budget = 8}, [](size_t) {});
  };
  CHECK(run().tally.cold == 5);  // 0 was followed by 2
  requests[1].user = 1;
  requests[3].user = 1;
  CHECK(run().tally.cold == 4);  // no: the others' were 0, 1, 0, 1
}

TEST_CASE("Policies: recpop brings back what was asked for most in an hour") {
  auto requests = Sequence({0, 0, 0, 1, 2, 0});
  CHECK(RunSmall("recpop", 8, kThree, requests).tally.cold == 3);
  CHECK(RunSmall("lru", 8, kThree, requests).tally.cold == 4);
  // Two hours later nobody knows.
  for (size_t i = 3; i < requests.size(); ++i) requests[i].at += 120 * kMinute;
  CHECK(RunSmall("recpop", 8, kThree, requests).tally.cold == 4);
}

TEST_CASE("Policies: a keep-alive is named in minutes in results") {
  CHECK(Policy("ttl:300").name == "ttl5");
  CHECK(Policy("ttl5").name == "ttl5");
  CHECK(Policy("ttl:3600").name == "ttl60");
  CHECK(Policy("ttl:90").name == "ttl1.5");
}

TEST_CASE("Policies: a memory price is a word or a number") {
  CHECK(Policy("warmup:frugal").name == "warmup:frugal");
  CHECK(Policy("warmup:0.5").name == "warmup:0.5");
  CHECK(absl::IsInvalidArgument(FindPolicy("warmup:cheap").status()));
}

TEST_CASE("Policies: only yardsticks see the future") {
  CHECK(Policy("belady").sees_future);
  CHECK(Policy("clairvoyant").sees_future);
  for (const char* name :
       {"warmup", "lru", "ttl5", "gdsf", "lfu", "hybrid", "markov", "recpop"}) {
    CHECK_FALSE(Policy(name).sees_future);
  }
}

TEST_CASE("Policies: an unknown name is told, with those there are") {
  for (const char* name : {"", "LRU", "ttl", "ttl:", "ttl:0", "ttl:-5",
                           "ttl:nan", "ttl1e9", "ttl:1000000000"}) {
    CAPTURE(name);
    CHECK(FindPolicy(name).status().message() ==
          "'" + std::string(name) +
              "' is none of ttl:SECONDS, warmup:PRICE, warmup, lru, gdsf, lfu, "
              "hybrid, markov, "
              "recpop, belady, clairvoyant");
  }
}

// A day of 20 items and 3 users, many requests of the same second.
Trace RandomTrace(uint64_t seed) {
  std::mt19937_64 random(seed);
  Trace trace;
  trace.requested_items = 20;
  for (int i = 0; i < 20; ++i) trace.items.push_back(std::to_string(i));
  trace.users = {"a", "b", "c"};
  shadow::Micros now = 0;
  for (int i = 0; i < 3'000; ++i) {
    now += static_cast<shadow::Micros>(random() % 60) * kSecond;
    const auto item =
        static_cast<shadow::ItemId>(std::min(random() % 20, random() % 20));
    trace.requests.push_back({now, static_cast<int32_t>(random() % 3), item});
  }
  return trace;
}

TEST_CASE("Policies: what items and users are called makes no difference") {
  const Trace trace = RandomTrace(7);
  const Catalogue drawn = DrawCatalogue(trace, 1);
  const Catalogue plain = Undisguised(DrawCosts(trace, 1), 3);
  const int64_t budget = drawn.footprint_mib * 3 / 10;
  for (const char* name :
       {"warmup", "warmup:5", "lru", "ttl5", "gdsf", "lfu", "hybrid", "markov",
        "recpop", "belady", "clairvoyant"}) {
    CAPTURE(name);
    const auto run = [&](const Catalogue& catalogue) {
      return Replay({PoolOf(trace)}, catalogue, Policy(name),
                    {.budget = budget, .slots = 2}, [](size_t) {});
    };
    const Result one = run(drawn);
    const Result other = run(plain);
    CHECK(one.tally.stall > 0);
    CHECK(one.tally.stall == other.tally.stall);
    CHECK(one.tally.loads == other.tally.loads);
    CHECK(one.tally.wasted == other.tally.wasted);
    CHECK(one.tally.occupied == other.tally.occupied);
  }
}

}  // namespace
}  // namespace warmup::replay
