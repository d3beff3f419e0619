#include "tests/engines/contract/faults.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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
  explicit World(std::unique_ptr<Subject> subject)
      : subject_(std::move(subject)), served_(Sets(*subject_)) {
    for (const std::string& model : subject_->description().models) {
      INFO(model);
      REQUIRE(Eventually([&] { return FindId(model); }));
    }
    const absl::Time start = absl::Now();
    served_.Load(ids_.begin()->second).Must();
    load_time_ = absl::Now() - start;
  }

  void RunRound(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto& models = subject_->description().models;
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
    CHECK(answer.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED);
    CHECK(answer.error_code() != grpc::StatusCode::INTERNAL);
    if (action == Action::kKillWorker &&
        !subject_->description().manners.shows_dead_workers) {
      // Ready for the server, until somebody asks for it.
      static_cast<void>(subject_->Use(model));
    }
    CHECK(Eventually([&] { return IsLedgerTrue(); }));
    outcomes_[absl::StrCat(std::string(ToString(action)), ", ",
                           answer.ok() ? "loaded" : "refused")]++;
  }

  // How often what was done had which end.
  void Print() const {
    for (const auto& [what, count] : outcomes_) {
      std::cout << "faults(" << subject_->description().name << "): " << what
                << ": " << count << "\n";
    }
  }

 private:
  bool FindId(const std::string& model) {
    const auto models = served_.client.Ask(&Models::ListModels).Must();
    const std::string source = subject_->Spec(model).source;
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
      if (subject_->WhyNot(ability) == nullptr) {
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
    REQUIRE(Eventually([&] {
      return served_.client.Ask(&Models::UnloadModel, request).ok();
    }));
  }

  void Do(Action action, const std::string& model,
          grpc::ClientContext& context) {
    switch (action) {
      case Action::kKill:
        subject_->Kill();
        subject_->Start();
        return;
      case Action::kHang: {
        subject_->Hang();
        const absl::Time end = absl::Now() + 3 * load_time_;
        Eventually([&] { return absl::Now() >= end; });
        subject_->Resume();
        return;
      }
      case Action::kKillWorker:
        // There is none before the load has begun.
        if (subject_->IsLoaded(model)) subject_->KillWorker(model);
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

  bool IsLedgerTrue() {
    int64_t held = 0;
    for (const auto& [model, id] : ids_) {
      const v1::Model view = served_.Get(id);
      const bool is_ready = view.state() == v1::MODEL_STATE_READY;
      if (is_ready != subject_->IsLoaded(model)) return false;
      if (is_ready != (view.held_bytes() > 0)) return false;
      held += view.held_bytes();
    }
    const auto metrics = served_.Metrics();
    return std::all_of(metrics.devices().begin(), metrics.devices().end(),
                       [held](const v1::DeviceMetrics& device) {
                         return device.used_bytes() ==
                                static_cast<double>(held);
                       });
  }

  const std::unique_ptr<Subject> subject_;
  ServedDaemon served_;
  std::map<std::string, std::string> ids_;  // in the catalogue, by model
  absl::Duration load_time_;
  std::map<std::string, int> outcomes_;
};

}  // namespace

void RunFaults(const MakeSubject& make) {
  World world(make());
  for (uint64_t seed = 1; seed <= WARMUP_FAULT_ROUNDS; ++seed) {
    world.RunRound(seed);
  }
  world.Print();
}

}  // namespace warmup::contract
