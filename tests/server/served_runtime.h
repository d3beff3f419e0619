#ifndef WARMUP_TESTS_SERVER_SERVED_RUNTIME_H_
#define WARMUP_TESTS_SERVER_SERVED_RUNTIME_H_

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "core/runtime/runtime.h"
#include "server/grpc_server.h"
#include "tests/support/client.h"
#include "tests/support/fake_engine.h"
#include "tests/support/fake_engine_finder.h"
#include "tests/support/fake_monitor.h"
#include "tests/support/fake_store.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// The server and the runtime in this process, with a fake engine and store,
// behind a real socket: what the daemon is but for its main.
class ServedRuntime {
 public:
  explicit ServedRuntime(bool is_instant, int64_t budget_bytes = 100)
      : engine(is_instant) {
    Runtime::Options options;
    options.director.devices["host"] = {.budget_bytes = budget_bytes,
                                        .reserve_bytes = 0};
    options.director.engines = {"fake"};
    options.director.policy.predictive_preloading = false;
    options.director.policy.max_concurrent_loads = 4;
    runtime_ =
        std::make_unique<Runtime>(options,
                                  Runtime::Ports{.clock = clock_,
                                                 .store = store,
                                                 .events = events,
                                                 .engines = {{"fake", &engine}},
                                                 .monitors = {&monitor},
                                                 .sinks = server_->sinks(),
                                                 .finder = finder,
                                                 .uses = store},
                                  StoredState());
    const absl::Status started = server_->Start(*runtime_);
    INFO(started.ToString());
    REQUIRE(started.ok());
    runtime_->Start();
  }
  ~ServedRuntime() { Stop(); }
  ServedRuntime(const ServedRuntime&) = delete;
  ServedRuntime& operator=(const ServedRuntime&) = delete;

  // As the daemon does it.
  void Stop() {
    server_->Drain();
    runtime_->Stop();
    server_->Shutdown();
  }

  std::string address() const { return "unix:" + folder_.File("s"); }
  GrpcServer& server() { return *server_; }
  Runtime& runtime() { return *runtime_; }

 private:
  const TempFolder folder_;
  const SystemClock clock_;
  prometheus::Registry registry_;
  RpcMetrics metrics_{registry_};

 public:
  FakeMonitor monitor{{HostOf(1 << 30, 1 << 30)}};
  FakeStore store;
  FakeEngine engine;
  FakeEngineFinder finder;
  EventLog events{{.max_events = 10'000,
                   .max_bytes = 1 << 22,
                   .next_sequence = 1,
                   .id_prefix = "e-"},
                  EncodeEvent};

 private:
  std::unique_ptr<GrpcServer> server_ = std::make_unique<GrpcServer>(
      GrpcServer::Options{.unix_socket = folder_.File("s"), .tcp_address = {}},
      clock_, events, metrics_);
  std::unique_ptr<Runtime> runtime_;
};

// Registers a model of the fake engine.
inline void Register(Client& client, const std::string& id,
                     int64_t bytes = 10) {
  v1::RegisterModelRequest request;
  request.mutable_spec()->set_model_id(id);
  request.mutable_spec()->set_engine("fake");
  request.mutable_spec()->set_source("/" + id);
  request.mutable_spec()->set_size_bytes(bytes);
  client.Ask(&Models::RegisterModel, request).Must();
}

inline v1::Model GetModel(Client& client, const std::string& id) {
  v1::GetModelRequest request;
  request.set_model_id(id);
  return client.Ask(&Models::GetModel, request).Must().model();
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SERVER_SERVED_RUNTIME_H_
