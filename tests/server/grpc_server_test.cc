// The server over a real socket, where only a fake engine makes it certain
// what happens first: who waits, who leaves, and what a stop does to them.

#include "server/grpc_server.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/server/served_runtime.h"
#include "tests/support/waiting_load.h"

namespace warmup {
namespace {

bool HasWaiters(Client& client, const std::string& model, int count) {
  return Eventually(
      [&] { return GetModel(client, model).waiter_count() == count; });
}

TEST_CASE("GrpcServer: its socket is its user's only") {
  const ServedRuntime served(/*is_instant=*/true);
  const std::string path = served.address().substr(5);
  struct stat status{};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  CHECK(S_ISSOCK(status.st_mode));
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("GrpcServer: its socket goes with it") {
  const TempFolder folder;
  std::string path;
  {
    const ServedRuntime served(/*is_instant=*/true);
    path = served.address().substr(5);
    CHECK(std::filesystem::exists(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("LoadModel: twenty callers share one load") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  std::vector<std::unique_ptr<WaitingLoad>> callers;
  for (int i = 0; i < 20; ++i) {
    callers.push_back(std::make_unique<WaitingLoad>(client, "m"));
  }
  REQUIRE(HasWaiters(client, "m", 20));
  CHECK(GetModel(client, "m").state() == v1::MODEL_STATE_LOADING);
  CHECK(GetModel(client, "m").load_kind() == v1::LOAD_KIND_DEMAND);
  served.engine.Finish("m");
  int cold = 0;
  for (const auto& caller : callers) {
    const v1::LoadModelResponse response = caller->Answered().Must();
    CHECK(response.model().state() == v1::MODEL_STATE_READY);
    CHECK(response.has_waited());
    if (response.served_as() == v1::SERVED_AS_COLD) ++cold;
  }
  CHECK(cold == 1);
  CHECK(served.engine.load_count() == 1);
  const auto metrics = client.Ask(&Warmup::GetWarmupMetrics).Must();
  CHECK(metrics.loads().demand_count() == 1);
  CHECK(metrics.demands().cold_count() == 1);
  CHECK(metrics.demands().late_count() == 19);
  CHECK(metrics.demands().waited_seconds() > 0);
}

TEST_CASE("LoadModel: a caller that leaves waits no more") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  WaitingLoad leaver(client, "m");
  WaitingLoad stayer(client, "m");
  REQUIRE(HasWaiters(client, "m", 2));
  leaver.Leave();
  CHECK(leaver.Answered().status.error_code() == grpc::StatusCode::CANCELLED);
  REQUIRE(HasWaiters(client, "m", 1));
  // The load goes on for the other.
  served.engine.Finish("m");
  CHECK(stayer.Answered().ok());
  CHECK(client.Ask(&Warmup::GetWarmupMetrics).Must().waiter_count() == 0);
}

TEST_CASE("LoadModel: watchers see that a caller left") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  auto watch = client.Open(&Models::WatchModels);
  WaitingLoad leaver(client, "m");
  REQUIRE(HasWaiters(client, "m", 1));
  leaver.Leave();
  int waiters = -1;
  bool was_waited_for = false;
  while (!was_waited_for || waiters != 0) {
    const auto told = watch.Next();
    REQUIRE(told.has_value());
    for (const v1::Model& model : told->models()) {
      waiters = model.waiter_count();
      was_waited_for = was_waited_for || waiters == 1;
    }
  }
  served.engine.Finish("m");
}

TEST_CASE("LoadModel: watchers see that callers left one that has not begun") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "a");
  Register(client, "b");
  client.Ask(&Models::SetSwitchingPolicy, "policy { max_concurrent_loads: 1 }")
      .Must();
  WaitingLoad first(client, "a");
  REQUIRE(HasWaiters(client, "a", 1));
  auto watch = client.Open(&Models::WatchModels, "model_ids: 'b'");
  const auto awaits = [&](int count) {
    for (auto told = watch.Next(); told.has_value(); told = watch.Next()) {
      if (told->models_size() == 1 && told->models(0).waiter_count() == count) {
        return true;
      }
    }
    return false;
  };
  REQUIRE(awaits(0));
  {
    WaitingLoad leaver(client, "b");
    REQUIRE(awaits(1));
    leaver.Leave();
  }
  REQUIRE(awaits(0));
  WaitingLoad impatient(client, "b", "timeout_ms: 50");
  REQUIRE(awaits(1));
  REQUIRE(awaits(0));
  served.engine.Finish("a");
}

TEST_CASE("LoadModel: a load whose only caller left gives way to a demand") {
  ServedRuntime served(/*is_instant=*/false, /*budget_bytes=*/10);
  Client client(served.address());
  Register(client, "a", 10);
  Register(client, "b", 10);
  {
    WaitingLoad leaver(client, "a");
    REQUIRE(HasWaiters(client, "a", 1));
    leaver.Leave();
  }
  REQUIRE(HasWaiters(client, "a", 0));
  WaitingLoad caller(client, "b");
  served.engine.AwaitLoading("b");
  served.engine.Finish("b");
  CHECK(caller.Answered().ok());
  CHECK(GetModel(client, "a").state() == v1::MODEL_STATE_COLD);
  CHECK_FALSE(served.engine.had_overlap());
}

TEST_CASE("LoadModel: a caller's own patience ends its wait, not the load") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  const auto answer =
      client.Ask(&Models::LoadModel, "model_id: 'm' wait: true timeout_ms: 50");
  CheckError(answer.status, grpc::StatusCode::DEADLINE_EXCEEDED,
             "WAIT_TIMED_OUT", {{"model", "m"}});
  CHECK(GetModel(client, "m").state() == v1::MODEL_STATE_LOADING);
  CHECK(GetModel(client, "m").waiter_count() == 0);
  served.engine.Finish("m");
  CHECK(Eventually(
      [&] { return GetModel(client, "m").state() == v1::MODEL_STATE_READY; }));
}

TEST_CASE("LoadModel: the call's deadline ends the wait as well") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  v1::LoadModelRequest request;
  request.set_model_id("m");
  request.set_wait(true);
  const auto answer =
      client.Ask(&Models::LoadModel, request, absl::Milliseconds(50));
  CHECK(answer.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  CHECK(HasWaiters(client, "m", 0));
  served.engine.Finish("m");
}

TEST_CASE("LoadModel: a load that takes too long fails and backs off") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  client
      .Ask(&Models::SetSwitchingPolicy,
           "policy { switching_timeout_ms: 100 resource_aware_switching: true "
           "}")
      .Must();
  const std::string load = "model_id: 'm' wait: true";
  CheckError(client.Ask(&Models::LoadModel, load).status,
             grpc::StatusCode::DEADLINE_EXCEEDED, "LOAD_TIMED_OUT",
             {{"model", "m"}});
  REQUIRE(Eventually(
      [&] { return GetModel(client, "m").state() == v1::MODEL_STATE_FAILED; }));
  const v1::Model model = GetModel(client, "m");
  CHECK(model.failure_count() == 1);
  CHECK_THAT(model.last_error(), Catch::Contains("took longer than 100ms"));
  CHECK(model.has_retry_time());
  const auto refused = client.Ask(&Models::LoadModel, load);
  CheckError(refused.status, grpc::StatusCode::UNAVAILABLE, "LOAD_BACKING_OFF",
             {{"model", "m"}});
  CHECK(ReadGrpcError(refused.status).retry_after.has_value());
}

