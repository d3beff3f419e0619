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
std::vector<Forecast> Director::Choose(
    const PredictionRequest& request, const ModelId& bound,
    const std::vector<Chance>& ranked) const {
  std::vector<Forecast> chosen;
  chosen.reserve(request.max_models);
  if (!bound.empty()) {
    const auto known =
        std::find_if(ranked.begin(), ranked.end(),
                     [&](const Chance& c) { return *c.model == bound; });
    const Chance chance =
        known == ranked.end() ? Chance{&bound, 0, 0, 0} : *known;
    Forecast& forecast = chosen.emplace_back(Predictor::SpellOut(chance));
    forecast.p_1min = std::max(forecast.p_1min, kBoundProbability);
    forecast.p_5min = std::max(forecast.p_5min, forecast.p_1min);
    forecast.p_1h = std::max(forecast.p_1h, forecast.p_5min);
    forecast.expected_until_use =
        std::min(forecast.expected_until_use, absl::Seconds(30));
    forecast.reasons = {absl::StrCat("this session binds it to ",
                                     std::string(ToString(request.task)))};
  }
  for (const Chance& chance : ranked) {
    if (chosen.size() == request.max_models) break;
    if (*chance.model == bound) continue;
    const Catalogue::Entry* entry = catalogue_.Find(*chance.model);
    if (entry != nullptr && Serves(request, *entry)) {
      chosen.push_back(Predictor::SpellOut(chance));
    }
  }
  return chosen;
}

void Director::AddUnused(const PredictionRequest& request,
                         std::vector<Forecast>* forecasts) const {
  const auto by_type = by_type_.find(request.task);
  if (by_type == by_type_.end()) return;
  for (const ModelId& id : by_type->second) {
    if (forecasts->size() >= request.max_models) return;
    const bool is_there =
        std::any_of(forecasts->begin(), forecasts->end(),
                    [&](const Forecast& f) { return f.model == id; });
    if (is_there || !Serves(request, *catalogue_.Find(id))) continue;
    Forecast forecast;
    forecast.model = id;
    forecast.p_1h = kUnseenProbability;
    forecast.expected_until_use = absl::InfiniteDuration();
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
  std::vector<Forecast> forecasts =
      Choose(request, bound, predictor_.Rank(now, {request.session, user}));
  AddUnused(request, &forecasts);
  Prediction prediction;
  prediction.models.reserve(forecasts.size());
  for (Forecast& forecast : forecasts) {
    const Catalogue::Entry& entry = *catalogue_.Find(forecast.model);
    for (std::string& reason :
         predictor_.Explain(now, {request.session, user}, forecast.model)) {
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
