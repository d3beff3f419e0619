// Everything at once, against a server in this process, so that the sanitizers
// see both sides.

#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/served_runtime.h"

namespace warmup {
namespace {

constexpr int kModels = 8;

// A client that does all kinds of things in random order, and remembers every
// answer that is none of those a client must expect.
class BusyClient {
 public:
  BusyClient(const std::string& address, unsigned seed)
      : client_(address), random_(seed), name_("c" + std::to_string(seed)) {}

  // Counts in `done`.
  void Work(int operations, std::atomic<int>* done) {
    for (int i = 0; i < operations; ++i) {
      (this->*kActions[Pick(kCount)])();
      ++*done;
    }
  }
  const std::set<std::string>& surprises() const { return surprises_; }

 private:
  using Action = void (BusyClient::*)();
  static constexpr int kCount = 16;
  static const Action kActions[kCount];

  int Pick(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }
  std::string Model() { return "m" + std::to_string(Pick(kModels)); }

  template <class Response>
  Answer<Response> Expect(Answer<Response> answer) {
    static const std::set<grpc::StatusCode> expected = {
        grpc::StatusCode::OK,
        grpc::StatusCode::CANCELLED,
        grpc::StatusCode::NOT_FOUND,
        grpc::StatusCode::ALREADY_EXISTS,
        grpc::StatusCode::RESOURCE_EXHAUSTED,
        grpc::StatusCode::FAILED_PRECONDITION,
        grpc::StatusCode::DEADLINE_EXCEEDED,
        grpc::StatusCode::UNAVAILABLE};
    if (!expected.contains(answer.status.error_code())) {
      surprises_.insert(std::to_string(answer.status.error_code()) + " " +
                        answer.status.error_message());
    }
    return answer;
  }

  void Register() {
    Expect(client_.Ask(&Models::RegisterModel,
                       "spec { model_id: '" + Model() +
                           "' engine: 'fake' source: '/m' size_bytes: 40 }"));
  }
  void Update() {
    Expect(client_.Ask(&Models::UpdateModel,
                       "spec { model_id: '" + Model() +
                           "' engine: 'fake' source: '/m' size_bytes: 30 }"));
  }
  void Remove() {
    Expect(client_.Ask(&Models::RemoveModel, "model_id: '" + Model() + "'"));
  }
  void LoadAndWait() {
    Expect(
        client_.Ask(&Models::LoadModel,
                    "wait: true timeout_ms: 20 model_id: '" + Model() + "'"));
  }
  void LoadAndLeave() {
    Expect(client_.Ask(
        &Models::LoadModel,
        Proto<v1::LoadModelRequest>("wait: true model_id: '" + Model() + "'"),
        absl::Milliseconds(2)));
  }
  void RequestLoad() {
    Expect(client_.Ask(&Models::LoadModel,
                       "may_evict: true model_id: '" + Model() + "'"));
  }
  void Unload() {
    Expect(client_.Ask(&Models::UnloadModel,
                       "timeout_ms: 20 model_id: '" + Model() + "'"));
  }
  void Lease() {
    const auto lease = Expect(
        client_.Ask(&Models::AcquireLease,
                    "duration { nanos: 5000000 } model_id: '" + Model() + "'"));
    if (!lease.ok() || Pick(2) == 0) return;
    const std::string id = "lease_id: '" + lease.body.lease().lease_id() + "'";
    Expect(client_.Ask(&Models::RenewLease, id + "duration { seconds: 1 }"));
    Expect(client_.Ask(&Models::ReleaseLease, id));
  }
  void Pin() {
    const std::string model = "model_id: '" + Model() + "'";
    Expect(client_.Ask(&Models::PinModel, model + " is_pinned: true"));
    Expect(client_.Ask(&Models::PinModel, model));
  }
  void List() {
    Expect(client_.Ask(&Models::ListModels, "page_size: 3"));
    Expect(client_.Ask(&Models::GetModel, "model_id: '" + Model() + "'"));
  }
  void SetPolicy() {
    Expect(client_.Ask(&Models::SetSwitchingPolicy,
                       "policy { resource_aware_switching: true "
                       "predictive_preloading: true max_concurrent_loads: " +
                           std::to_string(1 + Pick(4)) + "}"));
    Expect(client_.Ask(&Models::GetSwitchingPolicy));
  }
  void Session() {
    const std::string session = "session_id: '" + name_ + "'";
    Expect(client_.Ask(&Warmup::StartWarmupSession,
                       "session { " + session +
                           " roles { key: 'chat' value: '" + Model() +
                           "' } }"));
    Expect(client_.Ask(&Warmup::KeepAliveWarmupSession, session));
    Expect(client_.Ask(
        &Warmup::ReportActivity,
        "activities { kind: 'typing' role: 'chat' " + session + "}"));
    Expect(client_.Ask(&Warmup::ListWarmupSessions));
    if (Pick(3) == 0) Expect(client_.Ask(&Warmup::StopWarmupSession, session));
  }
  void Use() {
    Expect(client_.Ask(&Warmup::RecordUsage, "usages { model_id: '" + Model() +
                                                 "' user_id: 'ada' }"));
  }
  void Predict() {
    Expect(client_.Ask(&Warmup::GetWarmupPrediction,
                       "task: MODEL_TYPE_CHAT mode: "
                       "PREDICTION_MODE_PREDICT_AND_WARM"));
    Expect(client_.Ask(&Warmup::GetWarmupMetrics));
    Expect(client_.Ask(&Warmup::GetPredictionQuality));
    Expect(client_.Ask(&Health::Check));
  }
  void Publish() {
    Expect(client_.Ask(&Events::Publish,
                       "event { event_type: 't' source: '" + name_ + "' }"));
    Expect(client_.Ask(&Events::GetRecentEvents, "max_count: 5"));
  }
  // Streams that are read a little and left.
  void Stream() {
    auto events = client_.Open(&Events::Subscribe, "from_sequence: 0");
    auto models = client_.Open(&Models::WatchModels);
    auto health = client_.Open(&Health::Watch);
    if (Pick(2) == 0) models.Next();
    if (Pick(2) == 0) health.Next();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::StreamActivityResponse taken;
    auto writer = client_.stub<Warmup>().StreamActivity(&context, &taken);
    for (int i = Pick(4); i > 0; --i) {
      writer->Write(
          Proto<v1::StreamActivityRequest>("activity { kind: 'typing' }"));
    }
    if (Pick(2) == 0) context.TryCancel();
    writer->WritesDone();
    writer->Finish();
  }

