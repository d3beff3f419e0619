#include "core/shadow/ttl.h"

#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

constexpr Micros kSecond = 1'000'000;
// Two of them fit.
const std::vector<ItemCost> kCosts = {{4, kSecond}, {4, kSecond}, {4, kSecond}};

int64_t Cold(const std::vector<Request>& requests) {
  Machine machine({.budget = 8}, kCosts);
  Ttl ttl(machine, 300 * kSecond);
  machine.set_policy(ttl);
  for (const Request& request : requests) machine.Handle(request);
  return machine.tally().cold;
}

TEST_CASE("Ttl: evicts a fixed time after use, at once at its end") {
  // The load ends at 1 s, the first time at 301 s, the next at 600 s.
  CHECK(Cold({{0, 0, 0}, {300 * kSecond, 0, 0}, {599 * kSecond, 0, 0}}) == 1);
  CHECK(Cold({{0, 0, 0}, {300 * kSecond, 0, 0}, {600 * kSecond, 0, 0}}) == 2);
  CHECK(Cold({{0, 0, 0}, {301 * kSecond, 0, 0}}) == 2);
}

TEST_CASE("Ttl: before its end the least recently used makes room") {
  Machine machine({.budget = 8}, kCosts);
  Ttl ttl(machine, 300 * kSecond);
  machine.set_policy(ttl);
  for (const ItemId item : {0, 1, 0, 2}) {
    machine.Handle(Request{machine.now() + 10 * kSecond, 0, item});
  }
  CHECK(machine.IsReady(0));
  CHECK(machine.IsCold(1));
}

TEST_CASE("Ttl: is exact however seldom anybody looks") {
  Machine machine({.budget = 8}, kCosts);
  Ttl ttl(machine, 300 * kSecond);
  machine.set_policy(ttl);
  machine.Handle(Request{0, 0, 0});
  machine.Advance(10'000 * kSecond);
  CHECK(machine.IsCold(0));
  // Four bytes until 301 s, the load included.
  CHECK(machine.tally().occupied == 4.0 * 301 * kSecond);
}

}  // namespace
}  // namespace warmup::shadow
