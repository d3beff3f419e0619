#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_KSERVE_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_KSERVE_SUBJECT_H_

#include <memory>
#include <string>
#include <utility>

#include "adapters/engines/kserve/kserve_engine.h"
#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/kserve_user.h"

namespace warmup::contract {

// What the fake and the real servers of the open inference protocol have in
// common: the adapter, and users who speak that protocol.
class KserveSubject : public Subject {
 public:
  Engine& engine() override { return *engine_; }
  ModelSpec Spec(const std::string& model) override {
    ModelSpec spec = Subject::Spec(model);
    spec.size_bytes = 8 << 20;  // none of them tells
    return spec;
  }

  absl::Status Use(const std::string& model) override {
    return user_->Infer(model);
  }
  absl::Status BeginUse(const std::string& model) override {
    HoldUses(model, true);
    request_ = std::make_unique<InBackground>(
        [this, model] { return user_->Infer(model); });
    AwaitUsing(model);
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    HoldUses(model, false);
    return request_->Result();
  }
  absl::Status LoadByHand(const std::string& model) override {
    return user_->Load(model);
  }
  absl::Status UnloadByHand(const std::string& model) override {
    return user_->Unload(model);
  }

 protected:
  KserveSubject(Description description, const std::string& endpoint,
                KserveEngine::Options options)
      : Subject(std::move(description)),
        user_(std::make_unique<KserveUser>(endpoint)),
        engine_(*KserveEngine::Create("kserve", endpoint, std::move(options))) {
  }

  static KserveEngine::Options Options(const std::string& metrics = "") {
    KserveEngine::Options options;
    options.metrics_endpoint = metrics;
    // For a load that is held, that the test may go on.
    options.give_up_timeout = absl::Seconds(1);
    options.unload_timeout = absl::Seconds(5);
    return options;
  }
  virtual void HoldUses(const std::string& model, bool are_held) = 0;
  virtual void AwaitUsing(const std::string& model) = 0;
  KserveUser& user() { return *user_; }
  // Before the server goes.
  void EndRequest() { request_ = nullptr; }

 private:
  const std::unique_ptr<KserveUser> user_;
  std::unique_ptr<InBackground> request_;
  const std::unique_ptr<KserveEngine> engine_;
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_KSERVE_SUBJECT_H_
