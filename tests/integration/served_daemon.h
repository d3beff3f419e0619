#ifndef WARMUP_TESTS_INTEGRATION_SERVED_DAEMON_H_
#define WARMUP_TESTS_INTEGRATION_SERVED_DAEMON_H_

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/client.h"
#include "tests/support/daemon_process.h"

namespace warmup {

inline constexpr int64_t kMib = int64_t{1} << 20;

// A daemon of the test's own, and a client of it.
struct ServedDaemon {
  explicit ServedDaemon(const std::vector<std::string>& sets = {})
      : daemon(home.Start(sets)), client(home.address()) {}

  // Registers a model of a new file; the file's path.
  std::string Register(const std::string& id, int64_t bytes = kMib) {
    std::string name = id;
    std::replace(name.begin(), name.end(), '/', '_');
    std::string path = home.MakeModel(name, bytes);
    RegisterPath(id, path);
    return path;
  }
  // Registers a model that takes seconds to load and can be left any time.
  void RegisterSlow(const std::string& id) {
    RegisterPath(id, home.MakeHole(id, 200'000 * kMib));
  }
  void RegisterPath(const std::string& id, const std::string& path) {
    v1::RegisterModelRequest request;
    request.mutable_spec()->set_model_id(id);
    request.mutable_spec()->set_source(path);
    client.Ask(&Models::RegisterModel, request).Must();
  }
  v1::Model Get(const std::string& id) {
    return client.Ask(&Models::GetModel, "model_id: '" + id + "'")
        .Must()
        .model();
  }
  Answer<v1::LoadModelResponse> Load(const std::string& id) {
    return client.Ask(&Models::LoadModel, "wait: true model_id: '" + id + "'");
  }
  std::string GetState(const std::string& id) {
    return v1::ModelState_Name(Get(id).state());
  }
  v1::GetWarmupMetricsResponse Metrics() {
    return client.Ask(&Warmup::GetWarmupMetrics).Must();
  }
  // Types of the newest events, oldest first.
  std::vector<std::string> EventTypes() {
    std::vector<std::string> types;
    const auto recent =
        client.Ask(&Events::GetRecentEvents, "max_count: 1000").Must();
    for (const v1::Event& event : recent.events()) {
      types.push_back(event.event_type());
    }
    return types;
  }

  DaemonHome home;
  DaemonProcess daemon;
  Client client;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_INTEGRATION_SERVED_DAEMON_H_
