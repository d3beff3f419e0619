#include "core/foresight/forecaster.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

// A forecast is learned from if this much of its horizon is new to it.
constexpr float kLeastShare = 0.1F;
// What was as good as certain not to come, and did not, is learned from once
// for so many cases.
constexpr float kHardly = 0.02F;
constexpr int kHardlyEvery = 4;
// Context events come in bursts: what they change is learned from this often.
constexpr int kMaxContextSamples = 6;
constexpr Micros kBetweenContextSamples = 2'000'000;
// Known items that are all looked at each time; of more, so many by turns.
constexpr size_t kFew = 96;
constexpr size_t kByTurns = 16;
// Log-odds that nobody would call a reason.
constexpr float kHardlyAReason = 0.1F;

// Of uses, each with this probability by one of all: of one by him.
void Thin(double share, PerHead& chances) {
  for (size_t h = 0; h < kHeads; ++h) {
    const auto chance = static_cast<double>(chances[h]);
    chances[h] = static_cast<float>(
        h == kNext ? chance * share : 1 - std::pow(1 - chance, share));
  }
}

template <typename SlotOf>
Evidence EvidenceOf(const History::Contexts& contexts, SlotOf slot_of) {
  Evidence evidence;
  evidence.count = contexts.count;
  evidence.gate = contexts.gate;
  evidence.prior = contexts.prior;
  for (size_t c = 0; c < contexts.count; ++c) {
    evidence.slots[c] = slot_of(contexts.hashes[c]);
  }
  return evidence;
}

}  // namespace

Forecaster::Forecaster(const Options& options) : table_(options.slot_bits) {
  last_open_.fill(std::numeric_limits<Micros>::min() / 2);
}

