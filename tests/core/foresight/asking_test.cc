// Who asks the forecaster: it is answered as it sees things, and changes
// nothing.

#include <algorithm>
#include <random>
#include <vector>

#include "core/foresight/foresight.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using Occasion = Forecaster::Occasion;
using shadow::ItemId;
using shadow::Micros;

constexpr Micros kStart = 1'790'000'000 * kSecond;

void Use(Forecaster& forecaster, Micros at, ItemId item, int32_t user = 0) {
  forecaster.OnRequest({at, user, item});
  forecaster.Forecast(at, Occasion::kRequest);
}

// Of the known items, all that can be asked.
void Ask(const Forecaster& forecaster, Micros now, int32_t user) {
  const History::Moment moment = forecaster.MomentAt(now, user);
  for (const ItemId item : forecaster.Promising()) {
    forecaster.ChanceAt(moment, item);
    forecaster.Explain(moment, item);
  }
}

TEST_CASE("Forecaster: it makes no difference to it who asks, nor when") {
  const auto seed = GENERATE(1U, 2U, 3U);
  constexpr int kItems = 130;  // more than are all looked at
  const std::vector<shadow::ItemCost> costs = RandomCosts(kItems, seed);
  Foresight silent(costs);
  Foresight asked(costs);
  silent.AddPool({.budget = 200});
  asked.AddPool({.budget = 200});
  int count = 0;
  for (const shadow::Request& request : RandomUse(500, kItems, seed)) {
    for (Foresight* foresight : {&silent, &asked}) {
      if (count % 7 == 0) {
        foresight->OnContext({.at = request.at, .announced = request.item});
      }
      foresight->OnRequest(request, {.waited = 1.0 * count});
    }
    ++count;
    // A known user and one who is not; now, and some time later.
    Ask(asked.forecaster(), request.at, request.user);
    Ask(asked.forecaster(), request.at + count * kSecond, count);
  }
  CHECK(asked.Save() == silent.Save());
}

TEST_CASE("Forecaster: one user alone is told what is forecast for all") {
  Forecaster forecaster({});
  size_t different = 0;
  for (const shadow::Request& request : RandomUse(300, 12, 1)) {
    Use(forecaster, request.at, request.item, 5);
    // Also who is not known.
    for (const int32_t user : {5, 6}) {
      const History::Moment moment = forecaster.MomentAt(request.at, user);
      for (const ItemId item : forecaster.Promising()) {
        if (forecaster.ChanceAt(moment, item) != forecaster.ChanceOf(item)) {
          ++different;
        }
      }
    }
  }
  CHECK(different == 0);
}

TEST_CASE("Forecaster: a user is told what comes after his own last use") {
  Forecaster forecaster({});
  Micros now = kStart;
  // One uses 0 and then 2, or 1 and then 3; the other 4 or 5. Who is next and
  // what he begins is open.
  std::mt19937_64 random(1);
  ItemId own = 2;
  const auto use_own = [&] {
    own = own < 2 ? own + 2 : static_cast<ItemId>(random() % 2);
    Use(forecaster, now, own, 7);
  };
  for (int i = 0; i < 8'000; ++i) {
    now += 20 * kSecond;
    if (random() % 2 == 0) {
      use_own();
    } else {
      Use(forecaster, now, 4 + static_cast<ItemId>(random() % 2), 8);
    }
  }
  while (own >= 2) use_own();
  // What the other used since says nothing of what he is at.
  for (int i = 0; i < 3; ++i) Use(forecaster, now += 20 * kSecond, 4, 8);
  const auto chance = [&](int32_t user, ItemId item) {
    return forecaster.ChanceAt(forecaster.MomentAt(now, user), item)[kNext];
  };
  const ItemId next = own + 2;
  const ItemId other = 5 - next;
  CHECK(chance(7, next) > 2 * chance(7, other));
  const auto sum = [&](int32_t user) {
    float chances = 0;
    for (const ItemId item : forecaster.Promising()) {
      chances += chance(user, item);
    }
    return chances;
  };
  CHECK(sum(7) == Approx(0.5).margin(0.1));
  CHECK(chance(9, next) == forecaster.ChanceOf(next)[kNext]);
}

TEST_CASE("Forecaster: what somebody else uses is less probable for him") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (int i = 0; i < 400; ++i) {
    Use(forecaster, now += 30 * kSecond, 0, 7);
    Use(forecaster, now += 30 * kSecond, 1, 8);
    // By nobody in particular: by anybody.
    Use(forecaster, now += 30 * kSecond, i % 2, History::kNobody);
  }
  const auto chances = [&](int32_t user, ItemId item) {
    return forecaster.ChanceAt(forecaster.MomentAt(now, user), item);
  };
  for (const Head head : {kNext, kFiveMinutes, kHour}) {
    CAPTURE(head);
    CHECK(chances(7, 1)[head] < 0.1F);
    CHECK(chances(8, 1)[head] > 0.9F * forecaster.ChanceOf(1)[head]);
    CHECK(chances(9, 1)[head] == forecaster.ChanceOf(1)[head]);
  }
  const auto reasons =
      forecaster.Explain(forecaster.MomentAt(now, 7), 1).reasons;
  CHECK(std::any_of(reasons.begin(), reasons.end(), [](const Reason& reason) {
    return reason.topic == Topic::kShare && reason.log_odds < 0;
  }));
  // Unless he has announced it.
  forecaster.OnContext({.at = now, .user = 7, .announced = 1});
  CHECK(chances(7, 1)[kFiveMinutes] > 0.9F);
  forecaster.OnContext({.at = now, .user = 8, .announced = 1});
  CHECK(chances(7, 1)[kFiveMinutes] < 0.1F);
}

