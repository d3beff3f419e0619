#ifndef WARMUP_TESTS_SUPPORT_FAKE_KSERVE_H_
#define WARMUP_TESTS_SUPPORT_FAKE_KSERVE_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "inference/grpc_service.grpc.pb.h"

namespace warmup {

// A server on 127.0.0.1 that answers as Triton 2.51, MLServer 1.7.1 or KServe's
// own server 0.21 was seen to, as far as an adapter can tell.
//
// Triton: a load goes on when its caller leaves; an unload answers at once, is
// done after kUnloadLooks looks at the index, and waits for a load that is
// under way; a model whose worker has died stays READY, a load does not heal
// it, and an unload does not end; a load of a model that is READY does nothing;
// statistics begin anew with a load; it is not ready as a server while anything
// is loaded. MLServer: its states are called otherwise; a load whose caller
// leaves is given up and leaves the model UNKNOWN; a load of a READY model
// loads it again; an unload is done when it answers, and NOT_FOUND of one not
// loaded. KServe: the model's name is field 1; no index, no statistics; loads
// and unloads are done, and called an INTERNAL error.
//
// Loads end at once unless held. Thread-safe.
class FakeKserve final : private inference::GRPCInferenceService::Service {
 public:
  enum class Kind { kTriton, kMlServer, kKserve };
  static constexpr int kUnloadLooks = 2;

  explicit FakeKserve(Kind kind);
  ~FakeKserve() override;
  FakeKserve(const FakeKserve&) = delete;
  FakeKserve& operator=(const FakeKserve&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  void Add(const std::string& name);
  // An entry of the index that no model of ours would have.
  void AddEntry(const std::string& name, const std::string& state);

  // --- Its other users ---
  void Use(const std::string& name, int count = 1);
  void Fail(const std::string& name, int count = 1);
  void LoadByUser(const std::string& name);
  void UnloadByUser(const std::string& name);
  void BeginLoadByUser(const std::string& name);
  void EndLoadByUser(const std::string& name);
  // Requests that begin last until they are no longer held.
  void HoldUses(bool are_held);
  void AwaitUsing(const std::string& name);
  void ShowMemory(const std::string& name, const std::string& type,
                  uint64_t bytes);

  // --- Loads ---
  void HoldLoads(bool are_held);
  void AwaitLoading(const std::string& name);
  // Answers a load of the model this, without loading.
  void FailLoad(const std::string& name, const grpc::Status& status);
  // Says that it loads, and does not.
  void LieAboutLoads();
  void HoldUnloads(bool are_held);

  // --- Faults ---
  void KillWorker(const std::string& name);
  // No call is answered, until it is healed.
  void Hang(bool is_hanging);
  // Answers every call this.
  void Answer(const grpc::Status& status);
  // Every answer is no message of the protocol, or too large, or late.
  void AnswerGarbage();
  void AnswerWithoutEnd();
  void AnswerAfter(absl::Duration delay);
  void Heal();
  void Stop();
  // On the same port, with nothing loaded.
  void Start();

  // --- What it saw ---
  int CallCount(const std::string& method) const;
  // The state in the index, without its own spelling.
  std::string StateOf(const std::string& name) const;
  // Whether a request would be answered.
  bool IsServing(const std::string& name) const;

 private:
  struct Model {
    std::string state;  // as Triton spells it
    std::string reason;
    uint64_t successes = 0;
    uint64_t failures = 0;
    bool is_dead = false;
    int unload_looks = 0;  // left until it is gone
    int loads = 0;         // under way
    int unloads = 0;       // that wait for those to end
    int uses = 0;
    std::map<std::string, uint64_t> memory;
  };

  // Every call begins with this; its answer, if it is not its usual one.
  std::optional<grpc::Status> Begin(const std::string& method,
                                    grpc::ServerContext* context,
                                    google::protobuf::Message* answer)
      ABSL_LOCKS_EXCLUDED(mutex_);
  static void BeginUnload(Model& model);
  grpc::Status LoadModel(const std::string& name, grpc::ServerContext* context)
      ABSL_LOCKS_EXCLUDED(mutex_);
  grpc::Status UnloadModel(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetReady(Model& model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetUnloaded(Model& model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string Spelled(const std::string& state) const;

  grpc::Status ServerLive(grpc::ServerContext* context,
                          const inference::ServerLiveRequest* request,
                          inference::ServerLiveResponse* answer) override;
  grpc::Status ServerReady(grpc::ServerContext* context,
                           const inference::ServerReadyRequest* request,
                           inference::ServerReadyResponse* answer) override;
  grpc::Status ServerMetadata(
      grpc::ServerContext* context,
      const inference::ServerMetadataRequest* request,
      inference::ServerMetadataResponse* answer) override;
  grpc::Status ModelReady(grpc::ServerContext* context,
                          const inference::ModelReadyRequest* request,
                          inference::ModelReadyResponse* answer) override;
  grpc::Status ModelInfer(grpc::ServerContext* context,
                          const inference::ModelInferRequest* request,
                          inference::ModelInferResponse* answer) override;
  grpc::Status ModelStatistics(
      grpc::ServerContext* context,
      const inference::ModelStatisticsRequest* request,
      inference::ModelStatisticsResponse* answer) override;
  grpc::Status RepositoryIndex(
      grpc::ServerContext* context,
      const inference::RepositoryIndexRequest* request,
      inference::RepositoryIndexResponse* answer) override;
  grpc::Status RepositoryModelLoad(
      grpc::ServerContext* context,
      const inference::RepositoryModelLoadRequest* request,
      inference::RepositoryModelLoadResponse* answer) override;
  grpc::Status RepositoryModelUnload(
      grpc::ServerContext* context,
      const inference::RepositoryModelUnloadRequest* request,
      inference::RepositoryModelUnloadResponse* answer) override;

  const Kind kind_;
  int port_ = 0;
  std::string endpoint_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<std::string, Model> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, grpc::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
  std::optional<grpc::Status> answer_ ABSL_GUARDED_BY(mutex_);
  // What is put into each answer in the place of its first field.
  std::string filling_ ABSL_GUARDED_BY(mutex_);
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  bool are_loads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool are_uses_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool are_unloads_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_lying_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_hanging_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_KSERVE_H_
