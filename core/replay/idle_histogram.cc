#include "core/replay/idle_histogram.h"

#include <cmath>

namespace warmup::replay {
namespace {

constexpr size_t kBins = 240;
constexpr shadow::Micros kMinute = int64_t{60} * 1'000'000;
constexpr shadow::Micros kStandardKeepAlive = kBins * kMinute;
// What is not told by fewer idle times, by bins that are too much alike, or
// where most idle times are longer than the bins reach.
constexpr int64_t kFewestIdleTimes = 5;
constexpr double kLeastVariation = 2;
constexpr double kMostOutside = 0.5;
// Head and tail of the distribution, and the margin at both.
constexpr double kHead = 0.05;
constexpr double kTail = 0.99;
constexpr double kMargin = 0.1;

// In whole minutes: `minutes` less the margin rounded down, or with the margin
// rounded up.
shadow::Micros Less(size_t minutes) {
  return static_cast<shadow::Micros>(
             std::floor(static_cast<double>(minutes) * (1 - kMargin))) *
         kMinute;
}
shadow::Micros More(size_t minutes) {
  return static_cast<shadow::Micros>(
             std::ceil(static_cast<double>(minutes) * (1 + kMargin))) *
         kMinute;
}

}  // namespace

void IdleHistogram::Record(shadow::Micros idle) {
  const auto bin = static_cast<size_t>(idle / kMinute);
  if (bin >= kBins) {
    ++outside_;
    return;
  }
  bins_.resize(kBins);
  ++bins_[bin];
  ++inside_;
}

bool IdleHistogram::IsRepresentative() const {
  const auto all = static_cast<double>(inside_ + outside_);
  if (inside_ == 0 || inside_ + outside_ < kFewestIdleTimes ||
      static_cast<double>(outside_) > kMostOutside * all) {
    return false;
  }
  const double mean = static_cast<double>(inside_) / kBins;
  double squares = 0;
  for (const int64_t count : bins_) {
    squares += static_cast<double>(count) * static_cast<double>(count);
  }
  const double variance = squares / kBins - mean * mean;
  return std::sqrt(variance) / mean >= kLeastVariation;
}

IdleHistogram::Windows IdleHistogram::Decide() const {
  if (!IsRepresentative()) return {0, kStandardKeepAlive};
  const auto inside = static_cast<double>(inside_);
  size_t head = kBins;
  size_t tail = kBins - 1;
  double passed = 0;
  for (size_t bin = 0; bin < kBins; ++bin) {
    passed += static_cast<double>(bins_[bin]);
    if (head == kBins && passed >= kHead * inside && passed > 0) head = bin;
    if (passed >= kTail * inside) {
      tail = bin;
      break;
    }
  }
  const shadow::Micros prewarm = Less(head);
  return {prewarm, More(tail + 1) - prewarm};
}

}  // namespace warmup::replay
