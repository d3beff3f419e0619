#include "core/predict/predictor.h"

#include <algorithm>
#include <array>
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

std::vector<Forecast> Predictor::Predict(absl::Time now,
                                         const ForecastContext& context,
                                         size_t max_results) const {
  const predict::Memory& memory = impl_->memory;
  const predict::View view = impl_->ViewOf(context);
  const predict::LocalTime local = predict::ToLocal(memory.zone(), now);
  const predict::Candidates candidates(memory, view, local);
  const predict::Scorer scorer(memory, view, Seconds(now), local);

  struct Scored {
    NameIndex model;
    predict::Horizons p;
  };
  std::array<Scored, limits::kMaxCandidates> scored;
  size_t size = 0;
  for (const NameIndex model : candidates.models()) {
    scored[size++] = {model, scorer.Evaluate(model).p};
  }
  const size_t results = std::min(size, max_results);
  const auto is_before = [&](const Scored& a, const Scored& b) {
    if (a.p[1] != b.p[1]) return a.p[1] > b.p[1];
    if (a.p[2] != b.p[2]) return a.p[2] > b.p[2];
    return memory.names().Name(a.model) < memory.names().Name(b.model);
  };
  const auto begin = scored.begin();
  // Sorting all is faster than choosing many.
  if (results < size / 4) {
    std::partial_sort(begin, begin + results, begin + size, is_before);
  } else {
    std::sort(begin, begin + size, is_before);
  }
  std::vector<Forecast> forecasts;
  forecasts.reserve(results);
  for (size_t i = 0; i < results; ++i) {
    Forecast& forecast = forecasts.emplace_back();
    forecast.model = memory.names().Name(scored[i].model);
    forecast.p_1min = scored[i].p[0];
    forecast.p_5min = scored[i].p[1];
    forecast.p_1h = scored[i].p[2];
    forecast.expected_until_use = MedianUntilUse(scored[i].p);
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
