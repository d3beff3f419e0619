#include "core/foresight/forecaster.h"

#include <algorithm>
#include <cmath>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

// Longer heads learn from every so many-th forecast.
constexpr std::array<int64_t, kHeads> kEvery = {1, 1, 1, 4, 8, 32};
// Context events come in bursts: what they change is learned from this often.
constexpr int kMaxContextSamples = 6;
constexpr Micros kBetweenContextSamples = 2'000'000;
// Bounds the memory: the oldest forecasts are given up.
constexpr size_t kMaxSamples = 4'096;
constexpr float kLeastWeight = 0.01F;

}  // namespace

Forecaster::Forecaster(const Options& options) : table_(options.slot_bits) {
  last_open_.fill(std::numeric_limits<Micros>::min() / 2);
}

void Forecaster::OnRequest(const shadow::Request& request) {
  CloseUntil(request.at);
  const std::optional<size_t> place = places_.Get(request.item);
  for (Sample& sample : samples_) {
    if (place.has_value() && *place < sample.cases.size()) {
      Sample::Case& used = sample.cases[*place];
      used.used = std::min(used.used, request.at);
      used.used_by = std::min(used.used_by, sample.requests);
    }
    ++sample.requests;
    for (size_t h : {kNext, kNextEight}) {
      if (sample.is_open[h] && sample.requests >= kHorizonRequests[h]) {
        Close(sample, h);
      }
    }
  }
  samples_since_request_ = 0;
  context_samples_ = 0;
  history_.OnRequest(request);
}

void Forecaster::OnContext(const shadow::ContextEvent& event) {
  CloseUntil(event.at);
  history_.OnContext(event);
}

void Forecaster::Forecast(Micros now, Occasion occasion) {
  CloseUntil(now);
  const bool is_sampled = IsSampled(now, occasion);
  Sample sample;
  if (is_sampled) Open(sample, now);
  const float kept = history_.announcements_kept();
  const History::Moment moment = history_.MomentAt(now);
  for (size_t place = 0; place < known().size(); ++place) {
    const ItemId item = known()[place];
    places_[item] = place;
    const Evidence evidence = history_.Look(item, moment, table_);
    const PerHead log_odds = mixer_.Mix(table_, evidence);
    PerHead& chances = chances_[item];
    for (size_t h = 0; h < kHeads; ++h) {
      chances[h] = calibrations_[h].ProbabilityOf(log_odds[h]);
    }
    if (is_sampled) {
      sample.cases.push_back(
          {.evidence = evidence, .log_odds = log_odds, .chances = chances});
    }
    if (history_.IsAnnounced(item, now)) {
      for (const size_t h : {kNext, kNextEight, kFiveMinutes}) {
        chances[h] = std::max(chances[h], kept);
      }
    }
    // A longer look never sees less.
    chances[kNextEight] = std::max(chances[kNextEight], chances[kNext]);
    for (size_t h = kHour; h < kHeads; ++h) {
      chances[h] = std::max(chances[h], chances[h - 1]);
    }
  }
  if (!is_sampled) return;
  samples_.push_back(std::move(sample));
  if (samples_.size() > kMaxSamples) samples_.pop_front();
}

bool Forecaster::IsSampled(Micros now, Occasion occasion) {
  if (occasion != Occasion::kContext) return true;
  if (context_samples_ >= kMaxContextSamples ||
      now - last_context_sample_ < kBetweenContextSamples) {
    return false;
  }
  ++context_samples_;
  last_context_sample_ = now;
  return true;
}

// Forecasts that follow each other have the same outcomes, and are no cases of
// their own: one counts by the time that is new in its horizon, or, where
// requests are counted, less and less while none comes.
void Forecaster::Open(Sample& sample, Micros now) {
  sample.at = now;
  ++sample_count_;
  const auto nth = static_cast<float>(++samples_since_request_);
  for (size_t h = 0; h < kHeads; ++h) {
    if (sample_count_ % kEvery[h] != 0) continue;
    sample.is_open[h] = true;
    const float share =
        kHorizonRequests[h] > 0
            ? 1 / (nth * nth * static_cast<float>(kHorizonRequests[h]))
            : static_cast<float>(now - last_open_[h]) /
                  static_cast<float>(kHorizon[h]);
    sample.weights[h] = std::clamp(share, kLeastWeight, 1.0F);
    last_open_[h] = now;
  }
}

void Forecaster::CloseUntil(Micros now) {
  for (Sample& sample : samples_) {
    for (size_t h = kFiveMinutes; h < kHeads; ++h) {
      if (sample.is_open[h] && now > sample.at + kHorizon[h]) Close(sample, h);
    }
  }
  const auto is_done = [](const Sample& sample) {
    return std::none_of(sample.is_open.begin(), sample.is_open.end(),
                        [](bool is_open) { return is_open; });
  };
  std::erase_if(samples_, is_done);
}

void Forecaster::Close(Sample& sample, size_t head) {
  sample.is_open[head] = false;
  for (const Sample::Case& known : sample.cases) {
    const bool was_used = kHorizonRequests[head] > 0
                              ? known.used_by < kHorizonRequests[head]
                              : known.used <= sample.at + kHorizon[head];
    const float outcome = was_used ? 1 : 0;
    Count(head, known.chances[head], outcome);
    calibrations_[head].Learn(known.log_odds[head], outcome);
    mixer_.Learn(table_, known.evidence, head, outcome, sample.weights[head]);
  }
}

void Forecaster::Count(size_t head, float chance, float outcome) {
  Quality& quality = quality_[head];
  const auto p = static_cast<double>(chance);
  const auto y = static_cast<double>(outcome);
  const double bounded = std::clamp(p, 1e-5, 1 - 1e-5);
  quality.cases += 1;
  quality.brier += (p - y) * (p - y);
  quality.log_loss -= std::log(y > 0 ? bounded : 1 - bounded);
  const auto bin = static_cast<size_t>(p * Quality::kBins);
  Quality::Bin& counted = quality.bins[std::min(bin, Quality::kBins - 1)];
  counted.cases += 1;
  counted.forecast += p;
  counted.outcome += y;
}

double Forecaster::Quality::CalibrationError() const {
  double error = 0;
  for (const Bin& bin : bins) error += std::abs(bin.forecast - bin.outcome);
  return cases > 0 ? error / cases : 0;
}

}  // namespace warmup::foresight
