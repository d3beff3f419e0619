// A full disk: predictions go on, durability is reported degraded, and comes
// back with the space. (The daemon's files may not grow: to a program that is
// a disk without space, and needs no file system of its own.)

#include <algorithm>
#include <string>

#include "tests/integration/scrape.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using grpc::StatusCode;

TEST_CASE("Daemon: predictions go on while the disk is full") {
  ServedDaemon served(
      {"metrics.address=127.0.0.1:0", "policy.predictive_preloading=false"});
  const int port = MetricsPort(served.daemon);
  const std::string path = served.Register("before", 4096);
  Client& client = served.client;
  const auto register_model = [&](const std::string& id) {
    return client.Ask(&Models::RegisterModel,
                      "spec { model_id: '" + id + "' source: '" + path + "' }");
  };
  CHECK(served.Metrics().is_store_healthy());

  served.daemon.LimitFiles(32 * 1024);
  // Until the space that the log still has is used up.
  int count = 0;
  CHECK(Eventually(
      [&] { return !register_model("m" + std::to_string(count++)).ok(); }));
  const auto refused = register_model("while-full");
  CheckError(refused.status, StatusCode::UNAVAILABLE, "NOT_DURABLE");
  CHECK(ReadGrpcError(refused.status).retry_after.has_value());
  CHECK_FALSE(served.Metrics().is_store_healthy());
  CHECK(PageComesToHold(port, "warmup_store_healthy 0"));

  // What was asked for holds, and everything else works.
  CHECK(served.GetState("while-full") == "MODEL_STATE_COLD");
  const auto session =
      client
          .Ask(&Warmup::StartWarmupSession,
               "session { session_id: 's' lease { seconds: 3600 } "
               "roles { key: 'chat' value: 'while-full' } }")
          .Must();
  CHECK_FALSE(session.is_durable());
  client.Ask(&Warmup::RecordUsage, "usages { model_id: 'before' }").Must();
  CHECK(client
            .Ask(&Warmup::GetWarmupPrediction,
                 "task: MODEL_TYPE_CHAT session_id: 's'")
            .Must()
            .predicted_models(0)
            .model_id() == "while-full");
  CHECK(served.Load("before").Must().model().state() == v1::MODEL_STATE_READY);
  const auto events = served.EventTypes();
  CHECK(std::count(events.begin(), events.end(), "store_degraded") == 1);

  served.daemon.LimitFiles(std::nullopt);
  CHECK(Eventually([&] { return served.Metrics().is_store_healthy(); }));
  CHECK(PageComesToHold(port, "warmup_store_healthy 1"));
  register_model("after").Must();
  const auto later = served.EventTypes();
  CHECK(std::count(later.begin(), later.end(), "store_recovered") == 1);

  // All of it is durable now.
  served.daemon.Kill();
  DaemonProcess again = served.home.Start();
  Client after(served.home.address());
  for (const char* id : {"before", "while-full", "after"}) {
    INFO(id);
    CHECK(after.Ask(&Models::GetModel, std::string("model_id: '") + id + "'")
              .ok());
  }
  CHECK(
      after.Ask(&Models::ListModels, "page_size: 1000").Must().models_size() ==
      count + 3);
  CHECK(after.Ask(&Warmup::ListWarmupSessions).Must().sessions_size() == 1);
}

}  // namespace
}  // namespace warmup
