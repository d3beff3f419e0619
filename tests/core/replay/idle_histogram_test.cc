#include "core/replay/idle_histogram.h"

#include "tests/core/replay/small_run.h"
#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

IdleHistogram Times(int count, int64_t minutes) {
  IdleHistogram histogram;
  for (int i = 0; i < count; ++i) histogram.Record(minutes * kMinute);
  return histogram;
}

void CheckWindows(const IdleHistogram& histogram, int64_t prewarm,
                  int64_t keep_alive) {
  const IdleHistogram::Windows windows = histogram.Decide();
  CHECK(windows.prewarm == prewarm * kMinute);
  CHECK(windows.keep_alive == keep_alive * kMinute);
}

TEST_CASE("IdleHistogram: four idle times tell nothing: four hours") {
  CheckWindows(IdleHistogram(), 0, 240);
  CheckWindows(Times(4, 10), 0, 240);
}

TEST_CASE("IdleHistogram: leaves a margin of a tenth before and after") {
  CheckWindows(Times(5, 10), 9, 13 - 9);    // 9; 11 x 1.1 = 12.1
  CheckWindows(Times(5, 9), 8, 11 - 8);     // 8.1; 10 x 1.1
  CheckWindows(Times(5, 49), 44, 56 - 44);  // 44.1; 50 x 1.1 > 55 in doubles
  CheckWindows(Times(5, 1), 0, 3);          // no window below a minute
  CheckWindows(Times(5, 0), 0, 2);
}

TEST_CASE("IdleHistogram: of the longest one in a hundred is not waited for") {
  IdleHistogram histogram = Times(99, 20);
  histogram.Record(100 * kMinute);
  CheckWindows(histogram, 18, 24 - 18);
  histogram.Record(100 * kMinute);
  CheckWindows(histogram, 18, 112 - 18);
}

TEST_CASE(
    "IdleHistogram: idle times that are all alike in number tell nothing") {
  IdleHistogram few;
  for (int64_t i = 0; i < 40; ++i) few.Record(i * kMinute);
  CheckWindows(few, 0, 44);  // 1 in 20 is within bin 1: less than a minute
  IdleHistogram many;
  for (int64_t i = 0; i < 60; ++i) many.Record(i * kMinute);
  CheckWindows(many, 0, 240);
}

TEST_CASE("IdleHistogram: most idle times beyond four hours tell nothing") {
  IdleHistogram histogram = Times(5, 10);
  for (int i = 0; i < 5; ++i) histogram.Record(240 * kMinute);
  CheckWindows(histogram, 9, 13 - 9);
  histogram.Record(240 * kMinute);
  CheckWindows(histogram, 0, 240);
}

}  // namespace
}  // namespace warmup::replay
