#include "core/base/fast_math.h"

#include <cmath>

#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("FastMath: agrees with the C library to five digits") {
  for (float x = 1e-6F; x < 1e9F; x *= 1.37F) {
    CAPTURE(x);
    CHECK(FastLog2(x) == Approx(std::log2(x)).margin(1e-5));
  }
  for (float x = -60; x < 60; x += 0.173F) {
    CAPTURE(x);
    CHECK(FastExp2(x) == Approx(std::exp2(x)).epsilon(1e-5));
  }
  CHECK(FastLog2(1) == 0);
  CHECK(FastExp2(0) == 1);
}

}  // namespace
}  // namespace warmup
