#include "bench/engines/ide.h"

#include "absl/strings/str_cat.h"
#include "bench/engines/inference_server.h"
#include "bench/support/raw_client.h"
#include "bench/support/table.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::bench {
namespace {

constexpr char kUser[] = "developer";
constexpr int kLeaseSeconds = 3600;

template <class Request, class Response>
Response Must(v1::WarmupService::Stub& stub,
              grpc::Status (v1::WarmupService::Stub::*method)(
                  grpc::ClientContext*, const Request&, Response*),
              const Request& request) {
  grpc::ClientContext context;
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) Fail(status.error_message());
  return response;
}

}  // namespace

Ide::Ide(const std::string& socket)
    : stub_(v1::WarmupService::NewStub(NewChannel(socket))) {}

void Ide::OpenSession(const std::string& model) {
  if (!session_.empty()) {
    v1::StopWarmupSessionRequest stop;
    stop.set_session_id(session_);
    Must(*stub_, &v1::WarmupService::Stub::StopWarmupSession, stop);
  }
  v1::StartWarmupSessionRequest start;
  v1::WarmupSession& session = *start.mutable_session();
  session.set_client("bench");
  session.set_user_id(kUser);
  session.mutable_lease()->set_seconds(kLeaseSeconds);
  (*session.mutable_roles())["chat"] = model;
  session_ = Must(*stub_, &v1::WarmupService::Stub::StartWarmupSession, start)
                 .session()
                 .session_id();
}

void Ide::ReportActivity(const std::string& kind) {
  v1::ReportActivityRequest report;
  v1::Activity& activity = *report.add_activities();
  activity.set_kind(kind);
  activity.set_session_id(session_);
  Must(*stub_, &v1::WarmupService::Stub::ReportActivity, report);
}

void Ide::RecordUsage(const std::string& model) {
  v1::RecordUsageRequest request;
  v1::Usage& usage = *request.add_usages();
  usage.set_model_id(model);
  usage.set_session_id(session_);
  usage.set_user_id(kUser);
  Must(*stub_, &v1::WarmupService::Stub::RecordUsage, request);
}

void AwaitModels(const std::string& socket, int count) {
  const auto stub = v1::ModelService::NewStub(NewChannel(socket));
  Await(absl::StrCat(count, " models to be found"), [&] {
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    return stub->ListModels(&context, v1::ListModelsRequest(), &response)
               .ok() &&
           response.models_size() == count;
  });
}

}  // namespace warmup::bench