TEST_CASE("UnloadModel: ends a load nobody waits for, and waits for its end") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  client.Ask(&Models::LoadModel, "model_id: 'm'").Must();
  served.engine.AwaitLoading("m");
  const auto unloaded =
      client.Ask(&Models::UnloadModel, "model_id: 'm'").Must();
  CHECK(unloaded.model().state() == v1::MODEL_STATE_COLD);
  CHECK(unloaded.model().held_bytes() == 0);
}

TEST_CASE("GrpcServer: a stop answers everybody who waits, and says why") {
  ServedRuntime served(/*is_instant=*/false);
  Client client(served.address());
  Register(client, "m");
  auto subscriber = client.Open(&Events::Subscribe);
  auto old_events = client.Open(&Events::Subscribe, "from_sequence: 0");
  auto watch = client.Open(&Models::WatchModels);
  auto health = client.Open(&Health::Watch);
  grpc::ClientContext activity_context;
  v1::StreamActivityResponse taken;
  auto activities =
      client.stub<Warmup>().StreamActivity(&activity_context, &taken);
  REQUIRE(activities->Write(
      Proto<v1::StreamActivityRequest>("activity { kind: 'typing' }")));
  REQUIRE(Eventually([&] {
    return client.Ask(&Warmup::GetWarmupMetrics).Must().activity_count() == 1;
  }));
  REQUIRE(old_events.Next().has_value());
  REQUIRE(watch.Next().has_value());
  REQUIRE(health.Next()->status() ==
          grpc::health::v1::HealthCheckResponse::SERVING);
  WaitingLoad caller(client, "m");
  REQUIRE(HasWaiters(client, "m", 1));
  served.engine.AwaitLoading("m");

  // The load it cancels is an event, while the subscribers' streams end.
  served.Stop();
  const auto check = [](const grpc::Status& status) {
    CheckError(status, grpc::StatusCode::UNAVAILABLE, "STOPPING");
    CHECK(ReadGrpcError(status).retry_after.has_value());
  };
  check(caller.Answered().status);
  check(subscriber.Finish());
  check(old_events.Finish());
  check(watch.Finish());
  CHECK(health.Next()->status() ==
        grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  check(health.Finish());
  check(activities->Finish());
}

TEST_CASE("GrpcServer: while it drains new calls are refused, health tells") {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  Register(client, "m");
  served.server().Drain();
  CheckError(client.Ask(&Models::GetModel, "model_id: 'm'").status,
             grpc::StatusCode::UNAVAILABLE, "STOPPING");
  CheckError(client.Ask(&Warmup::GetWarmupPrediction).status,
             grpc::StatusCode::UNAVAILABLE, "STOPPING");
  CheckError(client.Open(&Events::Subscribe).Finish(),
             grpc::StatusCode::UNAVAILABLE, "STOPPING");
  CheckError(client.Open(&Models::WatchModels).Finish(),
             grpc::StatusCode::UNAVAILABLE, "STOPPING");
  auto health = client.Open(&Health::Watch);
  CHECK(health.Next()->status() ==
        grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  CheckError(health.Finish(), grpc::StatusCode::UNAVAILABLE, "STOPPING");
}

// Streams end while somebody publishes as fast as he can.
void StopAmongEvents() {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  std::vector<AnswerStream<v1::SubscribeResponse>> subscribers;
  for (int i = 0; i < 100; ++i) {
    subscribers.push_back(client.Open(&Events::Subscribe, "from_sequence: 0"));
  }
  client.Ask(&Events::Publish, "event { event_type: 't' source: 's' }").Must();
  for (auto& subscriber : subscribers) REQUIRE(subscriber.Next().has_value());
  std::atomic<bool> is_over = false;
  std::thread publisher([&] {
    while (!is_over) {
      Event event;
      event.type = "late";
      event.source = "s";
      served.runtime().Publish(event, [](const auto&) {});
    }
  });
  served.server().Drain();
  is_over = true;
  publisher.join();
  served.Stop();
  for (auto& subscriber : subscribers) {
    CheckError(subscriber.Finish(), grpc::StatusCode::UNAVAILABLE, "STOPPING");
  }
}

TEST_CASE("GrpcServer: events that come while streams end do no harm") {
  for (int i = 0; i < 5; ++i) StopAmongEvents();
}

}  // namespace
}  // namespace warmup
