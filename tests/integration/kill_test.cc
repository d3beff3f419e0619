// What was acknowledged survives kill -9: a real daemon is killed again and
// again, each time in the midst of a burst of writes, and must know everything
// that it had answered for, and nothing that nobody ever told it.

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

// A sanitized daemon takes ten times as long to start.
constexpr int kRounds = kIsSanitized ? 30 : 200;
constexpr int kWriters = 3;

// Every thing has one value; this one stands for "it is not there".
const std::string kAbsent;

// What each thing may be after a restart: what was acknowledged last, and what
// was being written when the daemon was killed.
using Possible = std::map<std::string, std::set<std::string>>;

// Writes what nobody else does, one thing after another.
class Writer {
 public:
  Writer(int number, std::string source)
      : name_("w" + std::to_string(number)),
        source_(std::move(source)),
        random_(static_cast<unsigned>(number)) {}

  // Until a call fails; counts in `acknowledged` what was answered for.
  void Run(Client& client, std::atomic<int>* acknowledged) {
    while (WriteOne(client)) ++*acknowledged;
  }

  Possible& possible() { return possible_; }
  const std::string& name() const { return name_; }
  // Sequences of the events acknowledged since the last call.
  std::vector<uint64_t> TakeSequences() { return std::move(sequences_); }
  // What a failed call said, but for that the daemon was gone.
  const std::string& surprise() const { return surprise_; }

 private:
  int Pick(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }

  bool WriteOne(Client& client) {
    switch (Pick(6)) {
      case 0:
      case 1:
        return WriteModel(client);
      case 2:
        return WriteSession(client);
      case 3:
        return name_ == "w0" ? WritePolicy(client) : WriteModel(client);
      default:
        return Publish(client);
    }
  }

  // Makes `thing` have `value` by `call`.
  template <class Call>
  bool Write(const std::string& thing, const std::string& value, Call call) {
    Now(thing);
    possible_[thing].insert(value);
    const grpc::Status status = call();
    if (status.ok()) {
      possible_[thing] = {value};
      return true;
    }
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE ||
        !ReadGrpcError(status).reason.empty()) {
      surprise_ = thing + ": " + status.error_message();
    }
    return false;
  }

  // What it is, as far as this writer knows.
  const std::string& Now(const std::string& thing) {
    std::set<std::string>& values = possible_[thing];
    if (values.empty()) values.insert(kAbsent);
    return *values.begin();
  }
  std::string NewValue() { return "v" + std::to_string(++last_value_); }

  bool WriteModel(Client& client) {
    const std::string id = name_ + "-" + std::to_string(Pick(4));
    const std::string thing = "model " + id;
    const bool is_there = Now(thing) != kAbsent;
    if (is_there && Pick(3) == 0) {
      return Write(thing, kAbsent, [&] {
        return client.Ask(&Models::RemoveModel, "model_id: '" + id + "'")
            .status;
      });
    }
    const std::string value = NewValue();
    const std::string spec = "spec { model_id: '" + id + "' source: '" +
                             source_ + "' labels { key: 'v' value: '" + value +
                             "' } }";
    return Write(thing, value, [&] {
      return is_there ? client.Ask(&Models::UpdateModel, spec).status
                      : client.Ask(&Models::RegisterModel, spec).status;
    });
  }

  bool WriteSession(Client& client) {
    const std::string id = name_ + "-" + std::to_string(Pick(2));
    const std::string thing = "session " + id;
    if (Now(thing) != kAbsent) {
      return Write(thing, kAbsent, [&] {
        return client
            .Ask(&Warmup::StopWarmupSession, "session_id: '" + id + "'")
            .status;
      });
    }
    const std::string value = NewValue();
    return Write(thing, value, [&] {
      return client
          .Ask(&Warmup::StartWarmupSession, "session { session_id: '" + id +
                                                "' client: '" + value +
                                                "' lease { seconds: 86400 } }")
          .status;
    });
  }

  bool WritePolicy(Client& client) {
    const std::string value = std::to_string(++last_value_ % 10'000);
    return Write("policy", value, [&] {
      return client
          .Ask(&Models::SetSwitchingPolicy,
               "policy { max_concurrent_models: " + value + " }")
          .status;
    });
  }

  bool Publish(Client& client) {
    const auto answer =
        client.Ask(&Events::Publish,
                   "event { event_type: 'burst' source: '" + name_ + "' }");
    if (answer.ok()) sequences_.push_back(answer.body.event().sequence());
    return answer.ok();
  }

  const std::string name_;
  const std::string source_;
  std::mt19937 random_;
  Possible possible_;
  std::vector<uint64_t> sequences_;
  std::string surprise_;
  int last_value_ = 0;
};

