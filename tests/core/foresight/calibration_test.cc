#include "core/foresight/calibration.h"

#include <random>

#include "core/foresight/heads.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

TEST_CASE("Calibration: begins with what log-odds say") {
  const Calibration calibration;
  for (const float p : {0.01F, 0.2F, 0.5F, 0.9F, 0.99F}) {
    CHECK(calibration.ProbabilityOf(Stretch(p)) == Approx(p).margin(0.02));
  }
  CHECK(calibration.ProbabilityOf(-1e9F) > 0);
  CHECK(calibration.ProbabilityOf(1e9F) < 1);
}

TEST_CASE("Calibration: learns what a boast is worth") {
  std::mt19937_64 random(1);
  Calibration calibration;
  // Who says 90 % is right in half of the cases; who says 10 %, in a tenth.
  for (int i = 0; i < 20'000; ++i) {
    calibration.Learn(Stretch(0.9F), {random() % 2 == 0 ? 1.0F : 0.0F});
    calibration.Learn(Stretch(0.1F), {random() % 10 == 0 ? 1.0F : 0.0F});
  }
  CHECK(calibration.ProbabilityOf(Stretch(0.9F)) == Approx(0.5).margin(0.05));
  CHECK(calibration.ProbabilityOf(Stretch(0.1F)) == Approx(0.1).margin(0.03));
}

}  // namespace
}  // namespace warmup::foresight
