#include "server/engine_service.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

using Service = v1::EngineService::AsyncService;

constexpr char kService[] = "warmup.v1.EngineService";
v1::EngineOrigin OriginOf(EngineOrigin origin) {
  switch (origin) {
    case EngineOrigin::kConfigured:
      return v1::ENGINE_ORIGIN_CONFIGURED;
    case EngineOrigin::kAdded:
      return v1::ENGINE_ORIGIN_ADDED;
    case EngineOrigin::kFound:
      return v1::ENGINE_ORIGIN_FOUND;
  }
  return v1::ENGINE_ORIGIN_UNSPECIFIED;
}

void SetAbilities(const EngineAbilities& abilities, v1::EngineAbilities* out) {
  out->set_can_load(abilities.can_load);
  out->set_can_unload(abilities.can_unload);
  out->set_has_tiers(abilities.has_tiers);
  out->set_shows_progress(abilities.shows_progress);
  out->set_shows_use(abilities.shows_use);
  out->set_shows_memory(abilities.shows_memory);
}

void SetEngine(const WallClock& wall, const EngineStatus& status,
               v1::Engine* out) {
  out->set_engine_id(status.info.id);
  out->set_kind(status.info.kind);
  out->set_endpoint(status.info.endpoint);
  out->set_is_available(status.health.ok());
  out->set_error(std::string(status.health.message()));
  if (status.since > absl::InfinitePast()) {
    wall.Set(status.since, out->mutable_since());
  }
  out->set_model_count(static_cast<int32_t>(status.models));
  out->set_ready_count(static_cast<int32_t>(status.models_ready));
  out->set_version(status.info.version);
  SetAbilities(status.info.abilities, out->mutable_abilities());
  out->set_origin(OriginOf(status.origin));
}

// `Response`: of ListEngines or WatchEngines.
template <class Response>
Response ListOf(const Runtime& runtime) {
  const WallClock wall(runtime.Now());
  const EngineListing listing = runtime.ListEngines();
  Response response;
  for (const EngineStatus& status : listing.engines) {
    SetEngine(wall, status, response.add_engines());
  }
  for (const NotTaken& not_taken : listing.not_taken) {
    v1::NotTaken* out = response.add_not_taken();
    out->set_endpoint(not_taken.endpoint);
    out->set_reason(not_taken.why);
  }
  return response;
}

absl::Status ValidateAdd(const v1::AddEngineRequest& request) {
  if (request.endpoint().empty()) {
    return InvalidField("endpoint", "must not be empty");
  }
  for (const auto& [field, text] :
       {std::pair{"endpoint", &request.endpoint()},
        std::pair{"token_file", &request.token_file()}}) {
    if (text->size() > limits::kMaxPathBytes) {
      return InvalidField(field, "is too long");
    }
  }
  if (!request.token_file().empty() && request.token_file()[0] != '/') {
    return InvalidField("token_file", "must be an absolute path");
  }
  if (request.engine_id().empty()) return absl::OkStatus();
  return ValidateId("engine_id", request.engine_id());
}

}  // namespace

EngineServer::EngineServer(CallQueue& queue, RpcMetrics& metrics)
    : queue_(queue),
      list_metrics_(metrics.Add(kService, "ListEngines", "unary")),
      detect_metrics_(metrics.Add(kService, "DetectEngines", "unary")),
      add_metrics_(metrics.Add(kService, "AddEngine", "unary")),
      remove_metrics_(metrics.Add(kService, "RemoveEngine", "unary")),
      watches_(queue, metrics.Add(kService, "WatchEngines", "server_stream"),
               [this](auto* context, auto* request, auto* writer, void* tag) {
                 service_.RequestWatchEngines(context, request, writer,
                                              queue_.queue(), queue_.queue(),
                                              tag);
               }),
      wake_(queue, [this] { watches_.WriteNews(); }),
      sink_(wake_, watches_) {}

void EngineServer::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  ServeUnary(service_, &Service::RequestListEngines, queue_, list_metrics_,
             AtOnce([&runtime](const v1::ListEnginesRequest&)
                        -> absl::StatusOr<v1::ListEnginesResponse> {
               return ListOf<v1::ListEnginesResponse>(runtime);
             }));
  ServeUnary(service_, &Service::RequestDetectEngines, queue_, detect_metrics_,
             AtOnce([&runtime](const v1::DetectEnginesRequest&)
                        -> absl::StatusOr<v1::DetectEnginesResponse> {
               runtime.DiscoverSoon();
               return v1::DetectEnginesResponse();
             }));
  ListenEdits();
  // Without the times, which come out of two clocks: none changes alone.
  watches_.Listen(
      {.make = [&runtime] { return ListOf<v1::WatchEnginesResponse>(runtime); },
       .strip =
           [](v1::WatchEnginesResponse& list) {
             for (v1::Engine& engine : *list.mutable_engines()) {
               engine.clear_since();
             }
           }});
}

void EngineServer::ListenEdits() {
  ServeUnary(
      service_, &Service::RequestAddEngine, queue_, add_metrics_,
      [this](UnaryCall<v1::AddEngineRequest, v1::AddEngineResponse>* call) {
        const v1::AddEngineRequest& request = call->request();
        if (const absl::Status valid = ValidateAdd(request); !valid.ok()) {
          call->Answer(valid);
          return;
        }
        runtime_->AddEngine({.id = request.engine_id(),
                             .kind = request.kind(),
                             .endpoint = request.endpoint(),
                             .token_file = request.token_file()},
                            [this, call](absl::StatusOr<EngineStatus> added) {
                              if (!added.ok()) {
                                call->Answer(added.status());
                                return;
                              }
                              v1::AddEngineResponse response;
                              SetEngine(WallClock(runtime_->Now()), *added,
                                        response.mutable_engine());
                              call->Answer(response);
                            });
      });
  ServeUnary(
      service_, &Service::RequestRemoveEngine, queue_, remove_metrics_,
      [this](
          UnaryCall<v1::RemoveEngineRequest, v1::RemoveEngineResponse>* call) {
        runtime_->RemoveEngine(call->request().engine_id(),
                               [call](const absl::StatusOr<std::string>& id) {
                                 if (id.ok()) {
                                   call->Answer(v1::RemoveEngineResponse());
                                 } else {
                                   call->Answer(id.status());
                                 }
                               });
      });
}

void EngineServer::EndStreams(const absl::Status& status) {
  watches_.End(status);
}

}  // namespace warmup
