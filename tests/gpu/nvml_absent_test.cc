#include "core/base/error.h"
#include "gpu/nvml_monitor.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace warmup {
namespace {

TEST_CASE("NvmlMonitor: says that it was built without the CUDA Toolkit") {
  const FakeClock clock;
  NvmlMonitor monitor({}, clock);
  const absl::Status status = monitor.Sample().status();
  CHECK(absl::IsNotFound(status));
  CHECK(GetErrorDetails(status).reason == "BUILT_WITHOUT_CUDA");
  CHECK(status.message() ==
        "this warmupd was built without the CUDA Toolkit's headers");
}

}  // namespace
}  // namespace warmup
