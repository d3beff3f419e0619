// What was learned outlives the process: a foresight that was saved and loaded
// goes on as if nothing had been.

#include <memory>
#include <string>
#include <vector>

#include "core/foresight/foresight.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using shadow::ItemCost;
using shadow::Request;

constexpr int kItems = 20;

std::unique_ptr<Foresight> Make(const std::vector<ItemCost>& costs,
                                const std::vector<int64_t>& budgets,
                                double price = 0) {
  auto foresight = std::make_unique<Foresight>(costs);
  foresight->SetPrice(0, price);
  for (const int64_t budget : budgets) {
    foresight->AddPool({.budget = budget});
  }
  return foresight;
}

// With an announcement before every seventh request.
void Tell(Foresight& foresight, const std::vector<Request>& requests,
          size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    if (i % 7 == 0) {
      foresight.OnContext({.at = requests[i].at,
                           .user = requests[i].user,
                           .announced = requests[i].item});
    }
    foresight.OnRequest(
        requests[i], {static_cast<double>(i), 20.0 * static_cast<double>(i)});
    foresight.pool(0).OnStart(1);
  }
}

TEST_CASE("Foresight: saved and loaded it goes on as if nothing had been") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const auto price = GENERATE(0.0, 1e-3);
  const std::vector<ItemCost> costs = RandomCosts(kItems, seed);
  const std::vector<Request> requests = RandomUse(1'200, kItems, seed);
  const auto whole = Make(costs, {40}, price);
  Tell(*whole, requests, 0, 1'200);

  const auto first = Make(costs, {40}, price);
  Tell(*first, requests, 0, 700);
  const auto second = Make(costs, {40}, price);
  REQUIRE(second->Load(first->Save()).ok());
  CHECK(second->NextChange() == first->NextChange());
  CHECK(second->Save() == first->Save());
  Tell(*second, requests, 700, 1'200);
  CHECK(second->Save() == whole->Save());
}

TEST_CASE("Foresight: with other memory it keeps what it learned") {
  const std::vector<ItemCost> costs = RandomCosts(kItems, 1);
  const std::vector<Request> requests = RandomUse(500, kItems, 1);
  const auto before = Make(costs, {40});
  Tell(*before, requests, 0, 500);
  const auto budgets =
      GENERATE(std::vector<int64_t>{60}, std::vector<int64_t>{40, 40});
  const auto after = Make(costs, budgets);
  REQUIRE(after->Load(before->Save()).ok());
  const shadow::ItemId last = requests.back().item;
  CHECK(after->forecaster().ChanceOf(last) ==
        before->forecaster().ChanceOf(last));
  CHECK(after->pool(0).shadows()[0].machine->tally().requests == 0);
  Tell(*after, requests, 499, 500);
}

TEST_CASE("Foresight: what is cut off is refused, and changes nothing") {
  const std::vector<ItemCost> costs = RandomCosts(kItems, 1);
  const auto full = Make(costs, {40});
  Tell(*full, RandomUse(200, kItems, 1), 0, 200);
  const std::string state = full->Save();
  const auto fresh = Make(costs, {40});
  const std::string as_new = fresh->Save();
  for (const size_t size : {size_t{0}, size_t{7}, state.size() / 2}) {
    CHECK(absl::IsDataLoss(fresh->Load(state.substr(0, size))));
    CHECK(fresh->Save() == as_new);
  }
}

}  // namespace
}  // namespace warmup::foresight
