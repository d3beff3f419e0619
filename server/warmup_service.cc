#include "server/warmup_service.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

constexpr char kService[] = "warmup.v1.WarmupService";

template <class Response, class Call>
Runtime::Done<Runtime::SessionAnswer> AnswerSession(Runtime& runtime,
                                                    Call* call) {
  return
      [&runtime, call](const absl::StatusOr<Runtime::SessionAnswer>& answer) {
        if (!answer.ok()) {
          call->Answer(answer.status());
          return;
        }
        Response response;
        SetSession(WallClock(runtime.Now()), answer->session,
                   response.mutable_session());
        response.set_is_durable(answer->is_durable);
        call->Answer(std::move(response));
      };
}

absl::Status CheckBatch(std::string_view field, int size) {
  if (size > 0 && static_cast<size_t>(size) <= limits::kMaxFactsPerBatch) {
    return absl::OkStatus();
  }
  return InvalidField(field, absl::StrCat("has ", size,
                                          " entries, outside 1 "
                                          "to ",
                                          limits::kMaxFactsPerBatch));
}

}  // namespace

WarmupServer::WarmupServer(CallQueue& queue, RpcMetrics& metrics)
    : queue_(queue),
      metrics_(metrics),
      activities_(queue,
                  metrics.Add(kService, "StreamActivity", "client_stream"),
                  [this](auto* context, auto* reader, void* tag) {
                    service_.RequestStreamActivity(
                        context, reader, queue_.queue(), queue_.queue(), tag);
                  }),
      exports_(queue, metrics.Add(kService, "ExportUsage", "server_stream"),
               [this](auto* context, auto* request, auto* writer, void* tag) {
                 service_.RequestExportUsage(context, request, writer,
                                             queue_.queue(), queue_.queue(),
                                             tag);
               }) {}

template <class Request, class Handler>
void WarmupServer::Serve(const char* method, Request request, Handler handler) {
  ServeUnary(service_, request, queue_, metrics_.Add(kService, method, "unary"),
             std::move(handler));
}

void WarmupServer::Listen(Runtime& runtime) {
  runtime_ = &runtime;
  ListenSessions();
  ListenFacts();
  ListenQuestions();
  activities_.Listen(runtime);
  exports_.Listen(runtime);
}

void WarmupServer::ListenSessions() {
  using Service = v1::WarmupService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve("StartWarmupSession", &Service::RequestStartWarmupSession,
        [&runtime](auto* call) {
          absl::StatusOr<Session> session =
              ReadSession(call->request().session());
          if (!session.ok()) {
            call->Answer(session.status());
            return;
          }
          runtime.StartSession(
              *std::move(session),
              AnswerSession<v1::StartWarmupSessionResponse>(runtime, call));
        });
  Serve("KeepAliveWarmupSession", &Service::RequestKeepAliveWarmupSession,
        [&runtime](auto* call) {
          std::optional<std::map<std::string, ModelId>> roles;
          if (call->request().has_role_bindings()) {
            const auto& in = call->request().role_bindings().roles();
            roles.emplace(in.begin(), in.end());
          }
          runtime.KeepAliveSession(
              call->request().session_id(), roles,
              AnswerSession<v1::KeepAliveWarmupSessionResponse>(runtime, call));
        });
  Serve("StopWarmupSession", &Service::RequestStopWarmupSession,
        [&runtime](auto* call) {
          runtime.StopSession(
              call->request().session_id(),
              AnswerSession<v1::StopWarmupSessionResponse>(runtime, call));
        });
  Serve("ListWarmupSessions", &Service::RequestListWarmupSessions,
        AtOnce([&runtime](const v1::ListWarmupSessionsRequest& request)
                   -> absl::StatusOr<v1::ListWarmupSessionsResponse> {
          WARMUP_ASSIGN_OR_RETURN(
              const int size, ReadPageSize("page_size", request.page_size()));
          const WallClock wall(runtime.Now());
          v1::ListWarmupSessionsResponse response;
          for (const Session& session : runtime.ListSessions()) {
            if (session.id <= request.page_token()) continue;
            if (response.sessions_size() == size) {
              response.set_next_page_token(
                  response.sessions(size - 1).session_id());
              break;
            }
            SetSession(wall, session, response.add_sessions());
          }
          return response;
        }));
}

