#include "core/predict/predictor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/predict/candidates.h"
#include "core/predict/memory.h"
#include "core/predict/reasons.h"
#include "core/predict/scorer.h"

namespace warmup {
namespace {

using predict::kHorizons;
using predict::kHorizonSeconds;
using predict::NameIndex;

// Below this nobody would call a model expected.
constexpr double kMinExpectedIn1H = 0.02;

double Seconds(absl::Time at) {
  return static_cast<double>(absl::ToUnixMicros(at)) * 1e-6;
}

// The median of the time until use: where the cumulative hazard
// H(t) = -log(1 - P(t)), linear between the horizons and going on as in the
// last one, reaches log 2.
absl::Duration MedianUntilUse(const predict::Horizons& p) {
  if (p[kHorizons - 1] < kMinExpectedIn1H) return absl::InfiniteDuration();
  const auto hazard = [&](size_t h) {
    return -std::log1p(-std::min(p[h], 1 - 1e-9));
  };
  size_t h = 0;
  while (h < kHorizons && p[h] < 0.5) ++h;
  if (h == kHorizons) {
    // Beyond the last horizon: its average rate from the start.
    return absl::Seconds(kHorizonSeconds[h - 1] * M_LN2 / hazard(h - 1));
  }
  const double from_t = h == 0 ? 0 : kHorizonSeconds[h - 1];
  const double from_hazard = h == 0 ? 0 : hazard(h - 1);
  return absl::Seconds(from_t + (M_LN2 - from_hazard) *
                                    (kHorizonSeconds[h] - from_t) /
                                    (hazard(h) - from_hazard));
}

}  // namespace

struct Predictor::Impl {
  predict::Memory memory;

  predict::View ViewOf(const ForecastContext& context) const {
    return {.session = context.session.empty()
                           ? nullptr
                           : memory.Session(context.session),
            .user = context.user.empty() ? nullptr : memory.User(context.user),
            .everybody = &memory.everybody()};
  }
};

Predictor::Predictor(absl::TimeZone zone)
    : impl_(std::make_unique<Impl>(Impl{predict::Memory(zone)})) {}
Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

void Predictor::Observe(const Usage& usage) { impl_->memory.Observe(usage); }

void Predictor::Observe(const Announcement& announcement) {
  impl_->memory.Observe(announcement);
}

void Predictor::Observe(const Activity&) {}

void Predictor::ForgetSession(const SessionId& session) {
  impl_->memory.ForgetSession(session);
}

void Predictor::ForgetModel(const ModelId& model) {
  impl_->memory.ForgetModel(model);
}

std::vector<Chance> Predictor::Rank(absl::Time now,
                                    const ForecastContext& context) const {
  const predict::Memory& memory = impl_->memory;
  const predict::View view = impl_->ViewOf(context);
  const predict::LocalTime local = predict::ToLocal(memory.zone(), now);
  const predict::Candidates candidates(memory, view, local);
  const predict::Scorer scorer(memory, view, Seconds(now), local);

  std::vector<Chance> ranked;
  ranked.reserve(candidates.models().size());
  for (const NameIndex model : candidates.models()) {
    const predict::Horizons p = scorer.Evaluate(model).p;
    ranked.push_back({&memory.names().Name(model), p[0], p[1], p[2]});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Chance& a, const Chance& b) {
    if (a.p_5min != b.p_5min) return a.p_5min > b.p_5min;
    if (a.p_1h != b.p_1h) return a.p_1h > b.p_1h;
    return *a.model < *b.model;
  });
  return ranked;
}

Forecast Predictor::SpellOut(const Chance& chance) {
  Forecast forecast;
  forecast.model = *chance.model;
  forecast.p_1min = chance.p_1min;
  forecast.p_5min = chance.p_5min;
  forecast.p_1h = chance.p_1h;
  forecast.expected_until_use =
      MedianUntilUse({chance.p_1min, chance.p_5min, chance.p_1h});
  return forecast;
}

std::vector<Forecast> Predictor::Predict(absl::Time now,
                                         const ForecastContext& context,
                                         size_t max_results) const {
  std::vector<Forecast> forecasts;
  for (const Chance& chance : Rank(now, context)) {
    if (forecasts.size() == max_results) break;
    forecasts.push_back(SpellOut(chance));
  }
  return forecasts;
}

std::vector<std::string> Predictor::Explain(absl::Time now,
                                            const ForecastContext& context,
                                            const ModelId& model) const {
  const predict::Memory& memory = impl_->memory;
  const auto index = memory.names().Find(model);
  if (!index) return {};
  return predict::Reasons(memory, impl_->ViewOf(context), Seconds(now),
                          predict::ToLocal(memory.zone(), now), *index);
}

PredictorState Predictor::Export() const { return impl_->memory.Export(); }

void Predictor::Import(const PredictorState& state) {
  impl_->memory.Import(state);
}

}  // namespace warmup
