#include "bench/fanout/fanout.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

// Enough that no batch is small, and a quarter of what nats-server lets a
// connection fall behind.
constexpr int64_t kMaxUnderWay = 200'000;

}  // namespace

int64_t Fanout::UnderWay() const {
  return published_ * subscribers_ - delivered_.load(std::memory_order_relaxed);
}

double Fanout::DeliveriesPerSecond(double seconds) {
  PublishOneToAll();
  const int64_t before = delivered_.load(std::memory_order_relaxed);
  const double start = MonotonicSeconds();
  double now = start;
  while ((now = MonotonicSeconds()) - start < seconds) {
    if (UnderWay() < kMaxUnderWay) {
      Publish();
      ++published_;
    } else {
      Flush();
    }
  }
  const int64_t after = delivered_.load(std::memory_order_relaxed);
  const double give_up = now + 10;
  while (UnderWay() > 0 && MonotonicSeconds() < give_up) Flush();
  if (UnderWay() != 0) Fail("events were lost");
  return static_cast<double>(after - before) / (now - start);
}

// Until everybody has subscribed some miss what is published.
void Fanout::PublishOneToAll() {
  const double give_up = MonotonicSeconds() + 10;
  while (MonotonicSeconds() < give_up) {
    published_ = 0;
    delivered_.store(0, std::memory_order_relaxed);
    Publish();
    published_ = 1;
    for (int i = 0; i < 50 && UnderWay() > 0; ++i) {
      Flush();
      absl::SleepFor(absl::Milliseconds(10));
    }
    if (UnderWay() == 0) return;
  }
  Fail(absl::StrCat("only ", delivered_.load(), " of ", subscribers_,
                    " subscribers get events"));
}

}  // namespace warmup::bench
