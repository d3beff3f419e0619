#include "server/model_service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

constexpr char kService[] = "warmup.v1.ModelService";

// When a call that waits gives up: what it says itself, or its deadline, on
// the core's timeline.
absl::Time GiveUpAt(absl::Time now, const grpc::ServerContext& context,
                    uint32_t timeout_ms) {
  absl::Time deadline = absl::InfiniteFuture();
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    deadline = now + (absl::FromChrono(context.deadline()) - absl::Now());
  }
  if (timeout_ms > 0) {
    deadline = std::min(deadline, now + absl::Milliseconds(timeout_ms));
  }
  return deadline;
}

// Answers `call` with the model that a change left.
template <class Response, class Call>
Runtime::Done<ModelView> AnswerModel(Runtime& runtime, Call* call) {
  return [&runtime, call](const absl::StatusOr<ModelView>& view) {
    if (!view.ok()) {
      call->Answer(view.status());
      return;
    }
    Response response;
    SetModel(WallClock(runtime.Now()), *view, response.mutable_model());
    call->Answer(std::move(response));
  };
}

// Has `start` wait on behalf of `call`, and withdraws if the caller leaves.
template <class Call>
void WaitFor(Runtime& runtime, Call* call, absl::Status left,
             const std::function<WaiterId()>& start) {
  const WaiterId waiter = start();
  if (waiter == 0) return;  // answered
  call->OnCancel([&runtime, call, waiter, left = std::move(left)] {
    if (runtime.Withdraw(waiter)) call->Answer(left);
  });
}

}  // namespace

ModelServer::ModelServer(const Clock& clock, CallQueue& queue,
                         RpcMetrics& metrics)
    : queue_(queue),
      metrics_(metrics),
      watches_(
          clock, queue, metrics.Add(kService, "WatchModels", "server_stream"),
          [this](auto* context, auto* request, auto* writer, void* tag) {
            service_.RequestWatchModels(context, request, writer,
                                        queue_.queue(), queue_.queue(), tag);
          }) {}

template <class Request, class Handler>
void ModelServer::Serve(const char* method, Request request, Handler handler,
                        bool watches_cancel) {
  ServeUnary(service_, request, queue_, metrics_.Add(kService, method, "unary"),
             std::move(handler), watches_cancel);
}

void ModelServer::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  ListenCatalogue();
  ListenLoads();
  ListenLeases();
  ListenPolicy();
  watches_.Listen(runtime.ListModels("", limits::kMaxModels));
}

void ModelServer::ListenCatalogue() {
  using Service = v1::ModelService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve("RegisterModel", &Service::RequestRegisterModel,
        [&runtime](auto* call) {
          absl::StatusOr<ModelSpec> spec = ReadSpec(call->request().spec());
          if (!spec.ok()) {
            call->Answer(spec.status());
            return;
          }
          runtime.RegisterModel(
              *std::move(spec),
              AnswerModel<v1::RegisterModelResponse>(runtime, call));
        });
  Serve("UpdateModel", &Service::RequestUpdateModel, [&runtime](auto* call) {
    absl::StatusOr<ModelSpec> spec = ReadSpec(call->request().spec());
    if (!spec.ok()) {
      call->Answer(spec.status());
      return;
    }
    std::optional<int64_t> revision;
    if (call->request().has_expected_revision()) {
      revision = call->request().expected_revision();
    }
    runtime.UpdateModel(*std::move(spec), revision,
                        AnswerModel<v1::UpdateModelResponse>(runtime, call));
  });
  Serve("PinModel", &Service::RequestPinModel, [&runtime](auto* call) {
    runtime.PinModel(call->request().model_id(), call->request().is_pinned(),
                     AnswerModel<v1::PinModelResponse>(runtime, call));
  });
  Serve("RemoveModel", &Service::RequestRemoveModel, [&runtime](auto* call) {
    runtime.RemoveModel(call->request().model_id(),
                        [call](const absl::StatusOr<ModelId>& id) {
                          if (!id.ok()) {
                            call->Answer(id.status());
                          } else {
                            call->Answer(v1::RemoveModelResponse());
                          }
                        });
  });
  Serve("GetModel", &Service::RequestGetModel,
        AtOnce([&runtime](const v1::GetModelRequest& request)
                   -> absl::StatusOr<v1::GetModelResponse> {
          WARMUP_ASSIGN_OR_RETURN(const ModelView view,
                                  runtime.GetModel(request.model_id()));
          v1::GetModelResponse response;
          SetModel(WallClock(runtime.Now()), view, response.mutable_model());
          return response;
        }));
  Serve("ListModels", &Service::RequestListModels,
        AtOnce([&runtime](const v1::ListModelsRequest& request)
                   -> absl::StatusOr<v1::ListModelsResponse> {
          WARMUP_ASSIGN_OR_RETURN(
              const int size, ReadPageSize("page_size", request.page_size()));
          // The token is the last id of the page before: pages stay right
          // when models come and go.
          std::vector<ModelView> views = runtime.ListModels(
              request.page_token(), static_cast<size_t>(size) + 1);
          v1::ListModelsResponse response;
          if (views.size() > static_cast<size_t>(size)) {
            views.pop_back();
            response.set_next_page_token(views.back().spec.id);
          }
          const WallClock wall(runtime.Now());
          for (const ModelView& view : views) {
            SetModel(wall, view, response.add_models());
          }
          return response;
        }));
}

