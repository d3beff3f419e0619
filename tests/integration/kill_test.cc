// What was acknowledged survives kill -9: the daemon is killed in the middle
// of writes again and again, and each time it must come back with all it said
// yes to, and with nothing that nobody asked for.

#include <csignal>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

// Sanitizers make every start slow, and find nothing more in the 200th.
constexpr int kLoops = kIsSanitized ? 20 : 200;
constexpr int kKeys = 6;

// What one thing may be after a kill: what was acknowledged last, or, if the
// kill came before the answer, what was asked for. "" stands for "not there".
struct Expected {
  std::string acknowledged;
  std::string in_doubt;
  bool is_in_doubt = false;

  void Ask(const std::string& value) {
    in_doubt = value;
    is_in_doubt = true;
  }
  void Answer() {
    acknowledged = in_doubt;
    is_in_doubt = false;
  }
  bool Allows(const std::string& found) const {
    return found == acknowledged || (is_in_doubt && found == in_doubt);
  }
};

// Writes at random until the daemon is gone, keeping account.
class Writer {
 public:
  explicit Writer(std::string model_path)
      : model_path_(std::move(model_path)) {}

  // Returns when a call fails because the daemon is not there any more.
  void WriteUntilKilled(Client& client) {
    while (WriteOnce(client)) {
    }
  }

  // Compares the daemon that came back with the account, and goes on from
  // what is there.
  void Check(Client& client) {
    CheckModels(client);
    CheckSessions(client);
    const std::string policy =
        std::to_string(client.Ask(&Models::GetSwitchingPolicy)
                           .Must()
                           .policy()
                           .max_concurrent_models());
    CHECK(policy_.Allows(policy));
    policy_ = {policy, "", false};
    CheckEvents(client);
  }

  int acknowledged() const { return acknowledged_; }

 private:
  bool WriteOnce(Client& client) {
    switch (random_() % 5) {
      case 0:
      case 1:
        return WriteModel(client, Key("m"));
      case 2:
        return WriteSession(client, Key("s"));
      case 3:
        return WritePolicy(client);
      default:
        return PublishEvent(client);
    }
  }

  std::string Key(const char* prefix) {
    return absl::StrCat(prefix, random_() % kKeys);
  }

  // Counts the answer. A refusal would be a fault of this test.
  bool Answered(const grpc::Status& status, Expected* expected) {
    if (!status.ok()) {
      INFO(status.error_message());
      CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
      return false;
    }
    expected->Answer();
    ++acknowledged_;
    return true;
  }

  bool WriteModel(Client& client, const std::string& id) {
    Expected& expected = models_[id];
    const bool is_there = !expected.acknowledged.empty();
    if (is_there && random_() % 3 == 0) {
      expected.Ask("");
      return Answered(
          client.Ask(&Models::RemoveModel, "model_id: '" + id + "'").status,
          &expected);
    }
    const std::string label = std::to_string(++value_);
    v1::ModelSpec spec;
    spec.set_model_id(id);
    spec.set_source(model_path_);
    (*spec.mutable_labels())["value"] = label;
    expected.Ask(label);
    if (is_there) {
      v1::UpdateModelRequest request;
      *request.mutable_spec() = spec;
      return Answered(client.Ask(&Models::UpdateModel, request).status,
                      &expected);
    }
    v1::RegisterModelRequest request;
    *request.mutable_spec() = spec;
    return Answered(client.Ask(&Models::RegisterModel, request).status,
                    &expected);
  }

  bool WriteSession(Client& client, const std::string& id) {
    Expected& expected = sessions_[id];
    if (!expected.acknowledged.empty()) {
      expected.Ask("");
      return Answered(
          client.Ask(&Warmup::StopWarmupSession, "session_id: '" + id + "'")
              .status,
          &expected);
    }
    const std::string workspace = absl::StrCat("w", ++value_);
    expected.Ask(workspace);
    return Answered(
        client
            .Ask(&Warmup::StartWarmupSession,
                 absl::StrCat("session { session_id: '", id, "' workspace: '",
                              workspace, "' lease { seconds: 3600 } }"))
            .status,
        &expected);
  }

