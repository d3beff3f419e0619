// A real warmupd on the server.

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/integration/served_daemon.h"

namespace warmup::contract {
namespace {

enum class Action { kKill, kHang, kKillWorker, kUnload, kLeave, kNothing };

std::string_view ToString(Action action) {
  switch (action) {
    case Action::kKill:
      return "kill";
    case Action::kHang:
      return "hang";
    case Action::kKillWorker:
      return "kill its worker";
    case Action::kUnload:
      return "unload";
    case Action::kLeave:
      return "leave";
    case Action::kNothing:
      return "nothing";
  }
  return "?";
}

std::vector<std::string> Sets(Subject& subject) {
  const EngineInfo info = subject.engine().info();
  return {absl::StrCat("engines.servers=[{engine_id: subject, kind: ",
                       info.kind, ", endpoint: '", info.endpoint, "'}]"),
          "policy.predictive_preloading=false",
          // A load that hangs is given up.
          "policy.switching_timeout=4s", "policy.max_concurrent_loads=4",
          "memory.budget_mib=4000"};
}

class World {
 public:
  explicit World(Subject& subject) : subject_(subject), served_(Sets(subject)) {
    for (const std::string& model : subject_.description().models) {
      INFO(model);
      REQUIRE(Eventually([&] { return FindId(model); }));
    }
    const absl::Time start = absl::Now();
    served_.Load(ids_.begin()->second).Must();
    load_time_ = absl::Now() - start;
  }

  void RunRound(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto& models = subject_.description().models;
    const std::string& model = models[random() % models.size()];
    const Action action = Pick(random);
    const absl::Duration after =
        1.5 * load_time_ * (static_cast<double>(random() % 1000) / 1000);
    CAPTURE(seed, model, ToString(action), after);
    Unload(model);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    grpc::Status answer;
    std::thread caller([&, id = ids_.at(model)] {
      v1::LoadModelRequest request;
      request.set_model_id(id);
      request.set_wait(true);
      v1::LoadModelResponse response;
      answer =
          served_.client.stub<Models>().LoadModel(&context, request, &response);
    });
    const absl::Time moment = absl::Now() + after;
    Eventually([&] { return absl::Now() >= moment; });
    Do(action, model, context);
    caller.join();
    INFO(answer.error_message());
    // gRPC itself, had the daemon not answered, gives no details.
    if (action != Action::kLeave && !answer.ok()) {
      CHECK_FALSE(answer.error_details().empty());
    }
    CHECK(answer.error_code() != grpc::StatusCode::INTERNAL);
    if (action == Action::kKillWorker &&
        !subject_.description().manners.shows_dead_workers) {
      // Ready for the server, until somebody asks for it.
      static_cast<void>(subject_.Use(model));
    }
    std::string fault;
    Eventually([&] { return (fault = LedgerFault()).empty(); });
    CHECK(fault == "");
    outcomes_[absl::StrCat(std::string(ToString(action)), ", ",
                           answer.ok() ? "loaded" : "refused")]++;
  }

  // How often what was done had which end.
  void Print() const {
    for (const auto& [what, count] : outcomes_) {
      std::cout << "faults(" << subject_.description().name << "): " << what
                << ": " << count << "\n";
    }
  }

 private:
  bool FindId(const std::string& model) {
    const auto models = served_.client.Ask(&Models::ListModels).Must();
    const std::string source = subject_.Spec(model).source;
    for (const v1::Model& each : models.models()) {
      if (each.spec().engine() != "subject" || each.spec().source() != source) {
        continue;
      }
      ids_[model] = each.spec().model_id();
      return true;
    }
    return false;
  }

  Action Pick(std::mt19937_64& random) const {
    std::vector<Action> actions = {Action::kUnload, Action::kLeave,
                                   Action::kNothing};
    const auto add = [&](Ability ability, Action action) {
      // The faults that matter come more often.
      if (subject_.WhyNot(ability) == nullptr) {
        actions.insert(actions.end(), 3, action);
      }
    };
    add(Ability::kRestart, Action::kKill);
    add(Ability::kHang, Action::kHang);
    add(Ability::kKillWorker, Action::kKillWorker);
    return actions[random() % actions.size()];
  }

  void Unload(const std::string& model) {
    v1::UnloadModelRequest request;
    request.set_model_id(ids_.at(model));
    grpc::Status status;
    Eventually([&] {
      status = served_.client.Ask(&Models::UnloadModel, request).status;
      return status.ok();
    });
    INFO(status.error_message());
    REQUIRE(status.ok());
  }

  void Do(Action action, const std::string& model,
          grpc::ClientContext& context) {
    switch (action) {
      case Action::kKill:
        subject_.Kill();
        subject_.Start();
        return;
      case Action::kHang: {
        subject_.Hang();
        const absl::Time end = absl::Now() + 3 * load_time_;
        Eventually([&] { return absl::Now() >= end; });
        subject_.Resume();
        return;
      }
      case Action::kKillWorker:
        // There is none before the load has begun.
        if (subject_.IsLoaded(model)) subject_.KillWorker(model);
        return;
      case Action::kUnload: {
        v1::UnloadModelRequest request;
        request.set_model_id(ids_.at(model));
        served_.client.Ask(&Models::UnloadModel, request);
        return;
      }
      case Action::kLeave:
        context.TryCancel();
        return;
      case Action::kNothing:
        return;
    }
  }

  // In what the daemon's ledger differs from what is there; empty: in nothing.
  std::string LedgerFault() {
    int64_t held = 0;
    for (const auto& [model, id] : ids_) {
      const v1::Model view = served_.Get(id);
      held += view.held_bytes();
      const bool is_ready = view.state() == v1::MODEL_STATE_READY;
      const bool is_loaded = subject_.IsLoaded(model);
      const EngineAbilities can = subject_.engine().info().abilities;
      // One that sleeps holds memory, too.
      const bool may_hold =
          is_ready || (can.has_tiers && view.tier() != v1::MODEL_TIER_COLD);
      // Where nobody can measure it, it holds none that is known of.
      const bool must_hold = is_ready && can.shows_memory;
      if (is_ready != is_loaded || (must_hold && view.held_bytes() == 0) ||
          (!may_hold && view.held_bytes() > 0)) {
        return absl::StrCat(
            model, " is ", is_loaded ? "" : "not ",
            "loaded, the daemon has: ", view.ShortDebugString());
      }
    }
    const auto metrics = served_.Metrics();
    for (const v1::DeviceMetrics& device : metrics.devices()) {
      if (device.used_bytes() != static_cast<double>(held)) {
        return absl::StrCat("models hold ", held,
                            ", the daemon has: ", device.ShortDebugString());
      }
    }
    return {};
  }

  Subject& subject_;
  ServedDaemon served_;
  std::map<std::string, std::string> ids_;  // in the catalogue, by model
  absl::Duration load_time_;
  std::map<std::string, int> outcomes_;
};

// It is killed or hung, its worker is killed, its model is unloaded or the
// caller leaves, at a random moment of a load; WARMUP_FAULT_ROUNDS times, each
// from the seed it names. After each, whoever waited has an answer, and what
// the daemon has in its ledger is what is really there.
void Faults(Subject& subject) {
  World world(subject);
  for (uint64_t seed = 1; seed <= WARMUP_FAULT_ROUNDS; ++seed) {
    world.RunRound(seed);
  }
  world.Print();
}

}  // namespace

std::vector<Scenario> DaemonScenarios() {
  using enum Ability;
  return {
      {"a daemon's ledger stays true whatever happens at any moment of a load",
       {kLoad, kUnload, kDaemon},
       Faults},
  };
}

}  // namespace warmup::contract
