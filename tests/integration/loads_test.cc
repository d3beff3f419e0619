// Loads by a real daemon of real files: waiting, memory, eviction, failures.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/integration/served_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/waiting_load.h"

namespace warmup {
namespace {

using grpc::StatusCode;

// Nothing loads by itself, and `mib` of memory are for models.
std::vector<std::string> OnDemand(int mib) {
  return {"policy.predictive_preloading=false",
          "memory.budget_mib=" + std::to_string(mib)};
}

// Enough for models that are slow to load.
const std::vector<std::string> kRoomy = OnDemand(1'000'000);

TEST_CASE("LoadModel: cold, then warm, then cold again after an unload") {
  ServedDaemon served(OnDemand(100));
  served.Register("m", 8 * kMib);
  const auto cold = served.Load("m").Must();
  CHECK(cold.served_as() == v1::SERVED_AS_COLD);
  CHECK(cold.model().state() == v1::MODEL_STATE_READY);
  CHECK(cold.model().tier() == v1::MODEL_TIER_READY);
  CHECK(cold.model().held_bytes() == 8 * kMib);
  CHECK(cold.model().measured_bytes() == 8 * kMib);
  CHECK(absl::Nanoseconds(cold.waited().nanos()) > absl::ZeroDuration());
  const auto warm = served.Load("m").Must();
  CHECK(warm.served_as() == v1::SERVED_AS_WARM);
  CHECK(warm.waited().nanos() == 0);
  const auto unloaded =
      served.client.Ask(&Models::UnloadModel, "model_id: 'm'").Must();
  CHECK(unloaded.model().state() == v1::MODEL_STATE_COLD);
  CHECK(unloaded.model().held_bytes() == 0);
  // Unloading what is cold is done at once.
  served.client.Ask(&Models::UnloadModel, "model_id: 'm'").Must();
  CHECK(served.Load("m").Must().served_as() == v1::SERVED_AS_COLD);
  const auto metrics = served.Metrics();
  CHECK(metrics.demands().cold_count() == 2);
  CHECK(metrics.demands().warm_count() == 1);
  // Twice, but for what describing it brought in.
  CHECK(metrics.loads().read_bytes() > 15 * kMib);
  CHECK(metrics.loads().read_bytes() <= 16 * kMib);
}

TEST_CASE("LoadModel: cold and warm loads are learned apart, and kept") {
  constexpr int64_t kBytes = 8 * kMib;
  ServedDaemon served(OnDemand(100));
  const std::string path = served.Register("m", kBytes);
  const auto load_and_unload = [&] {
    served.Load("m").Must();
    served.client.Ask(&Models::UnloadModel, "model_id: 'm'").Must();
  };
  CHECK(served.Get("m").learned().cold_load().measured_count() == 0);
  CHECK(served.Get("m").learned().cold_load().has_time());
  load_and_unload();
  load_and_unload();
  // Somebody else reads it: the next load finds it in the page cache.
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  REQUIRE(bytes.size() == kBytes);
  CHECK(Eventually(
      [&] { return served.Get("m").tier() == v1::MODEL_TIER_HOST; }));
  v1::Model model = served.Get("m");
  CHECK(model.state() == v1::MODEL_STATE_COLD);
  CHECK(model.held_bytes() == 0);
  CHECK(model.measured_load_count() == 0);  // no warm load yet
  load_and_unload();
  model = served.Get("m");
  CHECK(model.learned().cold_load().measured_count() == 2);
  CHECK(model.learned().warm_load().measured_count() == 1);
  CHECK_FALSE(model.learned().has_other_load());
  CHECK(model.learned().steady_bytes() == kBytes);
  CHECK(model.learned().memory_count() == 3);
  // What a forecast tells comes from these.
  served.client.Ask(&Warmup::RecordUsage, "usages { model_id: 'm' }").Must();
  const auto prediction =
      served.client.Ask(&Warmup::GetWarmupPrediction).Must();
  REQUIRE(prediction.predicted_models_size() == 1);
  const auto& cold = model.learned().cold_load().time();
  CHECK(prediction.predicted_models(0).estimated_warmup_time_ms() ==
        Approx(static_cast<double>(cold.seconds()) * 1e3 +
               static_cast<double>(cold.nanos()) / 1e6));
  CHECK(served.daemon.Stop() == 0);
  DaemonProcess again = served.home.Start(OnDemand(100));  // no guess loads it
  Client client(served.home.address());
  CHECK(client.Ask(&Models::GetModel, "model_id: 'm'")
            .Must()
            .model()
            .learned()
            .ShortDebugString() == model.learned().ShortDebugString());
}

TEST_CASE("LoadModel: twenty callers at once share one load") {
  ServedDaemon served(OnDemand(100));
  served.Register("m", 32 * kMib);
  std::vector<std::unique_ptr<WaitingLoad>> callers;
  for (int i = 0; i < 20; ++i) {
    callers.push_back(std::make_unique<WaitingLoad>(served.client, "m"));
  }
  int cold = 0;
  for (const auto& caller : callers) {
    const auto response = caller->Answered().Must();
    CHECK(response.model().state() == v1::MODEL_STATE_READY);
    if (response.served_as() == v1::SERVED_AS_COLD) ++cold;
  }
  CHECK(cold == 1);
  const auto metrics = served.Metrics();
  CHECK(metrics.loads().demand_count() == 1);
  CHECK(metrics.loads().read_bytes() <= 32 * kMib);
  CHECK(metrics.demands().cold_count() + metrics.demands().late_count() +
            metrics.demands().warm_count() ==
        20);
}

TEST_CASE("LoadModel: without waiting it is only asked for") {
  ServedDaemon served(OnDemand(100));
  served.Register("m", kMib);
  const auto asked =
      served.client.Ask(&Models::LoadModel, "model_id: 'm'").Must();
  CHECK(asked.served_as() == v1::SERVED_AS_UNSPECIFIED);
  CHECK(
      Eventually([&] { return served.GetState("m") == "MODEL_STATE_READY"; }));
  CHECK(served.Metrics().demands().cold_count() == 0);
  CheckInvalid(
      served.client.Ask(&Models::LoadModel, "model_id: 'm' timeout_ms: 1")
          .status,
      "timeout_ms");
}

TEST_CASE("LoadModel: what does not fit is refused with all the figures") {
  ServedDaemon served(OnDemand(10));
  served.Register("small", 4 * kMib);
  served.Register("held", 4 * kMib);
  served.Register("m", 8 * kMib);
  served.Register("huge", 11 * kMib);
  served.Load("small").Must();
  served.Load("held").Must();
  const auto check = [&](const std::string& request,
                         const std::map<std::string, std::string>& named) {
    const auto refused = served.client.Ask(&Models::LoadModel, request);
    CheckError(refused.status, StatusCode::RESOURCE_EXHAUSTED, "DOES_NOT_FIT",
               named);
    return refused.status.error_message();
  };
  // Larger than all there is: whoever asks.
  const std::string message =
      check("wait: true model_id: 'huge'",
            {{"model", "huge"},
             {"device", "host"},
             {"needed_bytes", std::to_string(11 * kMib)},
             {"free_bytes", std::to_string(2 * kMib)},
             {"budget_bytes", std::to_string(10 * kMib)}});
  CHECK_THAT(message, Catch::Contains("small (ready): 4194304"));
  CHECK_THAT(message, Catch::Contains("held (ready): 4194304"));
  // Nobody waits, so nothing may be driven out unless that is said.
  check("model_id: 'm'", {{"model", "m"},
                          {"needed_bytes", std::to_string(8 * kMib)},
                          {"free_bytes", std::to_string(2 * kMib)}});
  // Somebody waits, but the rest is held.
  served.client.Ask(&Models::PinModel, "model_id: 'small' is_pinned: true")
      .Must();
  served.client
      .Ask(&Models::AcquireLease, "model_id: 'held' duration { seconds: 60 }")
      .Must();
  CHECK_THAT(check("wait: true model_id: 'm'", {{"model", "m"}}),
             Catch::Contains("held (ready, held): 4194304"));
  CHECK(served.GetState("small") == "MODEL_STATE_READY");
  CHECK(served.GetState("held") == "MODEL_STATE_READY");
  CHECK(served.Metrics().demands().failed_count() == 2);
}

TEST_CASE("LoadModel: forty models in memory do not drown the refusal") {
  ServedDaemon served(OnDemand(1));
  for (int i = 0; i < 40; ++i) {
    const std::string id = "org/some-model-with-a-name:" + std::to_string(i);
    served.Register(id, 16'384);
    served.Load(id).Must();
  }
  served.Register("huge", 2 * kMib);
  const auto refused = served.Load("huge");
  CHECK(refused.status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  const GrpcError error = ReadGrpcError(refused.status);
  CHECK(error.reason == "DOES_NOT_FIT");
  CHECK(error.metadata.at("model") == "huge");
  CHECK(error.metadata.at("needed_bytes") == std::to_string(2 * kMib));
}

TEST_CASE("LoadModel: who waits drives out what nobody holds, oldest first") {
  ServedDaemon served(OnDemand(10));
  for (const char* id : {"a", "b", "c"}) served.Register(id, 4 * kMib);
  served.Load("a").Must();
  served.Load("b").Must();
  served.Load("a").Must();
  CHECK(served.Load("c").Must().served_as() == v1::SERVED_AS_COLD);
  CHECK(served.GetState("a") == "MODEL_STATE_READY");
  CHECK(served.GetState("b") == "MODEL_STATE_COLD");
  CHECK(served.Metrics().loads().eviction_count() == 1);
  // The ledger never held more than there is.
  CHECK(served.Metrics().devices(0).used_bytes() == 8 * kMib);
  // A request that may evict does so too.
  served.client.Ask(&Models::LoadModel, "model_id: 'b' may_evict: true").Must();
  CHECK(
      Eventually([&] { return served.GetState("b") == "MODEL_STATE_READY"; }));
}

TEST_CASE("LoadModel: a lease and a pin keep a model, and let go of it") {
  ServedDaemon served(OnDemand(10));
  served.Register("a", 8 * kMib);
  served.Register("b", 8 * kMib);
  served.Load("a").Must();
  const auto in_use = [&] {
    CheckError(served.client.Ask(&Models::UnloadModel, "model_id: 'a'").status,
               StatusCode::FAILED_PRECONDITION, "MODEL_IN_USE",
               {{"model", "a"}});
    CHECK(served.Load("b").status.error_code() ==
          StatusCode::RESOURCE_EXHAUSTED);
  };
  const std::string lease =
      served.client
          .Ask(&Models::AcquireLease, "model_id: 'a' duration { seconds: 60 }")
          .Must()
          .lease()
          .lease_id();
  in_use();
  served.client.Ask(&Models::PinModel, "model_id: 'a' is_pinned: true").Must();
  served.client.Ask(&Models::ReleaseLease, "lease_id: '" + lease + "'").Must();
  in_use();
  served.client.Ask(&Models::PinModel, "model_id: 'a'").Must();
  served.Load("b").Must();
  CHECK(served.GetState("a") == "MODEL_STATE_COLD");
}

TEST_CASE("LoadModel: a caller that leaves waits no more, its load gives way") {
  ServedDaemon served(kRoomy);
  served.RegisterSlow("slow");
  served.Register("quick");
  WaitingLoad leaver(served.client, "slow");
  REQUIRE(Eventually([&] { return served.Get("slow").waiter_count() == 1; }));
  CHECK(served.GetState("slow") == "MODEL_STATE_LOADING");
  leaver.Leave();
  CHECK(leaver.Answered().status.error_code() == StatusCode::CANCELLED);
  REQUIRE(Eventually([&] { return served.Get("slow").waiter_count() == 0; }));
  // One load at a time: the one nobody waits for makes room.
  served.Load("quick").Must();
  CHECK(Eventually(
      [&] { return served.GetState("slow") == "MODEL_STATE_COLD"; }));
  CHECK(served.Get("slow").held_bytes() == 0);
  CHECK(served.Metrics().loads().cancelled_count() == 1);
}

TEST_CASE("LoadModel: a wait that is too long ends, as the caller said") {
  ServedDaemon served(kRoomy);
  served.RegisterSlow("slow");
  CheckError(
      served.client
          .Ask(&Models::LoadModel, "wait: true timeout_ms: 50 model_id: 'slow'")
          .status,
      StatusCode::DEADLINE_EXCEEDED, "WAIT_TIMED_OUT", {{"model", "slow"}});
  CHECK(served.GetState("slow") == "MODEL_STATE_LOADING");
  const auto unloaded =
      served.client.Ask(&Models::UnloadModel, "model_id: 'slow'").Must();
  CHECK(unloaded.model().state() == v1::MODEL_STATE_COLD);
}

TEST_CASE("LoadModel: a load that takes too long fails and backs off") {
  std::vector<std::string> sets = kRoomy;
  sets.push_back("policy.switching_timeout=100ms");
  ServedDaemon served(sets);
  served.RegisterSlow("slow");
  CheckError(served.Load("slow").status, StatusCode::DEADLINE_EXCEEDED,
             "LOAD_TIMED_OUT", {{"model", "slow"}});
  REQUIRE(Eventually(
      [&] { return served.GetState("slow") == "MODEL_STATE_FAILED"; }));
  const auto refused = served.Load("slow");
  CheckError(refused.status, StatusCode::UNAVAILABLE, "LOAD_BACKING_OFF",
             {{"model", "slow"}});
  CHECK(ReadGrpcError(refused.status).retry_after.has_value());
  CHECK(served.Get("slow").held_bytes() == 0);
}

TEST_CASE("LoadModel: progress is told in bytes") {
  ServedDaemon served(kRoomy);
  served.RegisterSlow("slow");
  auto watch = served.client.Open(&Models::WatchModels);
  WaitingLoad caller(served.client, "slow");
  int64_t done = 0;
  while (done == 0) {
    const auto told = watch.Next();
    REQUIRE(told.has_value());
    for (const v1::Model& model : told->models()) {
      done = model.done_bytes();
      if (done == 0) continue;
      CHECK(model.state() == v1::MODEL_STATE_LOADING);
      CHECK(model.tier() == v1::MODEL_TIER_HOST);
      CHECK(model.total_bytes() == 200'000 * kMib);
      CHECK(done < model.total_bytes());
    }
  }
  caller.Leave();
}

// What is left of a model's file must fail its load, and nothing else.
void CheckLostFile(const std::function<void(const std::string& path)>& lose,
                   StatusCode code) {
  ServedDaemon served(OnDemand(100));
  const std::string path = served.Register("lost", 8 * kMib);
  served.Register("other", kMib);
  served.Load("other").Must();
  lose(path);
  const auto failed = served.Load("lost");
  INFO(failed.status.error_message());
  CHECK(failed.status.error_code() == code);
  CHECK_THAT(failed.status.error_message(), Catch::Contains("\"lost\""));
  CHECK_THAT(failed.status.error_message(), Catch::Contains(path));
  const v1::Model model = served.Get("lost");
  CHECK(model.state() == v1::MODEL_STATE_FAILED);
  CHECK(model.failure_count() == 1);
  CHECK_THAT(model.last_error(), Catch::Contains(path));
  CHECK(model.held_bytes() == 0);
  CheckError(served.Load("lost").status, StatusCode::UNAVAILABLE,
             "LOAD_BACKING_OFF", {{"model", "lost"}});
  const auto events = served.EventTypes();
  CHECK(std::count(events.begin(), events.end(), "model_failed") == 1);
  CHECK(served.GetState("other") == "MODEL_STATE_READY");
  CHECK(served.Load("other").Must().served_as() == v1::SERVED_AS_WARM);
  CHECK(served.Metrics().loads().failed_count() == 1);
}

TEST_CASE("LoadModel: a file that vanished fails its load, nothing else") {
  CheckLostFile([](const std::string& path) { std::filesystem::remove(path); },
                StatusCode::NOT_FOUND);
}

TEST_CASE("LoadModel: a file that is empty now fails its load, nothing else") {
  CheckLostFile(
      [](const std::string& path) { std::filesystem::resize_file(path, 0); },
      StatusCode::FAILED_PRECONDITION);
}

TEST_CASE("LoadModel: a file that shrinks while it is read fails its load") {
  ServedDaemon served(kRoomy);
  served.RegisterSlow("slow");
  served.Register("other");
  WaitingLoad caller(served.client, "slow");
  // Loading is said before the file is opened: only progress shows that it is.
  REQUIRE(Eventually([&] { return served.Get("slow").done_bytes() > 0; }));
  std::filesystem::resize_file(served.home.File("slow"), kMib);
  const auto& failed = caller.Answered();
  INFO(failed.status.error_message());
  CHECK_FALSE(failed.ok());
  CHECK_THAT(failed.status.error_message(), Catch::Contains("\"slow\""));
  CHECK(served.GetState("slow") == "MODEL_STATE_FAILED");
  CHECK(served.daemon.IsAlive());
  served.Load("other").Must();
}

TEST_CASE("LoadModel: a file that comes back is loaded when its time comes") {
  ServedDaemon served(OnDemand(100));
  const std::string path = served.Register("m", kMib);
  const std::string away = path + ".away";
  std::filesystem::rename(path, away);
  CHECK_FALSE(served.Load("m").ok());
  std::filesystem::rename(away, path);
  CHECK(Eventually([&] { return served.Load("m").ok(); }));
  CHECK(served.Get("m").failure_count() == 0);
}

TEST_CASE("SetSwitchingPolicy: what it says holds for the next load") {
  ServedDaemon served(OnDemand(100));
  for (const char* id : {"a", "b", "c"}) served.Register(id, kMib);
  const auto set = [&](const std::string& policy) {
    served.client
        .Ask(&Models::SetSwitchingPolicy,
             "policy { resource_aware_switching: true " + policy + " }")
        .Must();
  };
  served.Load("a").Must();
  set("max_concurrent_models: 1");
  served.Load("b").Must();
  CHECK(served.GetState("a") == "MODEL_STATE_COLD");
  served.client.Ask(&Models::PinModel, "model_id: 'b' is_pinned: true").Must();
  const auto refused = served.Load("c");
  CHECK(refused.status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK_THAT(refused.status.error_message(),
             Catch::Contains("max_concurrent_models = 1"));
  set("max_concurrent_models: 2");
  served.Load("c").Must();
  CHECK(served.GetState("b") == "MODEL_STATE_READY");
}

}  // namespace
}  // namespace warmup