  bool WritePolicy(Client& client) {
    const int models = 1 + static_cast<int>(random_() % 1000);
    policy_.Ask(std::to_string(models));
    return Answered(
        client
            .Ask(&Models::SetSwitchingPolicy,
                 absl::StrCat("policy { resource_aware_switching: true "
                              "max_concurrent_models: ",
                              models, " }"))
            .status,
        &policy_);
  }

  bool PublishEvent(Client& client) {
    const auto answer = client.Ask(
        &Events::Publish,
        absl::StrCat("event { event_type: 'test' source: 'kill_test' event_id: "
                     "'e",
                     ++value_, "' }"));
    Expected ignored;
    if (!Answered(answer.status, &ignored)) return false;
    last_event_ = answer.body.event();
    return true;
  }

  void CheckModels(Client& client) {
    std::map<std::string, std::string> found;
    const auto list = client.Ask(&Models::ListModels).Must();
    for (const v1::Model& model : list.models()) {
      found[model.spec().model_id()] = model.spec().labels().at("value");
    }
    CheckAll(found, &models_);
  }

  void CheckSessions(Client& client) {
    std::map<std::string, std::string> found;
    const auto list = client.Ask(&Warmup::ListWarmupSessions).Must();
    for (const v1::WarmupSession& session : list.sessions()) {
      found[session.session_id()] = session.workspace();
    }
    CheckAll(found, &sessions_);
  }

  static void CheckAll(const std::map<std::string, std::string>& found,
                       std::map<std::string, Expected>* expected) {
    for (const auto& [id, value] : found) {
      INFO(id << " came back as " << value);
      CHECK(expected->contains(id));
    }
    for (auto& [id, one] : *expected) {
      const auto it = found.find(id);
      const std::string value = it == found.end() ? "" : it->second;
      INFO(id << " is \"" << value << "\", acknowledged was \""
              << one.acknowledged << "\"");
      CHECK(one.Allows(value));
      one = {value, "", false};
    }
  }

  // The newest acknowledged event is there as it was, and sequences go on.
  void CheckEvents(Client& client) {
    if (last_event_.sequence() == 0) return;
    bool is_there = false;
    const auto recent =
        client
            .Ask(&Events::GetRecentEvents,
                 "max_count: 1000 filter { sources: 'kill_test' }")
            .Must();
    for (const v1::Event& event : recent.events()) {
      is_there |= event.sequence() == last_event_.sequence() &&
                  event.event_id() == last_event_.event_id();
    }
    INFO("event " << last_event_.event_id());
    CHECK(is_there);
  }

  const std::string model_path_;
  std::mt19937_64 random_{20261124};
  std::map<std::string, Expected> models_;
  std::map<std::string, Expected> sessions_;
  Expected policy_{"0", "", false};
  v1::Event last_event_;
  int value_ = 0;
  int acknowledged_ = 0;
};

TEST_CASE("Kill: nothing acknowledged is lost by kill -9") {
  const DaemonHome home;
  Writer writer(home.MakeModel("m.bin", kMib));
  std::mt19937_64 random(1);
  for (int loop = 0; loop < kLoops; ++loop) {
    INFO("loop " << loop);
    DaemonProcess daemon = home.Start();
    Client client(home.address());
    writer.Check(client);
    const auto life =
        absl::Microseconds(static_cast<int64_t>(random() % 20'000));
    std::thread killer([&daemon, life] {
      const absl::Time end = absl::Now() + life;
      while (absl::Now() < end) std::this_thread::yield();
      daemon.Signal(SIGKILL);
    });
    writer.WriteUntilKilled(client);
    killer.join();
    REQUIRE(daemon.WaitForExit() == 128 + SIGKILL);
  }
  // Else it would have proved nothing.
  CHECK(writer.acknowledged() > kLoops);
}

}  // namespace
}  // namespace warmup
