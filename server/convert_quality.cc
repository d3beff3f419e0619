// How good forecasts and warmups were, from the core to the API.

#include <optional>

#include "server/convert.h"

namespace warmup {
namespace {

using foresight::Forecaster;
using foresight::Hits;

double Number(uint64_t n) { return static_cast<double>(n); }

// Nothing where there is nothing to take it of.
std::optional<double> Ratio(double part, double whole) {
  if (whole <= 0) return std::nullopt;
  return part / whole;
}

void SetHorizon(size_t head, const Forecaster::Quality& quality,
                v1::HorizonQuality* out) {
  out->set_name(std::string(foresight::kHeadNames[head]));
  out->set_horizon_seconds(static_cast<double>(foresight::kHorizon[head]) *
                           1e-6);
  out->set_horizon_uses(foresight::kHorizonRequests[head]);
  out->set_case_count(quality.cases);
  if (quality.cases <= 0) return;
  out->set_brier_score(quality.brier / quality.cases);
  out->set_log_loss(quality.log_loss / quality.cases);
  out->set_calibration_error(quality.CalibrationError());
  for (const Forecaster::Quality::Bin& bin : quality.bins) {
    if (bin.cases <= 0) continue;
    v1::ReliabilityBin& to = *out->add_reliability();
    to.set_mean_forecast(bin.forecast / bin.cases);
    to.set_mean_outcome(bin.outcome / bin.cases);
    to.set_case_count(bin.cases);
  }
}

void SetHits(const Hits::Counts& counts, v1::HitRate* out) {
  out->set_use_count(Number(counts.uses));
  out->set_top1_count(Number(counts.top1));
  out->set_top3_count(Number(counts.top3));
  if (counts.uses == 0) return;
  out->set_top1_rate(Number(counts.top1) / Number(counts.uses));
  out->set_top3_rate(Number(counts.top3) / Number(counts.uses));
}

void SetWarmups(const WarmupTally::Counts& counts, int64_t wasted_bytes,
                v1::WarmupQuality* out) {
  const double used = Number(counts.used);
  const double unused = Number(counts.unused);
  const double in_time = Number(counts.InTime());
  out->set_used_count(used);
  out->set_late_count(Number(counts.late));
  out->set_unused_count(unused);
  out->set_missed_count(Number(counts.missed));
  out->set_idle_use_count(Number(counts.idle_uses));
  if (const auto ratio = Ratio(used, used + unused)) out->set_precision(*ratio);
  if (const auto ratio = Ratio(in_time, in_time + Number(counts.missed))) {
    out->set_recall(*ratio);
  }
  if (const auto ratio = Ratio(unused, unused + Number(counts.idle_uses))) {
    out->set_false_positive_rate(*ratio);
  }
  out->set_lead_seconds(absl::ToDoubleSeconds(counts.lead));
  if (counts.InTime() > 0) {
    out->set_mean_lead_seconds(absl::ToDoubleSeconds(counts.lead) / in_time);
    out->set_median_lead_seconds(absl::ToDoubleSeconds(counts.median_lead));
  }
  out->set_wasted_bytes(static_cast<double>(wasted_bytes));
}

}  // namespace

void SetQuality(const Status& status, v1::GetPredictionQualityResponse* out) {
  const PredictionQuality& quality = status.quality;
  for (size_t head = 0; head < foresight::kHeads; ++head) {
    SetHorizon(head, quality.heads[head], out->add_horizons());
  }
  SetHits(quality.hits.counts(Hits::kAll), out->mutable_hits());
  SetHits(quality.hits.counts(Hits::kSwitch), out->mutable_switch_hits());
  SetHits(quality.hits.counts(Hits::kAfterIdle),
          out->mutable_after_idle_hits());
  SetWarmups(quality.warmups, status.totals.wasted_bytes,
             out->mutable_warmups());
}

}  // namespace warmup
