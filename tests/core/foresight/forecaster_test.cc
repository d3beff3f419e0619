#include "core/foresight/forecaster.h"

#include <cmath>

#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using Occasion = Forecaster::Occasion;
using shadow::Micros;

constexpr Micros kStart = 1'790'000'000 * kSecond;

void Use(Forecaster& forecaster, Micros at, shadow::ItemId item) {
  forecaster.OnRequest({at, 0, item});
  forecaster.Forecast(at, Occasion::kRequest);
}

TEST_CASE(
    "Forecaster: probabilities are some, and never fall with the horizon") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  Forecaster forecaster({.slot_bits = 10});  // contexts share slots
  Micros last = kStart;
  bool are_sound = true;
  for (const shadow::Request& request : RandomUse(2'000, 30, seed)) {
    for (const Micros later : {Micros{0}, request.at - last}) {
      if (later > 0) forecaster.OnRequest(request);
      if (request.item % 7 == 0) {
        forecaster.OnContext({.at = request.at, .announced = request.item % 5});
      }
      forecaster.Forecast(request.at, Occasion::kTimer);
    }
    last = request.at;
    for (const shadow::ItemId item : forecaster.known()) {
      const PerHead& chances = forecaster.ChanceOf(item);
      for (size_t h = 0; h < kHeads; ++h) {
        are_sound = are_sound && chances[h] >= 0 && chances[h] <= 1;
        const bool has_shorter = h != kNext && h != kFiveMinutes;
        are_sound = are_sound && (!has_shorter || chances[h] >= chances[h - 1]);
      }
    }
  }
  CHECK(are_sound);
}

TEST_CASE("Forecaster: learns what follows what") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (int i = 0; i < 900; ++i) Use(forecaster, now += 60 * kSecond, i % 3);
  // After 2 comes 0.
  CHECK(forecaster.ChanceOf(0)[kNext] > 0.9F);
  CHECK(forecaster.ChanceOf(1)[kNext] < 0.1F);
  CHECK(forecaster.ChanceOf(1)[kNextEight] > 0.9F);
  CHECK(forecaster.ChanceOf(1)[kFiveMinutes] > 0.9F);
}

