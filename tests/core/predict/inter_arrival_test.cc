#include "core/predict/inter_arrival.h"

#include <limits>

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

TEST_CASE("GapHistogram: says nothing before the first gap") {
  const GapHistogram gaps;
  CHECK(gaps.After(0).at_risk == 0);
  CHECK(gaps.MedianSeconds() == 0);
  CHECK(gaps.MeanFollowers() == Horizons{0, 0, 0});
}

TEST_CASE("GapHistogram: expects what recurs every 100 s within 5 min") {
  GapHistogram gaps;
  for (int i = 0; i < 20; ++i) gaps.Add(100);
  const GapHistogram::Outlook outlook = gaps.After(0);
  CHECK(outlook.within[0] == Approx(0));
  CHECK(outlook.within[1] == Approx(outlook.at_risk));
  CHECK(gaps.MedianSeconds() == Approx(96));  // the middle of [64, 128)
}

TEST_CASE("GapHistogram: the evidence goes with a long silence") {
  GapHistogram gaps;
  for (int i = 0; i < 20; ++i) gaps.Add(100);
  CHECK(gaps.After(96).at_risk == Approx(gaps.After(0).at_risk / 2));
  CHECK(gaps.After(1000).at_risk == 0);
  const Horizons prior = {0.01, 0.02, 0.03};
  const Horizons p = Shrink(gaps.After(1000), prior, 2);
  CHECK(p[0] == Approx(0.01));
  CHECK(p[2] == Approx(0.03));
}

TEST_CASE("GapHistogram: evidence outweighs the prior as it grows") {
  GapHistogram gaps;
  double last = 0;
  for (int i = 0; i < 10; ++i) {
    gaps.Add(10);
    const double p = Shrink(gaps.After(0), {0, 0, 0}, 2)[0];
    CHECK(p > last);
    last = p;
  }
  CHECK(last > 0.7);
}

TEST_CASE("GapHistogram: forgets an old habit") {
  GapHistogram gaps;
  for (int i = 0; i < 100; ++i) gaps.Add(10);
  for (int i = 0; i < 200; ++i) gaps.Add(50'000);
  const auto outlook = gaps.After(0);
  CHECK(outlook.within[0] / outlook.at_risk < 0.05);
}

TEST_CASE("GapHistogram: counts followers as the gaps allow") {
  GapHistogram gaps;
  for (int i = 0; i < 500; ++i) gaps.Add(24);  // the middle of [16, 32)
  CHECK(gaps.MeanFollowers()[1] == Approx(300.0 / 24 - 1));
  GapHistogram rare;
  rare.Add(1e6);
  CHECK(rare.MeanFollowers()[2] == Approx(0).margin(1e-9));
}

TEST_CASE("GapHistogram: ignores gaps that cannot be, bounds endless ones") {
  GapHistogram gaps;
  gaps.Add(-1);
  gaps.Add(std::numeric_limits<double>::quiet_NaN());
  CHECK(gaps.After(0).at_risk == 0);
  gaps.Add(GapHistogram::kNever);
  gaps.Add(std::numeric_limits<double>::infinity());
  CHECK(gaps.counts().back() > 1.9);
}

TEST_CASE("GapHistogram: restores finite counts, drops the damaged ones") {
  GapHistogram gaps;
  std::array<double, GapHistogram::kClasses> counts{};
  counts[1] = 2.5;
  counts[2] = -3;
  counts[3] = std::numeric_limits<double>::quiet_NaN();
  counts[4] = std::numeric_limits<double>::infinity();
  gaps.Restore(counts);
  CHECK(gaps.counts()[1] == 2.5f);
  CHECK(gaps.counts()[2] == 0);
  CHECK(gaps.counts()[3] == 0);
  CHECK(gaps.counts()[4] == 1e6f);
}

TEST_CASE(
    "UninformedPrior: what was just used is likely again, less so later") {
  const Horizons now = UninformedPrior(0);
  CHECK(now[0] > 0.2);
  CHECK(now[0] < now[1]);
  CHECK(now[1] < now[2]);
  CHECK(now[2] < 0.6);
  const Horizons later = UninformedPrior(86'400);
  CHECK(later[2] < 0.02);
  CHECK(later[0] > 0);
  CHECK(UninformedPrior(GapHistogram::kNever)[2] == 0);
}

}  // namespace
}  // namespace warmup::predict
