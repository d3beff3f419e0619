// How good forecasts and warmups were, for Prometheus.

#include "server/metrics_families.h"

namespace warmup {
namespace {

using foresight::Forecaster;
using foresight::Hits;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Scores of horizons that have no cases yet are left out: 0 would be perfect.
void CollectHorizons(const PredictionQuality& quality,
                     std::vector<MetricFamily>* out) {
  MetricFamily cases = MakeFamily(
      "warmup_forecast_cases_total",
      "Forecasts whose outcome is known, by weight.", MetricType::Counter);
  MetricFamily brier = MakeFamily(
      "warmup_forecast_brier_score",
      "Mean square of forecast less outcome, 0 is best.", MetricType::Gauge);
  MetricFamily loss =
      MakeFamily("warmup_forecast_log_loss",
                 "Mean log loss in nats, 0 is best.", MetricType::Gauge);
  MetricFamily calibration = MakeFamily(
      "warmup_forecast_calibration_error",
      "Mean distance of forecast and outcome over 20 bins, 0 is best.",
      MetricType::Gauge);
  for (size_t head = 0; head < foresight::kHeads; ++head) {
    const Forecaster::Quality& of = quality.heads[head];
    const std::vector<ClientMetric::Label> labels = {
        {"horizon", std::string(foresight::kHeadNames[head])}};
    AddMetric(&cases, labels, of.cases);
    if (of.cases <= 0) continue;
    AddMetric(&brier, labels, of.brier / of.cases);
    AddMetric(&loss, labels, of.log_loss / of.cases);
    AddMetric(&calibration, labels, of.CalibrationError());
  }
  for (MetricFamily* family : {&cases, &brier, &loss, &calibration}) {
    if (!family->metric.empty()) out->push_back(std::move(*family));
  }
}

void CollectHits(const Hits& hits, std::vector<MetricFamily>* out) {
  MetricFamily uses =
      MakeFamily("warmup_forecast_uses_total",
                 "Uses, by whether they were a switch or came after a pause.",
                 MetricType::Counter);
  MetricFamily top1 = MakeFamily(
      "warmup_forecast_top1_hits_total",
      "Of them: the model stood first in the forecast.", MetricType::Counter);
  MetricFamily top3 = MakeFamily(
      "warmup_forecast_top3_hits_total",
      "Of them: the model was among the first three.", MetricType::Counter);
  constexpr std::array<const char*, Hits::kSituations> kNames = {
      "all", "switch", "after_idle"};
  for (size_t i = 0; i < Hits::kSituations; ++i) {
    const Hits::Counts& counts = hits.counts(static_cast<Hits::Situation>(i));
    const std::vector<ClientMetric::Label> labels = {{"situation", kNames[i]}};
    AddMetric(&uses, labels, static_cast<double>(counts.uses));
    AddMetric(&top1, labels, static_cast<double>(counts.top1));
    AddMetric(&top3, labels, static_cast<double>(counts.top3));
  }
  for (MetricFamily* family : {&uses, &top1, &top3}) {
    out->push_back(std::move(*family));
  }
}

void CollectWarmups(const WarmupTally::Counts& counts,
                    std::vector<MetricFamily>* out) {
  MetricFamily guesses =
      MakeFamily("warmup_guesses_total",
                 "Loads that nobody had asked for, by what became of them.",
                 MetricType::Counter);
  AddMetric(&guesses, {{"outcome", "in_time"}},
            static_cast<double>(counts.InTime()));
  AddMetric(&guesses, {{"outcome", "late"}}, static_cast<double>(counts.late));
  AddMetric(&guesses, {{"outcome", "unused"}},
            static_cast<double>(counts.unused));
  out->push_back(std::move(guesses));
  out->push_back(SingleMetric(
      "warmup_missed_total", "Times that somebody found a model not ready.",
      MetricType::Counter, static_cast<double>(counts.missed)));
  out->push_back(
      SingleMetric("warmup_idle_uses_total",
                   "Uses of a ready model that no guess had to make so.",
                   MetricType::Counter, static_cast<double>(counts.idle_uses)));
  MetricFamily lead =
      MakeFamily("warmup_lead_seconds",
                 "From ready to the first use, of guesses that were in time.",
                 MetricType::Summary);
  ClientMetric& sum = lead.metric.emplace_back();
  sum.summary.sample_count = counts.InTime();
  sum.summary.sample_sum = absl::ToDoubleSeconds(counts.lead);
  out->push_back(std::move(lead));
}

}  // namespace

void CollectQuality(const PredictionQuality& quality,
                    std::vector<MetricFamily>* out) {
  CollectHorizons(quality, out);
  CollectHits(quality.hits, out);
  CollectWarmups(quality.warmups, out);
}

}  // namespace warmup
