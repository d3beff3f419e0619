#include "server/engine_service.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "server/convert.h"
#include "server/stream_call.h"
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

using WatchCall = StreamCall<v1::WatchEnginesRequest, v1::WatchEnginesResponse>;

// The newest list, once for each change of it.
class EngineServer::Watch final : public WatchCall {
 public:
  explicit Watch(EngineServer& server)
      : WatchCall(
            server.watch_metrics_,
            [&server](auto* context, auto* request, auto* writer, void* tag) {
              server.service_.RequestWatchEngines(context, request, writer,
                                                  server.queue_.queue(),
                                                  server.queue_.queue(), tag);
            }),
        server_(server) {}

  void WriteNews() {
    if (!CanWrite()) return;
    auto response = ListOf<v1::WatchEnginesResponse>(*server_.runtime_);
    // Without the times, which come out of two clocks: none changes alone.
    v1::WatchEnginesResponse essence = response;
    for (v1::Engine& engine : *essence.mutable_engines()) engine.clear_since();
    std::string text = essence.SerializeAsString();
    if (is_told_ && text == told_) return;
    is_told_ = true;
    told_ = std::move(text);
    Write(response);
  }

 private:
  void OnStarted() override {
    new Watch(server_);  // the next call
    if (server_.queue_.is_draining()) return Finish(StoppingError());
    if (server_.watches_.size() >= limits::kMaxSubscribers) {
      return Finish(MakeError(absl::StatusCode::kResourceExhausted,
                              "TOO_MANY_SUBSCRIBERS", "too many watches",
                              {{"limit", "kMaxSubscribers"}}));
    }
    server_.watches_.insert(this);
    server_.sink_.SetHasStreams(true);
    WriteNews();
  }
  void OnWritten() override { WriteNews(); }
  void OnClosed() override {
    server_.watches_.erase(this);
    server_.sink_.SetHasStreams(!server_.watches_.empty());
  }

  EngineServer& server_;
  std::string told_;
  bool is_told_ = false;
};

EngineServer::EngineServer(CallQueue& queue, RpcMetrics& metrics)
    : queue_(queue),
      list_metrics_(metrics.Add(kService, "ListEngines", "unary")),
      watch_metrics_(metrics.Add(kService, "WatchEngines", "server_stream")),
      detect_metrics_(metrics.Add(kService, "DetectEngines", "unary")),
      add_metrics_(metrics.Add(kService, "AddEngine", "unary")),
      remove_metrics_(metrics.Add(kService, "RemoveEngine", "unary")),
      wake_(queue,
            [this] {
              for (Watch* watch : watches_) watch->WriteNews();
            }),
      sink_(wake_) {}

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
  new Watch(*this);
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
  for (Watch* watch : watches_) watch->Finish(status);
}

}  // namespace warmup
