#include <csignal>
#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/llama_server_subject.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/real_llama_server.h"
#include "tests/support/streamed_request.h"

namespace warmup::contract {
namespace {

// What a router and a server of one model have in common. A request lasts
// because the process that works on it is stopped meanwhile.
class LlamaServerReal : public LlamaServerSubject {
 public:
  ~LlamaServerReal() override { EndEngine(); }

  int64_t MemoryBytes() override { return server_->process().ResidentBytes(); }
  absl::Status Use(const std::string& model) override {
    return server_->Use(model);
  }
  absl::Status BeginUse(const std::string& model) override {
    stream_ = std::make_unique<StreamedRequest>(
        server_->endpoint(), "/completion", server_->StreamOf(model, 50));
    if (!stream_->AwaitBegun()) return absl::UnavailableError("no answer");
    StopWorker(model);
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    server_->process().SignalTo(WorkerOf(model), SIGCONT);
    if (!stream_->AwaitEnd()) return absl::AbortedError("it was cut");
    return stream_->body().find("\"stop\":true") != std::string::npos
               ? absl::OkStatus()
               : absl::AbortedError(stream_->body());
  }
  void Kill() override { server_->process().Kill(); }
  void Start() override { server_->process().Start(); }
  void Hang() override { server_->process().Stop(); }
  void Resume() override { server_->process().Continue(); }

 protected:
  LlamaServerReal(Description description,
                  std::unique_ptr<RealLlamaServer> server)
      : LlamaServerSubject(std::move(description), server->endpoint()),
        server_(std::move(server)) {}

  RealLlamaServer& server() { return *server_; }
  static std::string WorkerOf(const std::string& model) {
    return RealLlamaServer::ChildOf(model);
  }
  void StopWorker(const std::string& model) {
    server_->process().SignalTo(WorkerOf(model), SIGSTOP);
    Eventually([&] {
      const auto worker = server_->process().Processes(WorkerOf(model));
      return worker.empty() || worker[0].is_stopped;
    });
  }

 private:
  const std::unique_ptr<RealLlamaServer> server_;
  std::unique_ptr<StreamedRequest> stream_;
};

class RouterReal final : public LlamaServerReal {
 public:
  RouterReal()
      : LlamaServerReal(
            {.name = "llama-server (real router)",
             // The first takes longer to load, to be held in it.
             .models = {"tiny", "small"},
             .broken = "broken",
             .cannot = {{Ability::kExpires, "it unloads nothing by itself"},
                        {Ability::kFaults, "a real server answers rightly"}},
             .manners = kManners},
            std::make_unique<RealLlamaServer>(
                RealLlamaServer::Options{.program = WARMUP_LLAMA_SERVER,
                                         .models = WARMUP_TINY_MODELS,
                                         .single = {}})) {}

  // Its process may be gone a moment before the router notices.
  bool IsLoaded(const std::string& model) override {
    return server().StatusOf(model) == "loaded";
  }
  void HoldLoads(bool are_held) override { server().HoldLoads(are_held); }
  void AwaitLoading(const std::string& model) override {
    REQUIRE(Eventually([&] { return IsLoading(model); }));
  }
  bool IsLoading(const std::string& model) override {
    return server().StatusOf(model) == "loading";
  }
  void KillWorker(const std::string& model) override {
    REQUIRE(server().process().SignalTo(WorkerOf(model), SIGKILL) == 1);
    REQUIRE(Eventually([&] { return server().StatusOf(model) == "unloaded"; }));
  }
};

// Its model sleeps when it has not been used for two seconds: then it is cold.
class SingleReal final : public LlamaServerReal {
 public:
  SingleReal()
      : LlamaServerReal(
            {.name = "llama-server (real, of one model)",
             .models = {"tiny"},
             .cannot = {{Ability::kUnload, kOwnModel},
                        {Ability::kOthersLoad, kOwnModel},
                        {Ability::kOthersUnload, kOwnModel},
                        {Ability::kHoldLoads, "it wakes too fast"},
                        {Ability::kStream,
                         "a request is held by stopping the whole server"},
                        {Ability::kBrokenModel, kOwnModel},
                        {Ability::kTwoModels, kOwnModel},
                        {Ability::kRestart, "it begins with its model loaded"},
                        {Ability::kKillWorker, "it is its own worker"},
                        {Ability::kFaults, "a real server answers rightly"}},
             .manners = kManners},
            std::make_unique<RealLlamaServer>(RealLlamaServer::Options{
                .program = WARMUP_LLAMA_SERVER,
                .models = WARMUP_TINY_MODELS,
                .single = "tiny",
                .flags = {"--metrics", "--sleep-idle-seconds", "2"}})) {}

  // Scenarios begin with this, and with nothing loaded.
  Engine& engine() override {
    if (!has_slept_) {
      has_slept_ = Eventually([&] { return !IsLoaded("tiny"); });
    }
    return LlamaServerReal::engine();
  }

  bool IsLoaded(const std::string& model) override {
    return server().StatusOf(model) == "loaded";
  }
  absl::Status LoadForASecond(const std::string& model) override {
    return Use(model);
  }

 private:
  static constexpr char kOwnModel[] = "it has one model, as long as it runs";

  bool IsLoading(const std::string& /*model*/) override { return false; }

  bool has_slept_ = false;
};

TEST_CASE("Contract: a real llama-server, of one model", "[.llama-server]") {
  Run([] { return std::make_unique<SingleReal>(); });
}

TEST_CASE("Contract: a real llama-server, as a router", "[.llama-server]") {
  Run([] { return std::make_unique<RouterReal>(); });
}

}  // namespace
}  // namespace warmup::contract
