// The director's word on what is used next, for who asks.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

// An IDE that asks about a task it has bound to a model uses that model more
// often than not; what was learned of its announcements comes on top.
constexpr double kBoundProbability = 0.6;
// A model that serves the task but was never seen in use.
constexpr double kUnseenProbability = 0.02;

}  // namespace

bool Director::Serves(const PredictionRequest& request,
                      const Catalogue::Entry& entry) const {
  if (!request.preferred_device.empty() &&
      entry.spec.device != request.preferred_device) {
    return false;
  }
  return request.task == ModelType::kUnspecified ||
         entry.spec.type == ModelType::kUnspecified ||
         entry.spec.type == request.task;
}

ModelId Director::BoundTo(const PredictionRequest& request) const {
  const Session* session = sessions_.Find(request.session);
  if (session == nullptr) return {};
  const auto role = session->roles.find(std::string(ToString(request.task)));
  if (role == session->roles.end()) return {};
  // It may have been removed since.
  return catalogue_.Find(role->second) == nullptr ? ModelId() : role->second;
}

// The model that is bound to the task, then the most probable that serve it.
std::vector<Forecast> Director::Choose(absl::Time now,
                                       const PredictionRequest& request,
                                       const ModelId& bound,
                                       std::string_view who) const {
  std::vector<Forecast> chosen;
  chosen.reserve(request.max_models);
  if (!bound.empty()) {
    const Outlook::Prospect unknown{&bound};
    Forecast& forecast = chosen.emplace_back(Outlook::SpellOut(
        outlook_.ProspectFor(who, now, bound).value_or(unknown)));
    forecast.p_next = std::max(forecast.p_next, kBoundProbability);
    forecast.p_5min = std::max(forecast.p_5min, kBoundProbability);
    forecast.p_1h = std::max(forecast.p_1h, forecast.p_5min);
    forecast.expected_until_use =
        std::min(forecast.expected_until_use, absl::Seconds(30));
    forecast.reasons = {absl::StrCat("this session binds it to ",
                                     std::string(ToString(request.task)))};
  }
  for (const Outlook::Prospect& prospect : outlook_.ProspectsFor(who, now)) {
    if (chosen.size() == request.max_models) break;
    if (*prospect.model == bound) continue;
    const Catalogue::Entry* entry = catalogue_.Find(*prospect.model);
    if (entry != nullptr && Serves(request, *entry)) {
      chosen.push_back(Outlook::SpellOut(prospect));
    }
  }
  return chosen;
}

void Director::AddOthers(absl::Time now, const PredictionRequest& request,
                         std::string_view who,
                         std::vector<Forecast>* forecasts) const {
  const auto by_type = by_type_.find(request.task);
  if (by_type == by_type_.end()) return;
  for (const ModelId& id : by_type->second) {
    if (forecasts->size() >= request.max_models) return;
    const bool is_there =
        std::any_of(forecasts->begin(), forecasts->end(),
                    [&](const Forecast& f) { return f.model == id; });
    if (is_there || !Serves(request, *catalogue_.Find(id))) continue;
    if (const auto prospect = outlook_.ProspectFor(who, now, id)) {
      forecasts->push_back(Outlook::SpellOut(*prospect));
      continue;
    }
    Forecast forecast{.model = id, .p_1h = kUnseenProbability};
    if (request.task != ModelType::kUnspecified) {
      forecast.reasons.push_back(
          absl::StrCat("serves ", std::string(ToString(request.task))));
    }
    forecast.reasons.push_back("never seen in use");
    forecasts->push_back(std::move(forecast));
  }
}

absl::StatusOr<Prediction> Director::Predict(absl::Time now,
                                             const PredictionRequest& request,
                                             Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckSession(request.session));
  if (!request.preferred_device.empty() &&
      !options_.devices.contains(request.preferred_device)) {
    return MakeError(
        absl::StatusCode::kNotFound, "DEVICE_NOT_FOUND",
        absl::StrCat("no device \"", request.preferred_device, "\" is there"),
        {{"device", request.preferred_device}});
  }
  if (request.max_models < 1 ||
      request.max_models > limits::kMaxPredictedModels) {
    return InvalidField(
        "max_models", absl::StrCat("is ", request.max_models, ", outside 1 to ",
                                   limits::kMaxPredictedModels));
  }
  const std::string user = UserOf(request.session, request.user);
  const ModelId bound = BoundTo(request);
  const std::string_view who = NameOf(request.session, user);
  std::vector<Forecast> forecasts = Choose(now, request, bound, who);
  AddOthers(now, request, who, &forecasts);
  Prediction prediction;
  prediction.models.reserve(forecasts.size());
  for (Forecast& forecast : forecasts) {
    const Catalogue::Entry& entry = *catalogue_.Find(forecast.model);
    for (std::string& reason : outlook_.ReasonsFor(who, now, forecast.model)) {
      forecast.reasons.push_back(std::move(reason));
    }
    ModelView view = View(entry);
    const absl::Duration warmup = view.state == ModelState::kReady
                                      ? absl::ZeroDuration()
                                      : view.next_load.mean;
    prediction.estimated_warmup = std::max(prediction.estimated_warmup, warmup);
    prediction.memory_bytes[entry.spec.device] += entry.PeakBytes();
    prediction.models.push_back(
        {std::move(forecast), std::move(view), warmup, entry.PeakBytes()});
  }
  if (!prediction.models.empty()) {
    prediction.confidence = prediction.models.front().forecast.p_1h;
  }
  ++totals_.predictions;
  if (request.warm) {
    if (!bound.empty()) {
      Announce(now, {bound, request.session, user, now}, UseKind::kHint, fx);
    }
    Reconcile(now, fx);
  }
  fx->notices.push_back(
      MakeEvent(now, "prediction_complete",
                {{"session_id", request.session},
                 {"task", ToString(request.task)},
                 {"model_id", prediction.models.empty()
                                  ? std::string_view("")
                                  : prediction.models.front().forecast.model},
                 {"models", static_cast<int64_t>(prediction.models.size())},
                 {"confidence_score", prediction.confidence}}));
  return prediction;
}

bool Director::IsGuess(const Decision& decision) const {
  const Coordinator::Track* track = coordinator_.Find(decision.model);
  return decision.kind != LoadKind::kDemand &&
         (track == nullptr || !track->is_requested);
}

PredictionQuality Director::Quality() const {
  const foresight::Foresight& foresight = outlook_.foresight();
  PredictionQuality quality;
  for (size_t h = 0; h < foresight::kHeads; ++h) {
    quality.heads[h] =
        foresight.forecaster().quality(static_cast<foresight::Head>(h));
  }
  quality.hits = foresight.hits();
  quality.warmups = warmups_.counts();
  return quality;
}

}  // namespace warmup
