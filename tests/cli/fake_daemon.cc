#include "tests/cli/fake_daemon.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "warmup/v1/event.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

using grpc::ServerContext;
using grpc::Status;

v1::Model FakeModel(const std::string& id) {
  for (const v1::Model& model : FakeModels()) {
    if (model.spec().model_id() == id) return model;
  }
  v1::Model model = FakeModels().front();
  model.mutable_spec()->set_model_id(id);
  return model;
}

v1::WarmupSession FakeSession(const v1::WarmupSession& asked) {
  v1::WarmupSession session = asked;
  if (session.session_id().empty()) session.set_session_id("s-1");
  if (!session.has_lease()) session.mutable_lease()->set_seconds(60);
  session.mutable_start_time()->set_seconds(1714557600);
  session.mutable_expire_time()->set_seconds(1714557660);
  return session;
}

// Most methods are: note the request, fail if told so, fill in the answer.
#define FAKE_METHOD(Name)                                       \
  Status Name(ServerContext*, const v1::Name##Request* request, \
              v1::Name##Response* response) override {          \
    const Status status = state_.Take(#Name, *request);         \
    if (status.ok()) Answer(*request, response);                \
    return status;                                              \
  }

class FakeWarmup : public v1::WarmupService::Service {
 public:
  explicit FakeWarmup(FakeState& state) : state_(state) {}

  FAKE_METHOD(GetWarmupPrediction)
  FAKE_METHOD(StartWarmupSession)
  FAKE_METHOD(KeepAliveWarmupSession)
  FAKE_METHOD(StopWarmupSession)
  FAKE_METHOD(ListWarmupSessions)
  FAKE_METHOD(ReportActivity)
  FAKE_METHOD(RecordUsage)
  FAKE_METHOD(GetWarmupMetrics)
  FAKE_METHOD(GetPredictionQuality)

  Status ExportUsage(
      ServerContext*, const v1::ExportUsageRequest* request,
      grpc::ServerWriter<v1::ExportUsageResponse>* writer) override {
    const Status status = state_.Take("ExportUsage", *request);
    if (!status.ok()) return status;
    for (const v1::ExportUsageResponse& part : FakeUsage()) {
      writer->Write(part);
    }
    state_.WaitWhileHeld();
    return Status::OK;
  }

  Status StreamActivity(ServerContext*,
                        grpc::ServerReader<v1::StreamActivityRequest>* reader,
                        v1::StreamActivityResponse* response) override {
    v1::StreamActivityRequest request;
    uint32_t count = 0;
    Status status;
    while (status.ok() && reader->Read(&request)) {
      status = state_.Take("StreamActivity", request);
      if (status.ok()) ++count;
    }
    response->set_accepted_count(count);
    return status;
  }

 private:
  static void Answer(const v1::GetWarmupPredictionRequest& request,
                     v1::GetWarmupPredictionResponse* response) {
    if (request.session_id() == "nothing") return;
    v1::PredictedModel* model = response->add_predicted_models();
    model->set_model_id("coder:1.5b");
    model->set_model_type(v1::MODEL_TYPE_COMPLETION);
    model->set_probability_next(0.42);
    model->set_probability_5min(0.71);
    model->set_probability_1h(0.999);
    model->set_expected_seconds_until_use(40);
    model->set_tier(v1::MODEL_TIER_READY);
    model->add_reasons("bound to completion");
    model->add_reasons("used 12 s ago");
    model->mutable_resource_requirements()->set_memory_mb(1075);
    model->set_meets_acceptable_latency(true);
    model = response->add_predicted_models();
    model->set_model_id("llama3.1:8b");
    model->set_tier(v1::MODEL_TIER_COLD);
    model->set_estimated_warmup_time_ms(5000);
    response->set_confidence_score(0.999);
    response->set_estimated_warmup_time_ms(5000);
    response->mutable_resource_requirements()->set_memory_mb(5683);
  }
  static void Answer(const v1::StartWarmupSessionRequest& request,
                     v1::StartWarmupSessionResponse* response) {
    *response->mutable_session() = FakeSession(request.session());
    response->set_is_durable(request.session().user_id() != "undurable");
  }
  static void Answer(const v1::KeepAliveWarmupSessionRequest& request,
                     v1::KeepAliveWarmupSessionResponse* response) {
    v1::WarmupSession session;
    session.set_session_id(request.session_id());
    *session.mutable_roles() = request.role_bindings().roles();
    *response->mutable_session() = FakeSession(session);
    response->set_is_durable(true);
  }
  static void Answer(const v1::StopWarmupSessionRequest& request,
                     v1::StopWarmupSessionResponse* response) {
    response->mutable_session()->set_session_id(request.session_id());
    response->set_is_durable(true);
  }
  // Two pages.
  static void Answer(const v1::ListWarmupSessionsRequest& request,
                     v1::ListWarmupSessionsResponse* response) {
    v1::WarmupSession session;
    session.set_session_id(request.page_token().empty() ? "s-1" : "s-2");
    session.set_user_id("ann");
    (*session.mutable_roles())["chat"] = "llama3.1:8b";
    *response->add_sessions() = FakeSession(session);
    if (request.page_token().empty()) response->set_next_page_token("s-1");
  }
  static void Answer(const v1::ReportActivityRequest&,
                     v1::ReportActivityResponse*) {}
  static void Answer(const v1::RecordUsageRequest&, v1::RecordUsageResponse*) {}
  static void Answer(const v1::GetWarmupMetricsRequest&,
                     v1::GetWarmupMetricsResponse* response) {
    *response = FakeMetrics();
  }
  static void Answer(const v1::GetPredictionQualityRequest&,
                     v1::GetPredictionQualityResponse* response) {
    *response = FakeQuality();
  }

  FakeState& state_;
};

class FakeModelService : public v1::ModelService::Service {
 public:
  explicit FakeModelService(FakeState& state) : state_(state) {}

  FAKE_METHOD(RegisterModel)
  FAKE_METHOD(UpdateModel)
  FAKE_METHOD(RemoveModel)
  FAKE_METHOD(GetModel)
  FAKE_METHOD(ListModels)
  FAKE_METHOD(LoadModel)
  FAKE_METHOD(UnloadModel)
  FAKE_METHOD(PinModel)
  FAKE_METHOD(AcquireLease)
  FAKE_METHOD(RenewLease)
  FAKE_METHOD(ReleaseLease)
  FAKE_METHOD(GetSwitchingPolicy)
  FAKE_METHOD(SetSwitchingPolicy)

  Status WatchModels(
      ServerContext*, const v1::WatchModelsRequest* request,
      grpc::ServerWriter<v1::WatchModelsResponse>* writer) override {
    Status status = state_.Take("WatchModels", *request);
    if (!status.ok()) return status;
    v1::WatchModelsResponse response;
    for (const v1::Model& model : FakeModels()) *response.add_models() = model;
    response.set_is_snapshot_complete(true);
    writer->Write(response);
    response.Clear();
    response.add_removed_model_ids("embed");
    writer->Write(response);
    state_.WaitWhileHeld();
    return Status::OK;
  }

 private:
  static void Answer(const v1::RegisterModelRequest& request,
                     v1::RegisterModelResponse* response) {
    *response->mutable_model()->mutable_spec() = request.spec();
  }
  static void Answer(const v1::UpdateModelRequest& request,
                     v1::UpdateModelResponse* response) {
    *response->mutable_model()->mutable_spec() = request.spec();
  }
  static void Answer(const v1::RemoveModelRequest&, v1::RemoveModelResponse*) {}
  static void Answer(const v1::GetModelRequest& request,
                     v1::GetModelResponse* response) {
    *response->mutable_model() = FakeModel(request.model_id());
  }
  // Two pages.
  static void Answer(const v1::ListModelsRequest& request,
                     v1::ListModelsResponse* response) {
    const std::vector<v1::Model> models = FakeModels();
    const size_t begin = request.page_token().empty() ? 0 : 2;
    *response->add_models() = models[begin];
    *response->add_models() = models[begin + 1];
    if (begin == 0) response->set_next_page_token("embed");
  }
  static void Answer(const v1::LoadModelRequest& request,
                     v1::LoadModelResponse* response) {
    *response->mutable_model() = FakeModel(request.model_id());
    if (!request.wait()) return;
    response->set_served_as(v1::SERVED_AS_COLD);
    response->mutable_waited()->set_seconds(2);
  }
  static void Answer(const v1::UnloadModelRequest& request,
                     v1::UnloadModelResponse* response) {
    *response->mutable_model() = FakeModel(request.model_id());
  }
  static void Answer(const v1::PinModelRequest& request,
                     v1::PinModelResponse* response) {
    *response->mutable_model() = FakeModel(request.model_id());
    response->mutable_model()->mutable_spec()->set_is_pinned(
        request.is_pinned());
  }
  static void Answer(const v1::AcquireLeaseRequest& request,
                     v1::AcquireLeaseResponse* response) {
    response->mutable_lease()->set_lease_id("lease-1");
    response->mutable_lease()->set_model_id(request.model_id());
  }
  static void Answer(const v1::RenewLeaseRequest& request,
                     v1::RenewLeaseResponse* response) {
    response->mutable_lease()->set_lease_id(request.lease_id());
    response->mutable_lease()->set_model_id("embed");
  }
  static void Answer(const v1::ReleaseLeaseRequest&,
                     v1::ReleaseLeaseResponse*) {}
  void Answer(const v1::GetSwitchingPolicyRequest&,
              v1::GetSwitchingPolicyResponse* response) {
    *response->mutable_policy() = state_.policy();
  }
  void Answer(const v1::SetSwitchingPolicyRequest& request,
              v1::SetSwitchingPolicyResponse* response) {
    state_.set_policy(request.policy());
    *response->mutable_policy() = request.policy();
  }

  FakeState& state_;
};

class FakeEventService : public v1::EventService::Service {
 public:
  explicit FakeEventService(FakeState& state) : state_(state) {}

  FAKE_METHOD(Publish)
  FAKE_METHOD(GetRecentEvents)

  Status Subscribe(ServerContext*, const v1::SubscribeRequest* request,
                   grpc::ServerWriter<v1::SubscribeResponse>* writer) override {
    const Status status = state_.Take("Subscribe", *request);
    if (!status.ok()) return status;
    v1::SubscribeResponse response;
    response.mutable_gap()->set_lost_count(7);
    response.mutable_gap()->set_next_sequence(41);
    for (const v1::Event& event : FakeEvents()) {
      *response.add_events() = event;
    }
    writer->Write(response);
    state_.WaitWhileHeld();
    return Status::OK;
  }

 private:
  static void Answer(const v1::PublishRequest& request,
                     v1::PublishResponse* response) {
    *response->mutable_event() = request.event();
    response->mutable_event()->set_sequence(43);
  }
  static void Answer(const v1::GetRecentEventsRequest&,
                     v1::GetRecentEventsResponse* response) {
    for (const v1::Event& event : FakeEvents()) {
      *response->add_events() = event;
    }
  }

  FakeState& state_;
};

#undef FAKE_METHOD

class FakeHealth : public grpc::health::v1::Health::Service {
 public:
  explicit FakeHealth(FakeState& state) : state_(state) {}

  Status Check(ServerContext*,
               const grpc::health::v1::HealthCheckRequest* request,
               grpc::health::v1::HealthCheckResponse* response) override {
    const Status status = state_.Take("Check", *request);
    if (status.ok()) Answer(response);
    return status;
  }
  Status Watch(ServerContext*,
               const grpc::health::v1::HealthCheckRequest* request,
               grpc::ServerWriter<grpc::health::v1::HealthCheckResponse>*
                   writer) override {
    const Status status = state_.Take("Watch", *request);
    if (!status.ok()) return status;
    grpc::health::v1::HealthCheckResponse response;
    Answer(&response);
    writer->Write(response);
    state_.WaitWhileHeld();
    return Status::OK;
  }

 private:
  void Answer(grpc::health::v1::HealthCheckResponse* response) const {
    response->set_status(
        state_.is_serving()
            ? grpc::health::v1::HealthCheckResponse::SERVING
            : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  }

  FakeState& state_;
};

namespace reflection = grpc::reflection::v1alpha;

class FakeReflection : public reflection::ServerReflection::Service {
 public:
  Status ServerReflectionInfo(
      ServerContext*,
      grpc::ServerReaderWriter<reflection::ServerReflectionResponse,
                               reflection::ServerReflectionRequest>* stream)
      override {
    reflection::ServerReflectionRequest request;
    while (stream->Read(&request)) stream->Write(Answer(request));
    return Status::OK;
  }

 private:
  static reflection::ServerReflectionResponse Answer(
      const reflection::ServerReflectionRequest& request) {
    reflection::ServerReflectionResponse response;
    if (request.has_list_services()) {
      auto* list = response.mutable_list_services_response();
      list->add_service()->set_name("grpc.health.v1.Health");
      list->add_service()->set_name("warmup.v1.ModelService");
      return response;
    }
    const auto* file =
        google::protobuf::DescriptorPool::generated_pool()
            ->FindFileContainingSymbol(request.file_containing_symbol());
    if (file == nullptr) {
      response.mutable_error_response()->set_error_code(
          grpc::StatusCode::NOT_FOUND);
      response.mutable_error_response()->set_error_message("Symbol not found.");
      return response;
    }
    google::protobuf::FileDescriptorProto proto;
    file->CopyTo(&proto);
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        proto.SerializeAsString());
    return response;
  }
};

}  // namespace

FakeDaemon::FakeDaemon(const std::string& socket_path) {
  services_.push_back(std::make_unique<FakeWarmup>(state_));
  services_.push_back(std::make_unique<FakeModelService>(state_));
  services_.push_back(std::make_unique<FakeEventService>(state_));
  services_.push_back(std::make_unique<FakeHealth>(state_));
  services_.push_back(std::make_unique<FakeReflection>());
  v1::SwitchingPolicy policy;
  policy.set_max_concurrent_loads(1);
  policy.set_memory_price("0");
  policy.set_switching_timeout_ms(300000);
  policy.set_resource_aware_switching(true);
  policy.set_predictive_preloading(true);
  state_.set_policy(policy);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_path,
                           grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
}

FakeDaemon::~FakeDaemon() {
  state_.Release();
  server_->Shutdown();
  server_->Wait();
}

}  // namespace warmup::cli
