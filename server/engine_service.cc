#include "server/engine_service.h"

#include <string>

#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

constexpr char kService[] = "warmup.v1.EngineService";

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
}

}  // namespace

EngineServer::EngineServer(CallQueue& queue, RpcMetrics& metrics)
    : queue_(queue),
      list_metrics_(metrics.Add(kService, "ListEngines", "unary")),
      detect_metrics_(metrics.Add(kService, "DetectEngines", "unary")) {}

void EngineServer::Listen(Runtime& runtime) {
  using Service = v1::EngineService::AsyncService;
  ServeUnary(service_, &Service::RequestListEngines, queue_, list_metrics_,
             AtOnce([&runtime](const v1::ListEnginesRequest&)
                        -> absl::StatusOr<v1::ListEnginesResponse> {
               const WallClock wall(runtime.Now());
               v1::ListEnginesResponse response;
               for (const EngineStatus& status : runtime.ListEngines()) {
                 SetEngine(wall, status, response.add_engines());
               }
               return response;
             }));
  ServeUnary(service_, &Service::RequestDetectEngines, queue_, detect_metrics_,
             AtOnce([&runtime](const v1::DetectEnginesRequest&)
                        -> absl::StatusOr<v1::DetectEnginesResponse> {
               runtime.DiscoverSoon();
               return v1::DetectEnginesResponse();
             }));
}

}  // namespace warmup
