#include "tests/support/fake_kserve.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

using grpc::Status;
using grpc::StatusCode;

constexpr absl::Duration kLook = absl::Milliseconds(2);

}  // namespace

FakeKserve::FakeKserve(Kind kind) : kind_(kind) { Start(); }

FakeKserve::~FakeKserve() { Stop(); }

void FakeKserve::Start() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = false;
    for (auto& [name, model] : models_) model = Model{};
  }
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_),
                           grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  REQUIRE(server_ != nullptr);
  endpoint_ = absl::StrCat("grpc://127.0.0.1:", port_);
}

void FakeKserve::Stop() {
  if (server_ == nullptr) return;
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.NotifyAll();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeKserve::Add(const std::string& name) {
  MutexLock lock(mutex_);
  models_[name];
}

void FakeKserve::AddEntry(const std::string& name, const std::string& state) {
  MutexLock lock(mutex_);
  models_[name].state = state;
}

void FakeKserve::Use(const std::string& name, int count) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  REQUIRE(model.state == "READY");
  (model.is_dead ? model.failures : model.successes) += count;
}

void FakeKserve::Fail(const std::string& name, int count) {
  MutexLock lock(mutex_);
  models_.at(name).failures += count;
}

void FakeKserve::LoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  SetReady(models_.at(name));
}

void FakeKserve::UnloadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  SetUnloaded(models_.at(name));
}

void FakeKserve::BeginLoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  ++model.loads;
  model.state = kind_ == Kind::kMlServer ? "UNKNOWN" : "LOADING";
}

void FakeKserve::EndLoadByUser(const std::string& name) {
  MutexLock lock(mutex_);
  Model& model = models_.at(name);
  --model.loads;
  SetReady(model);
  changed_.NotifyAll();
}

void FakeKserve::HoldUses(bool are_held) {
  MutexLock lock(mutex_);
  are_uses_held_ = are_held;
  changed_.NotifyAll();
}

void FakeKserve::AwaitUsing(const std::string& name) {
  REQUIRE(Eventually([&] {
    MutexLock lock(mutex_);
    return models_.at(name).uses > 0;
  }));
}

void FakeKserve::ShowMemory(const std::string& name, const std::string& type,
                            uint64_t bytes) {
  MutexLock lock(mutex_);
  models_.at(name).memory[type] = bytes;
}

void FakeKserve::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeKserve::AwaitLoading(const std::string& name) {
  REQUIRE(Eventually([&] {
    MutexLock lock(mutex_);
    return models_.at(name).loads > 0;
  }));
}

void FakeKserve::FailLoad(const std::string& name, const Status& status) {
  MutexLock lock(mutex_);
  failures_[name] = status;
}

void FakeKserve::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeKserve::HoldUnloads(bool are_held) {
  MutexLock lock(mutex_);
  are_unloads_held_ = are_held;
}

void FakeKserve::KillWorker(const std::string& name) {
  MutexLock lock(mutex_);
  models_.at(name).is_dead = true;
}

void FakeKserve::Hang(bool is_hanging) {
  MutexLock lock(mutex_);
  is_hanging_ = is_hanging;
  changed_.NotifyAll();
}

void FakeKserve::Answer(const Status& status) {
  MutexLock lock(mutex_);
  answer_ = status;
}

void FakeKserve::AnswerGarbage() {
  MutexLock lock(mutex_);
  filling_ = "\xff\xff\xff";
}

void FakeKserve::AnswerWithoutEnd() {
  MutexLock lock(mutex_);
  filling_ = std::string(size_t{9} << 20, 'x');
}

void FakeKserve::AnswerAfter(absl::Duration delay) {
  MutexLock lock(mutex_);
  delay_ = delay;
}

void FakeKserve::Heal() {
  MutexLock lock(mutex_);
  answer_.reset();
  filling_.clear();
  delay_ = absl::ZeroDuration();
  failures_.clear();
  is_lying_ = false;
  is_hanging_ = false;
  changed_.NotifyAll();
}

int FakeKserve::CallCount(const std::string& method) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(method);
  return it == calls_.end() ? 0 : it->second;
}

std::string FakeKserve::StateOf(const std::string& name) const {
  MutexLock lock(mutex_);
  return models_.at(name).state;
}

bool FakeKserve::IsServing(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto it = models_.find(name);
  return it != models_.end() && it->second.state == "READY" &&
         !it->second.is_dead;
}

void FakeKserve::SetReady(Model& model) {
  model.state = "READY";
  model.reason.clear();
  model.successes = 0;
  model.failures = 0;
  model.is_dead = false;
}

void FakeKserve::SetUnloaded(Model& model) {
  model.state = "UNAVAILABLE";
  if (kind_ == Kind::kTriton) model.reason = "unloaded";
}

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
    while (it->second.loads > 0 && !is_stopping_) {
      changed_.WaitFor(mutex_, kLook);
    }
    if (it->second.state == "READY") {
      it->second.state = "UNLOADING";
      it->second.unload_looks = kUnloadLooks;
    }
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
