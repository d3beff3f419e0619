#include "core/schedule/ledger.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("Ledger: used is the sum over what is alive, whatever happened") {
  Ledger ledger;
  ledger.SetBudget("host", 100);
  ledger.Reserve("a", "host", 60);
  ledger.Reserve("a", "host", 50);  // replaces, does not add
  ledger.Settle("a", 40);
  ledger.Release("b");  // never was there
  ledger.Settle("b", 10);
  CHECK(ledger.Used("host") == 40);
  CHECK(ledger.Free("host") == 60);
  ledger.Release("a");
  ledger.Release("a");
  CHECK(ledger.Used("host") == 0);
}

TEST_CASE("Ledger: devices do not mix, and an unknown one has no budget") {
  Ledger ledger;
  ledger.SetBudget("host", 100);
  ledger.SetBudget("gpu0", 50);
  ledger.Reserve("a", "gpu0", 50);
  CHECK(ledger.Free("host") == 100);
  CHECK(ledger.Free("gpu0") == 0);
  CHECK(ledger.Free("gpu1") == 0);
}

TEST_CASE("Ledger: free is never negative when a budget shrinks") {
  Ledger ledger;
  ledger.SetBudget("host", 100);
  ledger.Reserve("a", "host", 80);
  ledger.SetBudget("host", 50);
  CHECK(ledger.Free("host") == 0);
}

TEST_CASE("Ledger: holders come largest first") {
  Ledger ledger;
  ledger.SetBudget("host", 100);
  ledger.Reserve("small", "host", 10);
  ledger.Reserve("large", "host", 70);
  const auto holders = ledger.Holders("host");
  REQUIRE(holders.size() == 2);
  CHECK(holders[0].model == "large");
  CHECK(holders[1].bytes == 10);
}

}  // namespace
}  // namespace warmup