void ModelServer::ListenLoads() {
  using Service = v1::ModelService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve(
      "LoadModel", &Service::RequestLoadModel,
      [&runtime](auto* call) {
        const v1::LoadModelRequest& request = call->request();
        const auto answer = [&runtime, call](const ModelId& id,
                                             const Wake* wake) {
          const absl::StatusOr<ModelView> view = runtime.GetModel(id);
          if (!view.ok()) {
            call->Answer(view.status());
            return;
          }
          v1::LoadModelResponse response;
          SetModel(WallClock(runtime.Now()), *view, response.mutable_model());
          if (wake != nullptr) {
            response.set_served_as(ToProto(wake->served_as));
            SetDuration(wake->waited, response.mutable_waited());
          }
          call->Answer(std::move(response));
        };
        if (!request.wait()) {
          if (request.timeout_ms() > 0) {
            call->Answer(InvalidField("timeout_ms", "only with wait"));
            return;
          }
          const absl::Status status =
              runtime.RequestLoad(request.model_id(), request.may_evict());
          if (!status.ok()) {
            call->Answer(status);
          } else {
            answer(request.model_id(), nullptr);
          }
          return;
        }
        WaitFor(runtime, call,
                absl::CancelledError("the caller left before the model was "
                                     "loaded"),
                [&] {
                  return runtime.LoadModel(
                      request.model_id(),
                      GiveUpAt(runtime.Now(), call->context(),
                               request.timeout_ms()),
                      [call, answer](const absl::StatusOr<Wake>& wake) {
                        if (wake.ok()) {
                          answer(wake->model, &*wake);
                        } else {
                          call->Answer(wake.status());
                        }
                      });
                });
      },
      /*watches_cancel=*/true);
  Serve(
      "UnloadModel", &Service::RequestUnloadModel,
      [&runtime](auto* call) {
        const v1::UnloadModelRequest& request = call->request();
        WaitFor(
            runtime, call,
            absl::CancelledError("the caller left; the unload goes on"), [&] {
              return runtime.UnloadModel(
                  request.model_id(),
                  GiveUpAt(runtime.Now(), call->context(),
                           request.timeout_ms()),
                  [&runtime, call](const absl::StatusOr<Wake>& wake) {
                    AnswerModel<v1::UnloadModelResponse>(
                        runtime, call)(wake.ok() ? runtime.GetModel(wake->model)
                                                 : wake.status());
                  });
            });
      },
      /*watches_cancel=*/true);
}

void ModelServer::ListenLeases() {
  using Service = v1::ModelService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve("AcquireLease", &Service::RequestAcquireLease,
        AtOnce([&runtime](const v1::AcquireLeaseRequest& request)
                   -> absl::StatusOr<v1::AcquireLeaseResponse> {
          WARMUP_ASSIGN_OR_RETURN(const absl::Duration duration,
                                  ReadDuration("duration", request.duration()));
          WARMUP_ASSIGN_OR_RETURN(
              const Lease lease,
              runtime.AcquireLease(request.model_id(), duration));
          v1::AcquireLeaseResponse response;
          SetLease(WallClock(runtime.Now()), lease, response.mutable_lease());
          return response;
        }));
  Serve("RenewLease", &Service::RequestRenewLease,
        AtOnce([&runtime](const v1::RenewLeaseRequest& request)
                   -> absl::StatusOr<v1::RenewLeaseResponse> {
          WARMUP_ASSIGN_OR_RETURN(const absl::Duration duration,
                                  ReadDuration("duration", request.duration()));
          WARMUP_ASSIGN_OR_RETURN(
              const Lease lease,
              runtime.RenewLease(request.lease_id(), duration));
          v1::RenewLeaseResponse response;
          SetLease(WallClock(runtime.Now()), lease, response.mutable_lease());
          return response;
        }));
  Serve("ReleaseLease", &Service::RequestReleaseLease,
        AtOnce([&runtime](const v1::ReleaseLeaseRequest& request)
                   -> absl::StatusOr<v1::ReleaseLeaseResponse> {
          WARMUP_RETURN_IF_ERROR(runtime.ReleaseLease(request.lease_id()));
          return v1::ReleaseLeaseResponse();
        }));
}

void ModelServer::ListenPolicy() {
  using Service = v1::ModelService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve("GetSwitchingPolicy", &Service::RequestGetSwitchingPolicy,
        AtOnce([&runtime](const v1::GetSwitchingPolicyRequest&)
                   -> absl::StatusOr<v1::GetSwitchingPolicyResponse> {
          v1::GetSwitchingPolicyResponse response;
          SetPolicy(runtime.GetPolicy(), response.mutable_policy());
          return response;
        }));
  Serve("SetSwitchingPolicy", &Service::RequestSetSwitchingPolicy,
        [&runtime](auto* call) {
          if (!call->request().has_policy()) {
            call->Answer(InvalidField("policy", "is required"));
            return;
          }
          const absl::StatusOr<SwitchingPolicy> policy =
              ReadPolicy(call->request().policy());
          if (!policy.ok()) {
            call->Answer(policy.status());
            return;
          }
          runtime.SetPolicy(*policy,
                            [call](const absl::StatusOr<SwitchingPolicy>& set) {
                              if (!set.ok()) {
                                call->Answer(set.status());
                                return;
                              }
                              v1::SetSwitchingPolicyResponse response;
                              SetPolicy(*set, response.mutable_policy());
                              call->Answer(std::move(response));
                            });
        });
}

}  // namespace warmup
