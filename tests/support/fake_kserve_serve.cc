// The calls of a FakeKserve.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/fake_kserve.h"

namespace warmup {
namespace {

using grpc::Status;
using grpc::StatusCode;

constexpr absl::Duration kLook = absl::Milliseconds(2);

}  // namespace

std::string FakeKserve::Spelled(const std::string& state) const {
  if (kind_ != Kind::kMlServer) return state;
  return absl::StrCat("State.", state.empty() ? "UNAVAILABLE" : state);
}

std::optional<Status> FakeKserve::Begin(const std::string& method,
                                        grpc::ServerContext* context,
                                        google::protobuf::Message* answer) {
  MutexLock lock(mutex_);
  ++calls_[method];
  const absl::Time late = absl::Now() + delay_;
  while ((is_hanging_ || absl::Now() < late) && !is_stopping_ &&
         !context->IsCancelled()) {
    changed_.WaitFor(mutex_, kLook);
  }
  if (is_stopping_) return Status(StatusCode::UNAVAILABLE, "it stops");
  // Of one that hung, a caller that has left wants nothing more.
  if (context->IsCancelled()) return Status::CANCELLED;
  if (filling_.empty()) return answer_;
  answer->Clear();
  answer->GetReflection()->MutableUnknownFields(answer)->AddLengthDelimited(
      1, filling_);
  return Status::OK;
}

void FakeKserve::BeginUnload(Model& model) {
  model.state = "UNLOADING";
  model.unload_looks = kUnloadLooks;
}

Status FakeKserve::LoadModel(const std::string& name,
                             grpc::ServerContext* context) {
  MutexLock lock(mutex_);
  const auto it = models_.find(name);
  if (it == models_.end()) {
    return kind_ == Kind::kTriton
               ? Status(StatusCode::INTERNAL,
                        absl::StrCat("failed to load '", name,
                                     "', failed to poll from model repository"))
               : Status(StatusCode::NOT_FOUND,
                        absl::StrCat("Model ", name, " not found"));
  }
  Model& model = it->second;
  if (kind_ == Kind::kTriton && model.state == "READY") return Status::OK;
  ++model.loads;
  model.state = kind_ == Kind::kMlServer ? "UNKNOWN" : "LOADING";
  const bool is_given_up_with_caller = kind_ == Kind::kMlServer;
  while (are_loads_held_ && !is_stopping_ &&
         !(is_given_up_with_caller && context->IsCancelled())) {
    changed_.WaitFor(mutex_, kLook);
  }
  --model.loads;
  changed_.NotifyAll();
  if (is_given_up_with_caller && context->IsCancelled()) {
    return Status::CANCELLED;
  }
  if (const auto failure = failures_.find(name); failure != failures_.end()) {
    model.state = "UNAVAILABLE";
    model.reason = failure->second.error_message();
    return failure->second;
  }
  if (is_lying_) {
    model.state = "UNAVAILABLE";
    return Status::OK;
  }
  SetReady(model);
  // Before anybody has seen it ready.
  if (model.unloads > 0) BeginUnload(model);
  return kind_ == Kind::kKserve
             ? Status(StatusCode::INTERNAL, "an answer of the wrong type")
             : Status::OK;
}

Status FakeKserve::UnloadModel(const std::string& name) {
  MutexLock lock(mutex_);
  const auto it = models_.find(name);
  const bool is_known = it != models_.end();
  if (kind_ == Kind::kTriton) {
    if (!is_known) return Status::OK;
    Model& model = it->second;
    ++model.unloads;
    while (model.loads > 0 && !is_stopping_) {
      changed_.WaitFor(mutex_, kLook);
    }
    --model.unloads;
    if (model.state == "READY") BeginUnload(model);
    return Status::OK;
  }
  if (!is_known ||
      (it->second.state != "READY" && it->second.state != "UNKNOWN")) {
    return {StatusCode::NOT_FOUND, absl::StrCat("Model ", name, " not found")};
  }
  SetUnloaded(it->second);
  return kind_ == Kind::kKserve
             ? Status(StatusCode::INTERNAL, "an answer of the wrong type")
             : Status::OK;
}

Status FakeKserve::ServerLive(grpc::ServerContext* context,
                              const inference::ServerLiveRequest* /*request*/,
                              inference::ServerLiveResponse* answer) {
  if (const auto status = Begin("ServerLive", context, answer)) return *status;
  answer->set_live(true);
  return Status::OK;
}

Status FakeKserve::ServerReady(grpc::ServerContext* context,
                               const inference::ServerReadyRequest* /*request*/,
                               inference::ServerReadyResponse* answer) {
  if (const auto status = Begin("ServerReady", context, answer)) return *status;
  MutexLock lock(mutex_);
  bool is_ready = true;
  for (const auto& [name, model] : models_) {
    if (model.state == "LOADING" || model.state == "UNLOADING") {
      is_ready = false;
    }
  }
  answer->set_ready(is_ready);
  return Status::OK;
}

Status FakeKserve::ServerMetadata(
    grpc::ServerContext* context,
    const inference::ServerMetadataRequest* /*request*/,
    inference::ServerMetadataResponse* answer) {
  if (const auto status = Begin("ServerMetadata", context, answer)) {
    return *status;
  }
  switch (kind_) {
    case Kind::kTriton:
      answer->set_name("triton");
      answer->set_version("2.51.0");
      for (const char* extension :
           {"classification", "model_repository",
            "model_repository(unload_dependents)", "statistics"}) {
        answer->add_extensions(extension);
      }
      break;
    case Kind::kMlServer:
      answer->set_name("mlserver");
      answer->set_version("1.7.1");
      break;
    case Kind::kKserve:
      answer->set_name("kserve");
      answer->set_version("0.21.0");
      answer->add_extensions("model_repository_extension");
      break;
  }
  return Status::OK;
}

Status FakeKserve::ModelReady(grpc::ServerContext* context,
                              const inference::ModelReadyRequest* request,
                              inference::ModelReadyResponse* answer) {
  if (const auto status = Begin("ModelReady", context, answer)) return *status;
  MutexLock lock(mutex_);
  const auto it = models_.find(request->name());
  const bool is_ready = it != models_.end() && it->second.state == "READY";
  if (kind_ == Kind::kKserve && it == models_.end()) {
    return {StatusCode::NOT_FOUND, "Model with name x does not exist."};
  }
  answer->set_ready(is_ready);
  return Status::OK;
}

Status FakeKserve::ModelInfer(grpc::ServerContext* context,
                              const inference::ModelInferRequest* request,
                              inference::ModelInferResponse* answer) {
  if (const auto status = Begin("ModelInfer", context, answer)) return *status;
  MutexLock lock(mutex_);
  const auto it = models_.find(request->model_name());
  if (it == models_.end() || it->second.state != "READY") {
    return {StatusCode::NOT_FOUND, "Request for unknown model"};
  }
  Model& model = it->second;
  if (model.is_dead) {
    ++model.failures;
    return {StatusCode::INTERNAL, "Stub process is not healthy."};
  }
  ++model.uses;
  while (are_uses_held_ && !is_stopping_) changed_.WaitFor(mutex_, kLook);
  --model.uses;
  ++model.successes;
  return Status::OK;
}

Status FakeKserve::ModelStatistics(
    grpc::ServerContext* context,
    const inference::ModelStatisticsRequest* request,
    inference::ModelStatisticsResponse* answer) {
  if (const auto status = Begin("ModelStatistics", context, answer))
    return *status;
  if (kind_ != Kind::kTriton) {
    return {StatusCode::UNIMPLEMENTED, "Method not found!"};
  }
  MutexLock lock(mutex_);
  for (const auto& [name, model] : models_) {
    if (!request->name().empty() && request->name() != name) continue;
    if (model.state != "READY") {
      if (request->name().empty()) continue;
      return {StatusCode::INVALID_ARGUMENT,
              absl::StrCat("requested model '", name, "' is not available")};
    }
    inference::ModelStatistics& statistics = *answer->add_model_stats();
    statistics.set_name(name);
    statistics.set_version("1");
    statistics.set_inference_count(model.successes);
    auto& requests = *statistics.mutable_inference_stats();
    requests.mutable_success()->set_count(model.successes);
    requests.mutable_fail()->set_count(model.failures);
    for (const auto& [type, bytes] : model.memory) {
      auto& usage = *statistics.add_memory_usage();
      usage.set_type(type);
      usage.set_byte_size(bytes);
    }
  }
  return Status::OK;
}

Status FakeKserve::RepositoryIndex(
    grpc::ServerContext* context,
    const inference::RepositoryIndexRequest* /*request*/,
    inference::RepositoryIndexResponse* answer) {
  if (const auto status = Begin("RepositoryIndex", context, answer))
    return *status;
  if (kind_ == Kind::kKserve) {
    return {StatusCode::UNIMPLEMENTED, "Method not found!"};
  }
  MutexLock lock(mutex_);
  for (auto& [name, model] : models_) {
    if (model.state == "UNLOADING" && !are_unloads_held_ && !model.is_dead &&
        model.uses == 0 && model.unload_looks-- == 0) {
      SetUnloaded(model);
    }
    auto& entry = *answer->add_models();
    entry.set_name(name);
    if (!model.state.empty()) entry.set_version("1");
    entry.set_state(Spelled(model.state));
    entry.set_reason(model.reason);
  }
  return Status::OK;
}

Status FakeKserve::RepositoryModelLoad(
    grpc::ServerContext* context,
    const inference::RepositoryModelLoadRequest* request,
    inference::RepositoryModelLoadResponse* answer) {
  if (const auto status = Begin("RepositoryModelLoad", context, answer))
    return *status;
  return LoadModel(kind_ == Kind::kKserve ? request->repository_name()
                                          : request->model_name(),
                   context);
}

Status FakeKserve::RepositoryModelUnload(
    grpc::ServerContext* context,
    const inference::RepositoryModelUnloadRequest* request,
    inference::RepositoryModelUnloadResponse* answer) {
  if (const auto status = Begin("RepositoryModelUnload", context, answer)) {
    return *status;
  }
  return UnloadModel(kind_ == Kind::kKserve ? request->repository_name()
                                            : request->model_name());
}

}  // namespace warmup
