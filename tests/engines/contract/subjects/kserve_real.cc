#include <csignal>
#include <iostream>
#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/kserve_subject.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/real_kserve.h"

namespace warmup::contract {
namespace {

using Kind = RealKserve::Kind;

class KserveReal : public KserveSubject {
 public:
  ~KserveReal() override {
    for (const std::string& model : description().models) {
      server_.HoldUses(model, false);
    }
    EndRequest();
    // Which prints how it ended.
    if (!server_.process().IsAlive()) server_.process().Kill();
  }

  bool IsLoaded(const std::string& model) override {
    return is_up_ && server_.IsReady(model);
  }
  int64_t MemoryBytes() override { return server_.process().ResidentBytes(); }

  void HoldLoads(bool are_held) override {
    for (const std::string& model : description().models) {
      server_.HoldLoads(model, are_held);
    }
  }
  void AwaitLoading(const std::string& model) override {
    server_.AwaitLoading(model);
  }
  void Kill() override {
    is_up_ = false;
    server_.process().Kill();
  }
  void Start() override {
    server_.process().Start();
    is_up_ = true;
  }
  void Hang() override { server_.process().Stop(); }
  void Resume() override { server_.process().Continue(); }

 protected:
  // `server` outlives it.
  KserveReal(Description description, RealKserve& server,
             KserveEngine::Options options)
      : KserveSubject(std::move(description), server.endpoint(),
                      std::move(options)),
        server_(server) {
    server_.BeginAnew();
  }

  void HoldUses(const std::string& model, bool are_held) override {
    server_.HoldUses(model, are_held);
  }
  void AwaitUsing(const std::string& model) override {
    server_.AwaitUsing(model);
  }
  RealKserve& server() { return server_; }

 private:
  RealKserve& server_;
  bool is_up_ = true;
};

class TritonReal final : public KserveReal {
 public:
  explicit TritonReal(RealKserve& server)
      : KserveReal(
            {.name = "triton (real)",
             .models = {"a", "b"},
             .broken = "broken",
             .cannot = {{Ability::kFaults, "a real server answers rightly"},
                        {Ability::kExpires, "it unloads nothing by itself"}},
             .manners = {.unload_stops_serving = true,
                         .cancelled_loads_come = true,
                         .may_crash_of_unloads = true,
                         .shows_loading = true}},
            server, Options()) {}

  bool IsLoaded(const std::string& model) override {
    return KserveReal::IsLoaded(model) &&
           !server().process().Processes(server().WorkerOf(model)).empty();
  }
  // Without its workers: in a group that was stopped in the middle of a load,
  // the worker may wait for ever for a message that the server never sends.
  void Hang() override { server().process().Stop(kServer); }
  void Resume() override { server().process().SignalTo(kServer, SIGCONT); }

  bool Revive() override {
    // It writes where it crashed before it ends.
    constexpr absl::Duration kEnds = absl::Seconds(10);
    const auto has_ended = [&] { return !server().process().IsAlive(); };
    if (!Eventually(has_ended, kEnds)) return false;
    CHECK_THAT(server().process().UnforeseenEnd(),
               Catch::Contains("signal 11"));
    static int crashes = 0;
    std::cout << "crashes(" << description().name << "): " << ++crashes << "\n";
    Kill();
    Start();
    return true;
  }

  // And its users find out.
  void KillWorker(const std::string& model) override {
    LookAt(*this, model);
    REQUIRE(server().process().SignalTo(server().WorkerOf(model), SIGKILL) ==
            1);
    REQUIRE(Eventually([&] { return !IsLoaded(model); }));
    for (int i = 0; i < kserve::kFailuresBelieved; ++i) {
      CHECK_FALSE(Use(model).ok());
    }
  }

 private:
  // Of its command, and not of its workers'.
  static constexpr const char* kServer = "--model-control-mode";
};

class MlServerReal final : public KserveReal {
 public:
  explicit MlServerReal(RealKserve& server)
      : KserveReal(
            {.name = "mlserver (real)",
             .models = {"a", "b"},
             .broken = "broken",
             .cannot = {{Ability::kFaults, "a real server answers rightly"},
                        {Ability::kExpires, "it unloads nothing by itself"},
                        {Ability::kKillWorker, "one worker serves all models"},
                        {Ability::kMemory, "Python keeps what it was given"}},
             .manners = {.unload_stops_serving = true,
                         .shows_loading = false,
                         .shows_unloads_by_hand = false}},
            server, Options(server.metrics_endpoint())) {}
};

// It takes its time to start: one for all scenarios that leave it alive.
TEST_CASE("Contract: a real Triton", "[.triton]") {
  static RealKserve server(Kind::kTriton, WARMUP_TRITON);
  Run([] { return std::make_unique<TritonReal>(server); });
}

TEST_CASE("Contract: a real MLServer", "[.mlserver]") {
  static RealKserve server(Kind::kMlServer, WARMUP_MLSERVER);
  Run([] { return std::make_unique<MlServerReal>(server); });
}

}  // namespace
}  // namespace warmup::contract