void WarmupServer::ListenFacts() {
  using Service = v1::WarmupService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve(
      "ReportActivity", &Service::RequestReportActivity,
      AtOnce([&runtime](const v1::ReportActivityRequest& request)
                 -> absl::StatusOr<v1::ReportActivityResponse> {
        WARMUP_RETURN_IF_ERROR(
            CheckBatch("activities", request.activities_size()));
        const WallClock wall(runtime.Now());
        std::vector<ActivityReport> batch;
        for (const v1::Activity& activity : request.activities()) {
          WARMUP_ASSIGN_OR_RETURN(
              ActivityReport report,
              ReadActivity(wall, absl::StrCat("activities[", batch.size(), "]"),
                           activity));
          batch.push_back(std::move(report));
        }
        WARMUP_RETURN_IF_ERROR(runtime.ReportActivity(batch));
        return v1::ReportActivityResponse();
      }));
  Serve("RecordUsage", &Service::RequestRecordUsage,
        AtOnce([&runtime](const v1::RecordUsageRequest& request)
                   -> absl::StatusOr<v1::RecordUsageResponse> {
          WARMUP_RETURN_IF_ERROR(CheckBatch("usages", request.usages_size()));
          const WallClock wall(runtime.Now());
          std::vector<UsageReport> batch;
          for (const v1::Usage& usage : request.usages()) {
            WARMUP_ASSIGN_OR_RETURN(
                UsageReport report,
                ReadUsage(wall, absl::StrCat("usages[", batch.size(), "]"),
                          usage));
            batch.push_back(std::move(report));
          }
          WARMUP_RETURN_IF_ERROR(runtime.RecordUsage(batch));
          return v1::RecordUsageResponse();
        }));
}

void WarmupServer::ListenQuestions() {
  using Service = v1::WarmupService::AsyncService;
  Runtime& runtime = *runtime_;
  Serve("GetWarmupPrediction", &Service::RequestGetWarmupPrediction,
        AtOnce([&runtime](const v1::GetWarmupPredictionRequest& request)
                   -> absl::StatusOr<v1::GetWarmupPredictionResponse> {
          WARMUP_ASSIGN_OR_RETURN(const PredictionRequest question,
                                  ReadPredictionRequest(request));
          WARMUP_ASSIGN_OR_RETURN(const Prediction prediction,
                                  runtime.Predict(question));
          v1::GetWarmupPredictionResponse response;
          SetPrediction(request, prediction, &response);
          return response;
        }));
  Serve("GetWarmupMetrics", &Service::RequestGetWarmupMetrics,
        AtOnce([&runtime](const v1::GetWarmupMetricsRequest&)
                   -> absl::StatusOr<v1::GetWarmupMetricsResponse> {
          v1::GetWarmupMetricsResponse response;
          SetMetrics(WallClock(runtime.Now()), runtime.GetStatus(), &response);
          response.set_uptime_seconds(
              absl::ToDoubleSeconds(runtime.Now() - runtime.started_at()));
          response.set_is_store_healthy(runtime.IsStoreHealthy());
          return response;
        }));
  Serve("GetPredictionQuality", &Service::RequestGetPredictionQuality,
        AtOnce([&runtime](const v1::GetPredictionQualityRequest&)
                   -> absl::StatusOr<v1::GetPredictionQualityResponse> {
          v1::GetPredictionQualityResponse response;
          SetQuality(runtime.GetStatus(), &response);
          return response;
        }));
}

}  // namespace warmup