TEST_CASE("Forecaster: one user of many models has all of them to himself") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (int i = 0; i < 400; ++i) Use(forecaster, now += kSecond, i % 90, 7);
  const History::Moment moment = forecaster.MomentAt(now, 7);
  for (const ItemId item : forecaster.Promising()) {
    CHECK(forecaster.ChanceAt(moment, item) == forecaster.ChanceOf(item));
  }
  // Also who came later has a share of what he used, however much there is.
  for (int i = 0; i < 400; ++i) Use(forecaster, now += kSecond, i % 90, 8);
  const History::Moment later = forecaster.MomentAt(now, 8);
  for (const ItemId item : forecaster.Promising()) {
    CHECK(forecaster.ChanceAt(later, item)[kHour] > 0);
  }
}

TEST_CASE("Forecaster: of many known items it names those that are promising") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (ItemId item = 0; item < 2'000; ++item) {
    Use(forecaster, now += kSecond, item);
  }
  const std::vector<ItemId> promising = forecaster.Promising();
  CHECK(promising.size() <= History::kMostPromising);
  CHECK(std::count(promising.begin(), promising.end(), 1'999) == 1);
}

// The place of a topic among the reasons; as many as there are: it is none.
size_t PlaceOf(const Explanation& explanation, Topic topic) {
  size_t place = 0;
  for (const Reason& reason : explanation.reasons) {
    if (reason.topic == topic) break;
    ++place;
  }
  return place;
}

TEST_CASE("Explanation: what follows what is explained by it") {
  Forecaster forecaster({});
  Micros now = kStart;
  // Each ten minutes one of six, and 5 always after 4.
  std::mt19937_64 random(1);
  for (int i = 0; i < 3'000; ++i) {
    const auto item = static_cast<ItemId>(random() % 5);
    Use(forecaster, now += 600 * kSecond, item);
    if (item == 4) Use(forecaster, now += 60 * kSecond, 5);
  }
  for (const ItemId last : {3, 4}) {
    CAPTURE(last);
    Use(forecaster, now += 600 * kSecond, last);
    const Explanation why =
        forecaster.Explain(forecaster.MomentAt(now + kSecond, 0), 5);
    const size_t after = PlaceOf(why, Topic::kAfter);
    REQUIRE(after < 3);
    CHECK((why.reasons[after].log_odds > 0) == (last == 4));
    CHECK(why.facts.before == last);
    CHECK(why.facts.before_for_user == last);
  }
}

TEST_CASE("Explanation: its numbers are those of the history") {
  Forecaster forecaster({});
  const Micros day = 86'400 * kSecond;
  // A Monday.
  for (int i = 0; i < 4; ++i) {
    Use(forecaster, kStart + i * kSecond, 3);
  }
  Use(forecaster, kStart + 10 * kSecond, 1);
  Use(forecaster, kStart + 20 * kSecond, 2);
  forecaster.OnContext({.at = kStart + 30 * kSecond, .announced = 3});
  const Facts facts =
      forecaster.Explain(forecaster.MomentAt(kStart + day, 0), 3).facts;
  CHECK(facts.since_use == day - 3 * kSecond);
  CHECK(facts.since_announcement == day - 30 * kSecond);
  CHECK(facts.uses == 4);
  CHECK(facts.uses_lately == Approx(2).epsilon(0.01));
  CHECK(facts.used_since == 2);
  CHECK(facts.before == 2);
  CHECK_FALSE(facts.is_weekend);
  CHECK(facts.has_signs);
  const Facts on_saturday =
      forecaster.Explain(forecaster.MomentAt(kStart + 5 * day, 0), 3).facts;
  CHECK(on_saturday.is_weekend);
}

TEST_CASE("Explanation: an announcement that is believed is the reason") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (int i = 0; i < 50; ++i) {
    now += 7'200 * kSecond;
    forecaster.OnContext({.at = now, .announced = i % 5});
    Use(forecaster, now + kSecond, i % 5);
  }
  now += 7'200 * kSecond;
  forecaster.OnContext({.at = now, .announced = 9});
  const Explanation why = forecaster.Explain(forecaster.MomentAt(now, 0), 9);
  REQUIRE_FALSE(why.reasons.empty());
  CHECK(why.reasons[0].topic == Topic::kAnnouncement);
  CHECK(why.reasons[0].log_odds > 0);
  CHECK(why.facts.since_announcement == 0);
  CHECK(why.facts.uses == 0);
  CHECK(why.facts.since_use == Facts::kNever);
}

}  // namespace
}  // namespace warmup::foresight