  Client client_;
  std::mt19937 random_;
  const std::string name_;
  std::set<std::string> surprises_;
};

const BusyClient::Action BusyClient::kActions[BusyClient::kCount] = {
    &BusyClient::Register,     &BusyClient::Update,
    &BusyClient::Remove,       &BusyClient::LoadAndWait,
    &BusyClient::LoadAndLeave, &BusyClient::RequestLoad,
    &BusyClient::Unload,       &BusyClient::Lease,
    &BusyClient::Pin,          &BusyClient::List,
    &BusyClient::SetPolicy,    &BusyClient::Session,
    &BusyClient::Use,          &BusyClient::Predict,
    &BusyClient::Publish,      &BusyClient::Stream};

constexpr int kOperations = 150;

// Works with `count` clients at once; what surprised them. `meanwhile` is given
// the count of what they have done so far.
std::set<std::string> WorkTogether(
    const std::string& address, int count, unsigned seed,
    const std::function<void(const std::atomic<int>&)>& meanwhile) {
  std::atomic<int> done = 0;
  std::vector<std::unique_ptr<BusyClient>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    clients.push_back(
        std::make_unique<BusyClient>(address, seed + static_cast<unsigned>(i)));
    threads.emplace_back([client = clients.back().get(), &done] {
      client->Work(kOperations, &done);
    });
  }
  meanwhile(done);
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> surprises;
  for (const auto& client : clients) {
    surprises.insert(client->surprises().begin(), client->surprises().end());
  }
  return surprises;
}

TEST_CASE("GrpcServer: many clients doing everything at once do no harm") {
  for (const bool is_instant : {true, false}) {
    INFO("loads end " << (is_instant ? "at once" : "when told"));
    ServedRuntime served(is_instant);
    std::atomic<bool> is_over = false;
    // Ends loads in some order.
    std::thread finisher([&] {
      for (int i = 0; !is_over; i = (i + 1) % kModels) {
        served.engine.Finish("m" + std::to_string(i));
        std::this_thread::yield();
      }
    });
    const std::set<std::string> surprises =
        WorkTogether(served.address(), 8, 1, [](const auto&) {});
    is_over = true;
    finisher.join();
    CHECK(surprises == std::set<std::string>{});
    CHECK_FALSE(served.engine.had_overlap());
    // It is as it was: what is asked for is done.
    Client client(served.address());
    Register(client, "after");
    client.Ask(&Models::RemoveModel, "model_id: 'after'").Must();
  }
}

TEST_CASE("GrpcServer: starts and stops twenty times with clients connected") {
  for (unsigned round = 0; round < 20; ++round) {
    INFO("round " << round);
    ServedRuntime served(/*is_instant=*/round % 2 == 0);
    const int stop_at = static_cast<int>(round) * 5;
    const std::set<std::string> surprises =
        WorkTogether(served.address(), 4, 100 * round, [&](const auto& done) {
          CHECK(Eventually([&] { return done >= stop_at; }));
          served.Stop();
        });
    CHECK(surprises == std::set<std::string>{});
    CHECK_FALSE(served.engine.had_overlap());
  }
}

}  // namespace
}  // namespace warmup