void Forecaster::OnRequest(const shadow::Request& request) {
  CloseUntil(request.at);
  history_.OnRequest(request);
  const auto place = static_cast<uint32_t>(history_.PlaceOf(request.item));
  for (Sample& sample : samples_) {
    const auto used =
        std::lower_bound(sample.cases.begin(), sample.cases.end(), place,
                         [](const Sample::Case& known, uint32_t of) {
                           return known.place < of;
                         });
    if (used != sample.cases.end() && used->place == place) {
      used->used = std::min(used->used, request.at);
      used->used_by = std::min(used->used_by, sample.requests);
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
  ++requests_since_open_;
}

void Forecaster::OnContext(const shadow::ContextEvent& event) {
  CloseUntil(event.at);
  history_.OnContext(event);
}

void Forecaster::Forecast(Micros now, Occasion occasion) {
  CloseUntil(now);
  Sample sample;
  const bool is_sampled = IsSampled(now, occasion) && Open(sample, now);
  Choose();
  const History::Moment moment = history_.MomentAt(now);
  for (const ItemId item : renewed_) {
    Look(item, moment, is_sampled ? &sample : nullptr);
  }
  if (!is_sampled) return;
  waiting_ += sample.cases.size();
  samples_.push_back(std::move(sample));
  // The oldest are given up.
  while (waiting_ > kMostWaiting) {
    waiting_ -= samples_.front().cases.size();
    samples_.pop_front();
  }
}

// Who was promising until now is looked at once more, so that nobody is left
// behind with what was true of him then.
void Forecaster::Choose() {
  renewed_.clear();
  if (known().size() <= kFew) {
    renewed_ = known();
    return;
  }
  const auto by_place = [&](ItemId a, ItemId b) {
    return history_.PlaceOf(a) < history_.PlaceOf(b);
  };
  std::vector<ItemId> promising = history_.Promising();
  std::set_union(promising.begin(), promising.end(), promising_.begin(),
                 promising_.end(), std::back_inserter(renewed_), by_place);
  promising_ = std::move(promising);
  std::vector<ItemId> turns;
  for (size_t i = 0; i < kByTurns; ++i) {
    turn_ = (turn_ + 1) % known().size();
    turns.push_back(known()[turn_]);
  }
  std::sort(turns.begin(), turns.end(), by_place);
  std::vector<ItemId> all;
  std::set_union(renewed_.begin(), renewed_.end(), turns.begin(), turns.end(),
                 std::back_inserter(all), by_place);
  renewed_ = std::move(all);
}

void Forecaster::Look(ItemId item, const History::Moment& moment,
                      Sample* sample) {
  const Evidence evidence =
      EvidenceOf(history_.ContextsOf(item, moment), [&](uint64_t hash) {
        return sample != nullptr ? table_.Find(hash) : table_.Peek(hash);
      });
  const PerHead log_odds = mixer_.Mix(table_, evidence);
  PerHead& chances = chances_[item];
  chances = Calibrated(log_odds);
  if (sample != nullptr) {
    sample->cases.push_back(
        {.place = static_cast<uint32_t>(history_.PlaceOf(item)),
         .evidence = evidence,
         .log_odds = log_odds,
         .chances = chances});
  }
  Raise(item, moment.now, chances);
}

Evidence Forecaster::EvidenceAt(const History::Moment& moment,
                                ItemId item) const {
  return EvidenceOf(history_.ContextsOf(item, moment),
                    [&](uint64_t hash) { return table_.Peek(hash); });
}

PerHead Forecaster::Calibrated(const PerHead& log_odds) const {
  PerHead chances;
  for (size_t h = 0; h < kHeads; ++h) {
    chances[h] = calibrations_[h].ProbabilityOf(log_odds[h]);
  }
  return chances;
}

void Forecaster::Raise(ItemId item, Micros now, PerHead& chances) const {
  if (history_.IsAnnounced(item, now)) {
    const float kept = history_.announcements_kept();
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

std::vector<ItemId> Forecaster::Promising() const {
  return known().size() <= kFew ? known() : history_.Promising();
}

PerHead Forecaster::ChanceAt(const History::Moment& moment, ItemId item) const {
  PerHead chances = Calibrated(mixer_.Mix(table_, EvidenceAt(moment, item)));
  Raise(item, moment.now, chances);
  const double share = history_.ShareOf(item, moment);
  if (share < 1) Thin(share, chances);
  return chances;
}

Explanation Forecaster::Explain(const History::Moment& moment,
                                ItemId item) const {
  const std::vector<Topic> topics = history_.TopicsOf(item, moment);
  const auto parts =
      mixer_.PartsOf(table_, EvidenceAt(moment, item), kFiveMinutes);
  std::map<Topic, float> sums;
  float mixed = 0;
  for (size_t c = 0; c < topics.size(); ++c) {
    sums[topics[c]] += parts[c];
    mixed += parts[c];
  }
  Explanation explanation{.facts = history_.FactsOf(item, moment)};
  if (explanation.facts.share < 1) {
    PerHead chances{};
    chances[kFiveMinutes] = Squash(mixed);
    Thin(explanation.facts.share, chances);
    sums[Topic::kShare] = Stretch(chances[kFiveMinutes]) - mixed;
  }
  std::vector<Reason>& reasons = explanation.reasons;
  for (const auto& [topic, sum] : sums) {
    if (std::abs(sum) >= kHardlyAReason) reasons.push_back({topic, sum});
  }
  std::sort(reasons.begin(), reasons.end(),
            [](const Reason& a, const Reason& b) {
              const float size_a = std::abs(a.log_odds);
              const float size_b = std::abs(b.log_odds);
              return size_a != size_b ? size_a > size_b : a.topic < b.topic;
            });
  // What an announcement promises counts instead of all that.
  const float kept = Stretch(history_.announcements_kept());
  if (history_.IsAnnounced(item, moment.now) && kept > mixed) {
    std::erase_if(reasons, [](const Reason& reason) {
      return reason.topic == Topic::kAnnouncement;
    });
    reasons.insert(reasons.begin(), {Topic::kAnnouncement, kept - mixed});
  }
  return explanation;
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
// their own: one counts by the part of its horizon that is new, or, of the next
// request, less and less while none comes. False: too little is new.
bool Forecaster::Open(Sample& sample, Micros now) {
  sample.at = now;
  const auto nth = static_cast<float>(++samples_since_request_);
  bool is_open = false;
  for (size_t h = 0; h < kHeads; ++h) {
    float share = 0;
    if (h == kNext) {
      share = 1 / (nth * nth);
    } else if (h == kNextEight) {
      share = static_cast<float>(requests_since_open_) / 8;
    } else {
      share = static_cast<float>(now - last_open_[h]) /
              static_cast<float>(kHorizon[h]);
    }
    if (share < kLeastShare) continue;
    sample.is_open[h] = true;
    is_open = true;
    sample.weights[h] = std::min(share, 1.0F);
    last_open_[h] = now;
    if (h == kNextEight) requests_since_open_ = 0;
  }
  return is_open;
}

void Forecaster::CloseUntil(Micros now) {
  for (Sample& sample : samples_) {
    for (size_t h = kFiveMinutes; h < kHeads; ++h) {
      if (sample.is_open[h] && now > sample.at + kHorizon[h]) Close(sample, h);
    }
  }
  std::erase_if(samples_, [&](const Sample& sample) {
    const bool is_open = std::any_of(sample.is_open.begin(),
                                     sample.is_open.end(), std::identity());
    if (!is_open) waiting_ -= sample.cases.size();
    return !is_open;
  });
}

void Forecaster::Close(Sample& sample, size_t head) {
  sample.is_open[head] = false;
  for (const Sample::Case& known : sample.cases) {
    const bool was_used = kHorizonRequests[head] > 0
                              ? known.used_by < kHorizonRequests[head]
                              : known.used <= sample.at + kHorizon[head];
    Lesson lesson{.outcome = was_used ? 1.0F : 0.0F,
                  .weight = sample.weights[head]};
    Count(head, known.chances[head], lesson);
    if (!was_used && known.chances[head] < kHardly) {
      if (!IsDrawn()) continue;
      lesson.weight *= static_cast<float>(kHardlyEvery);
    }
    calibrations_[head].Learn(known.log_odds[head], lesson);
    mixer_.Learn(table_, known.evidence, head, lesson);
  }
}

// One of kHardlyEvery, in no pattern, and the same ones each time.
bool Forecaster::IsDrawn() {
  draw_ = draw_ * 6364136223846793005ULL + 1442695040888963407ULL;
  return (draw_ >> 32) % kHardlyEvery == 0;
}

void Forecaster::Count(size_t head, float chance, const Lesson& lesson) {
  Quality& quality = quality_[head];
  const auto p = static_cast<double>(chance);
  const auto y = static_cast<double>(lesson.outcome);
  const auto weight = static_cast<double>(lesson.weight);
  const double bounded = std::clamp(p, 1e-5, 1 - 1e-5);
  quality.cases += weight;
  quality.brier += weight * (p - y) * (p - y);
  quality.log_loss -= weight * std::log(y > 0 ? bounded : 1 - bounded);
  const auto bin = static_cast<size_t>(p * Quality::kBins);
  Quality::Bin& counted = quality.bins[std::min(bin, Quality::kBins - 1)];
  counted.cases += weight;
  counted.forecast += weight * p;
  counted.outcome += weight * y;
}

double Forecaster::Quality::CalibrationError() const {
  double error = 0;
  for (const Bin& bin : bins) error += std::abs(bin.forecast - bin.outcome);
  return cases > 0 ? error / cases : 0;
}

}  // namespace warmup::foresight