TEST_CASE("Forecaster: tells a day's hours apart") {
  Forecaster forecaster({});
  Micros now = kStart;
  for (int day = 0; day < 60; ++day) {
    // 0 is used in the first half of the day, 1 in the second.
    for (int hour = 0; hour < 24; ++hour) {
      Use(forecaster, now += 3'600 * kSecond, hour < 12 ? 0 : 1);
    }
  }
  const Micros morning = now + 3'600 * kSecond;
  forecaster.Forecast(morning + kSecond, Occasion::kTimer);
  CHECK(forecaster.ChanceOf(0)[kSixHours] > 0.6F);
  CHECK(forecaster.ChanceOf(0)[kSixHours] > forecaster.ChanceOf(1)[kSixHours]);
}

TEST_CASE("Forecaster: trusts announcements as far as they are kept") {
  for (const bool are_kept : {true, false}) {
    CAPTURE(are_kept);
    Forecaster forecaster({});
    Micros now = kStart;
    for (int i = 0; i < 200; ++i) {
      const shadow::ItemId announced = i % 5;
      now += 3'600 * kSecond;
      forecaster.OnContext({.at = now, .announced = announced});
      Use(forecaster, now + kSecond, are_kept ? announced : (i + 1) % 5);
    }
    now += 3'600 * kSecond;
    forecaster.OnContext({.at = now, .announced = 3});
    forecaster.Forecast(now, Occasion::kContext);
    CHECK((forecaster.ChanceOf(3)[kNext] > 0.9F) == are_kept);
    // For ten minutes, and not longer.
    forecaster.Forecast(now + 601 * kSecond, Occasion::kTimer);
    CHECK(forecaster.ChanceOf(3)[kNext] <= 0.95F);
  }
}

TEST_CASE("Forecaster: what is only announced is known") {
  Forecaster forecaster({});
  Use(forecaster, kStart, 0);
  forecaster.OnContext({.at = kStart + kSecond, .announced = 7});
  forecaster.Forecast(kStart + kSecond, Occasion::kContext);
  CHECK(forecaster.known() == std::vector<shadow::ItemId>{0, 7});
  CHECK(forecaster.ChanceOf(7)[kNext] >= 0.5F);
}

TEST_CASE("Forecaster: its forecasts come true as often as they say") {
  // Each minute one of four, the first in half of the cases.
  std::mt19937_64 random(1);
  Forecaster forecaster({});
  Micros now = kStart;
  for (int i = 0; i < 6'000; ++i) {
    const uint64_t draw = random() % 8;
    Use(forecaster, now += 60 * kSecond,
        static_cast<shadow::ItemId>(draw < 4 ? 0 : draw - 4));
  }
  for (const Head head : {kNext, kNextEight, kFiveMinutes, kHour}) {
    CAPTURE(head);
    const Forecaster::Quality& quality = forecaster.quality(head);
    CHECK(quality.cases > 300);
    CHECK(quality.CalibrationError() < 0.03);
    CHECK(quality.brier / quality.cases < 0.25);
  }
}

TEST_CASE("Forecaster: what it keeps and looks at is bounded") {
  // 10,000 models, forty thousand users, no pair of them twice.
  constexpr int kModels = 10'000;
  Forecaster forecaster({.slot_bits = 10});
  Micros now = kStart;
  size_t most_waiting = 0;
  size_t most_looked_at = 0;
  for (int i = 0; i < 40'000; ++i) {
    const auto item = static_cast<shadow::ItemId>(i * 7'919L % kModels);
    forecaster.OnRequest({now += kSecond / 4, i, item});
    if (i % 500 == 0) forecaster.Forecast(now, Occasion::kRequest);
    most_waiting = std::max(most_waiting, forecaster.waiting());
    most_looked_at = std::max(most_looked_at, forecaster.renewed().size());
  }
  CHECK(forecaster.known().size() == kModels);
  CHECK(most_looked_at > 100);
  CHECK(most_looked_at <= 2 * History::kMostPromising + 16);
  CHECK(most_waiting > 1'000);
  CHECK(most_waiting <= Forecaster::kMostWaiting);
}

TEST_CASE("Forecaster: equal times and gaps of years make no nonsense") {
  const auto seed = GENERATE(1U, 2U, 3U);
  std::mt19937_64 random(seed);
  Forecaster forecaster({.slot_bits = 8});
  Micros now = 0;
  bool are_sound = true;
  for (int i = 0; i < 1'500; ++i) {
    switch (random() % 4) {
      case 0:
        now += static_cast<Micros>(random() % 100) * 366 * 86'400 * kSecond;
        break;
      case 1:
        now += static_cast<Micros>(random() % 3);
        break;
      default:
        break;
    }
    const auto item = static_cast<shadow::ItemId>(random() % 150);
    switch (random() % 3) {
      case 0:
        forecaster.OnContext({.at = now, .kind = 1, .announced = item});
        break;
      case 1:
        forecaster.OnContext({.at = now, .kind = 2});
        break;
      default:
        forecaster.OnRequest({now, static_cast<int32_t>(random() % 5), item});
    }
    forecaster.Forecast(now, static_cast<Occasion>(random() % 3));
    for (const shadow::ItemId known : forecaster.renewed()) {
      for (const float chance : forecaster.ChanceOf(known)) {
        are_sound = are_sound && chance >= 0 && chance <= 1;  // not so of a NaN
      }
    }
  }
  CHECK(are_sound);
}

TEST_CASE("Forecaster: the same past gives the same forecasts") {
  Forecaster a({});
  Forecaster b({});
  for (const shadow::Request& request : RandomUse(500, 10, 1)) {
    for (Forecaster* forecaster : {&a, &b}) {
      forecaster->OnRequest(request);
      forecaster->Forecast(request.at, Occasion::kRequest);
    }
  }
  for (const shadow::ItemId item : a.known()) {
    CHECK(a.ChanceOf(item) == b.ChanceOf(item));
  }
}

}  // namespace
}  // namespace warmup::foresight