// What a daemon knows, as things and their values.
std::map<std::string, std::string> Known(Client& client) {
  std::map<std::string, std::string> known;
  const auto models = client.Ask(&Models::ListModels, "page_size: 1000").Must();
  for (const v1::Model& model : models.models()) {
    known["model " + model.spec().model_id()] = model.spec().labels().at("v");
  }
  const auto sessions =
      client.Ask(&Warmup::ListWarmupSessions, "page_size: 1000").Must();
  for (const v1::WarmupSession& session : sessions.sessions()) {
    known["session " + session.session_id()] = session.client();
  }
  const int policy = client.Ask(&Models::GetSwitchingPolicy)
                         .Must()
                         .policy()
                         .max_concurrent_models();
  if (policy != 0) known["policy"] = std::to_string(policy);
  return known;
}

// That all is known which was acknowledged; what it is now is taken for that.
void CheckKnown(Client& client, std::vector<std::unique_ptr<Writer>>& writers) {
  std::map<std::string, std::string> known = Known(client);
  for (const auto& writer : writers) {
    for (auto& [thing, values] : writer->possible()) {
      const std::string now = known.contains(thing) ? known[thing] : kAbsent;
      INFO(thing << " is \"" << now << "\"");
      CHECK(values.contains(now));
      values = {now};
      known.erase(thing);
    }
  }
  // Nothing that nobody wrote.
  CHECK(known == std::map<std::string, std::string>{});
}

// That the newest events are without a hole, and hold those acknowledged.
void CheckEvents(Client& client, const std::set<uint64_t>& acknowledged) {
  const auto recent =
      client.Ask(&Events::GetRecentEvents, "max_count: 1000").Must();
  uint64_t last = 0;
  std::set<uint64_t> there;
  for (const v1::Event& event : recent.events()) {
    if (last != 0) CHECK(event.sequence() == last + 1);
    last = event.sequence();
    there.insert(last);
  }
  for (const uint64_t sequence : acknowledged) {
    INFO("event " << sequence);
    CHECK(there.contains(sequence));
  }
}

TEST_CASE("Daemon: kill -9 loses nothing that was acknowledged") {
  const DaemonHome home;
  const std::string source = home.MakeModel("source", 4096);
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(std::make_unique<Writer>(i, source));
  }
  std::mt19937 random(42);
  std::set<uint64_t> last_sequences;
  uint64_t highest = 0;
  int total = 0;
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    DaemonProcess daemon = home.Start({"policy.predictive_preloading=false"});
    INFO(daemon.Log());
    Client client(home.address());
    CheckKnown(client, writers);
    CheckEvents(client, last_sequences);

    std::atomic<int> acknowledged = 0;
    std::vector<std::thread> threads;
    for (const auto& writer : writers) {
      threads.emplace_back([&client, &acknowledged, writer = writer.get()] {
        writer->Run(client, &acknowledged);
      });
    }
    const int wanted = static_cast<int>(random() % 12);
    const bool is_enough =
        Eventually([&] { return acknowledged >= wanted || !daemon.IsAlive(); });
    const bool was_alive = daemon.IsAlive();
    daemon.Kill();
    for (std::thread& thread : threads) thread.join();
    REQUIRE(is_enough);
    REQUIRE(was_alive);

    last_sequences.clear();
    const uint64_t before = highest;
    for (const auto& writer : writers) {
      REQUIRE(writer->surprise().empty());
      for (const uint64_t sequence : writer->TakeSequences()) {
        CHECK(sequence > before);
        CHECK(last_sequences.insert(sequence).second);
        highest = std::max(highest, sequence);
      }
    }
    total += acknowledged;
  }
  DaemonProcess daemon = home.Start();
  Client client(home.address());
  CheckKnown(client, writers);
  CheckEvents(client, last_sequences);
  CHECK(daemon.Stop() == 0);
  WARN(kRounds << " rounds, " << total << " acknowledged writes");
}

}  // namespace
}  // namespace warmup
