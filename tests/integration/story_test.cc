// What the daemon is for: it learns what is used next, and has it ready before
// it is asked for.

#include <set>
#include <string>
#include <vector>

#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

void StartSession(ServedDaemon& served, const std::string& roles) {
  served.client
      .Ask(&Warmup::StartWarmupSession,
           "session { session_id: 'ide' user_id: 'ada' client: 'vscode 1.95' "
           "language: 'rust' " +
               roles + " }")
      .Must();
}

void Use(ServedDaemon& served, const std::string& model) {
  served.client
      .Ask(&Warmup::RecordUsage,
           "usages { session_id: 'ide' model_id: '" + model + "' }")
      .Must();
}

// Waits until a watch tells that `model` is ready.
bool BecomesReady(ServedDaemon& served, const std::string& model) {
  auto watch =
      served.client.Open(&Models::WatchModels, "model_ids: '" + model + "'");
  for (auto told = watch.Next(); told.has_value(); told = watch.Next()) {
    for (const v1::Model& now : told->models()) {
      if (now.state() == v1::MODEL_STATE_READY) return true;
    }
  }
  return false;
}

// Reads until an event of each of `types` has come; what of them never came.
std::set<std::string> ReadUntil(AnswerStream<v1::SubscribeResponse>& stream,
                                std::set<std::string> types) {
  while (!types.empty()) {
    const auto response = stream.Next();
    if (!response.has_value()) break;
    for (const v1::Event& event : response->events()) {
      types.erase(event.event_type());
    }
  }
  return types;
}

TEST_CASE("Story: the models a session binds are ready before they are used") {
  ServedDaemon served({"memory.budget_mib=64"});
  served.Register("qwen2.5-coder:1.5b", 8 * kMib);
  served.Register("llama3.1:8b", 16 * kMib);
  served.Register("unused:1b", 8 * kMib);
  auto subscriber = served.client.Open(&Events::Subscribe);
  StartSession(served,
               "roles { key: 'completion' value: 'qwen2.5-coder:1.5b' } "
               "roles { key: 'chat' value: 'llama3.1:8b' }");
  CHECK(BecomesReady(served, "qwen2.5-coder:1.5b"));
  CHECK(BecomesReady(served, "llama3.1:8b"));
  CHECK(served.GetState("unused:1b") == "MODEL_STATE_COLD");
  const auto prediction =
      served.client
          .Ask(&Warmup::GetWarmupPrediction,
               "task: MODEL_TYPE_COMPLETION session_id: 'ide'")
          .Must();
  REQUIRE(prediction.predicted_models_size() > 0);
  CHECK(prediction.predicted_models(0).model_id() == "qwen2.5-coder:1.5b");
  CHECK(prediction.predicted_models(0).tier() == v1::MODEL_TIER_READY);
  CHECK(prediction.predicted_models(0).estimated_warmup_time_ms() == 0);
  CHECK(prediction.confidence_score() > 0.5);
  CHECK(ReadUntil(subscriber,
                  {"session_started", "warmup_request", "model_loading",
                   "model_ready", "warmup_complete", "prediction_complete"}) ==
        std::set<std::string>{});
  // Now it is asked for, and nobody waits.
  CHECK(served.Load("qwen2.5-coder:1.5b").Must().served_as() ==
        v1::SERVED_AS_WARM);
  const auto metrics = served.Metrics();
  CHECK(metrics.loads().demand_count() == 0);
  CHECK(metrics.loads().announced_count() == 2);
  CHECK(metrics.demands().warm_count() == 1);
  CHECK(metrics.demands().waited_seconds() == 0);
}

TEST_CASE("Story: what follows what is learned from usage") {
  // Memory for two of the four.
  ServedDaemon served({"memory.budget_mib=20"});
  for (const char* id : {"complete", "chat", "embed", "other"}) {
    served.Register(id, 8 * kMib);
  }
  StartSession(served, "");
  // Whoever chats embeds next. Told in the past, as if it had been a while.
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  v1::RecordUsageRequest history;
  int64_t at = now - 3000;
  for (int i = 0; i < 20; ++i) {
    for (const char* id : {"complete", "chat", "embed"}) {
      v1::Usage& usage = *history.add_usages();
      usage.set_session_id("ide");
      usage.set_model_id(id);
      usage.mutable_timestamp()->set_seconds(at);
      at += 20;
    }
  }
  served.client.Ask(&Warmup::RecordUsage, history).Must();
  for (const char* id : {"complete", "chat"}) Use(served, id);
  const auto prediction =
      served.client
          .Ask(&Warmup::GetWarmupPrediction, "session_id: 'ide' max_models: 4")
          .Must();
  REQUIRE(prediction.predicted_models_size() >= 3);
  CHECK(prediction.predicted_models(0).model_id() == "embed");
  CHECK(prediction.predicted_models(0).probability_next() > 0.5);
  CHECK(prediction.predicted_models(0).reasons_size() > 0);
  for (const v1::PredictedModel& model : prediction.predicted_models()) {
    // What was never used is in sight at most as that.
    if (model.model_id() == "other") CHECK(model.probability_1h() < 0.05);
  }
  CHECK(prediction.confidence_score() > 0.5);
  CHECK(BecomesReady(served, "embed"));
  CHECK(served.Load("embed").Must().served_as() == v1::SERVED_AS_WARM);
  CHECK(served.Metrics().loads().speculative_count() > 0);
  CHECK(served.Metrics().loads().demand_count() == 0);
}

TEST_CASE("Story: what was learned is still known after a restart") {
  const DaemonHome home;
  const std::string path = home.MakeModel("m", kMib);
  const std::string question = "user_context { user_id: 'ada' }";
  {
    DaemonProcess daemon = home.Start();
    Client client(home.address());
    client
        .Ask(&Models::RegisterModel,
             "spec { model_id: 'm' source: '" + path + "' }")
        .Must();
    for (int i = 0; i < 5; ++i) {
      client
          .Ask(&Warmup::RecordUsage, "usages { model_id: 'm' user_id: 'ada' }")
          .Must();
    }
    CHECK(client.Ask(&Warmup::GetWarmupPrediction, question)
              .Must()
              .predicted_models_size() == 1);
    CHECK(daemon.Stop() == 0);
  }
  DaemonProcess daemon = home.Start();
  Client client(home.address());
  const auto prediction =
      client.Ask(&Warmup::GetWarmupPrediction, question).Must();
  REQUIRE(prediction.predicted_models_size() == 1);
  CHECK(prediction.predicted_models(0).model_id() == "m");
  CHECK(prediction.predicted_models(0).probability_1h() > 0);
}

TEST_CASE("Story: an activity that names a role has its model warmed") {
  ServedDaemon served({"memory.budget_mib=64"});
  served.Register("m", 8 * kMib);
  StartSession(served, "roles { key: 'chat' value: 'm' }");
  CHECK(BecomesReady(served, "m"));
  // Unloaded by hand it stays so: no guess brings it back for a while.
  served.client.Ask(&Models::UnloadModel, "model_id: 'm'").Must();
  served.client
      .Ask(&Warmup::ReportActivity,
           "activities { kind: 'chat_panel_opened' role: 'chat' "
           "session_id: 'ide' }")
      .Must();
  CHECK(served.GetState("m") == "MODEL_STATE_COLD");
  served.Register("n", 8 * kMib);
  served.client
      .Ask(&Warmup::ReportActivity,
           "activities { kind: 'chat_panel_opened' model_id: 'n' }")
      .Must();
  CHECK(BecomesReady(served, "n"));
}

}  // namespace
}  // namespace warmup
