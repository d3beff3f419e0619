#include "adapters/engines/exec/cpu_watch.h"

#include <map>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::exec {
namespace {

// A hundred ticks a second.
class Watched {
 public:
  CpuWatch::Verdict After(absl::Duration time,
                          const std::map<pid_t, int64_t>& ticks) {
    now_ += time;
    std::vector<ProcessInfo> processes;
    for (const auto& [pid, count] : ticks) {
      processes.push_back({.pid = pid, .cpu_ticks = count});
    }
    return watch_.Observe(now_, processes, 100);
  }

 private:
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  CpuWatch watch_;
};

constexpr absl::Duration kSecond = absl::Seconds(1);

TEST_CASE("CpuWatch: what a command does to start is no use") {
  Watched watched;
  CHECK_FALSE(watched.After(kSecond, {{1, 500}}).is_busy);
  CHECK_FALSE(watched.After(kSecond, {{1, 600}}).is_busy);
  CHECK(watched.After(kSecond, {{1, 690}}).uses == 0);
}

TEST_CASE("CpuWatch: a use begins once and lasts while it is busy") {
  Watched watched;
  watched.After(kSecond, {{1, 500}});
  CHECK_FALSE(watched.After(kSecond, {{1, 502}}).is_busy);
  auto verdict = watched.After(kSecond, {{1, 532}});
  CHECK(verdict.is_busy);
  CHECK(verdict.uses == 1);
  verdict = watched.After(kSecond, {{1, 632}});
  CHECK(verdict.is_busy);
  CHECK(verdict.uses == 0);
  CHECK_FALSE(watched.After(kSecond, {{1, 633}}).is_busy);
  CHECK(watched.After(kSecond, {{1, 660}}).uses == 1);
}

TEST_CASE("CpuWatch: one that spins while it is idle is never busy") {
  Watched watched;
  for (int64_t second = 0; second < 10; ++second) {
    CHECK_FALSE(watched.After(kSecond, {{1, 100 * second}}).is_busy);
  }
}

TEST_CASE("CpuWatch: a little is neither use nor idleness") {
  Watched watched;
  watched.After(kSecond, {{1, 0}});
  watched.After(kSecond, {{1, 10}});
  CHECK_FALSE(watched.After(kSecond, {{1, 110}}).is_busy);
  watched.After(kSecond, {{1, 111}});
  CHECK_FALSE(watched.After(kSecond, {{1, 131}}).is_busy);
}

TEST_CASE("CpuWatch: looks that follow at once say what was said") {
  Watched watched;
  watched.After(kSecond, {{1, 0}});
  watched.After(kSecond, {{1, 0}});
  CHECK(watched.After(kSecond, {{1, 50}}).uses == 1);
  const auto verdict = watched.After(absl::Milliseconds(1), {{1, 50}});
  CHECK(verdict.is_busy);
  CHECK(verdict.uses == 0);
}

TEST_CASE("CpuWatch: processes that come and go do not count as use") {
  Watched watched;
  watched.After(kSecond, {{1, 0}});
  watched.After(kSecond, {{1, 0}});
  CHECK_FALSE(watched.After(kSecond, {{1, 0}, {2, 400}}).is_busy);
  CHECK_FALSE(watched.After(kSecond, {{1, 0}}).is_busy);
  CHECK_FALSE(watched.After(kSecond, {}).is_busy);
  CHECK_FALSE(watched.After(kSecond, {{2, 90}}).is_busy);
  CHECK(watched.After(kSecond, {{2, 130}}).is_busy);
}

}  // namespace
}  // namespace warmup::exec
