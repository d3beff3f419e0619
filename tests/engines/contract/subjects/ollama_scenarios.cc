// Ollama's own traps.

#include "nlohmann/json.hpp"
#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/subjects/ollama_subject.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

OllamaSubject& AsOllama(Subject& subject) {
  return dynamic_cast<OllamaSubject&>(subject);
}

// keep_alive 0 during a load answers 200, and the load goes on.
void UnloadDuringLoadIsLost(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  InBackground theirs([&] { return subject.UnloadByHand(model); });
  CheckOk(theirs.Result());
  CHECK_FALSE(load.has_ended());
  held.Release();
  CheckOk(load.Result().status());
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
}

// expires_at stands still while a request runs, and moves when it ends.
void StreamIsOneUseAtItsEnd(Subject& subject) {
  const std::string& model = ModelA(subject);
  CheckOk(subject.LoadByHand(model));
  LookAt(subject, model);
  LookAt(subject, model);
  CheckOk(subject.BeginUse(model));
  for (int i = 0; i < 5; ++i) CHECK(LookAt(subject, model).uses == 0);
  CheckOk(subject.EndUse(model));
  CHECK(Eventually([&] { return LookAt(subject, model).uses == 1; }));
  CHECK(LookAt(subject, model).uses == 0);
}

// A load that has to evict a busy model waits; when it is given up, the model
// goes all the same. Nothing else does, the request is not cut, and both show.
void CancelledLoadStillEvicts(Subject& subject) {
  const std::string& busy = ModelA(subject);
  AsOllama(subject).LimitToOneModel();
  CheckOk(subject.LoadByHand(busy));
  LookAt(subject, subject.description().models);
  CheckOk(subject.BeginUse(busy));
  {
    BackgroundLoad load(subject.engine(), subject.Spec(ModelB(subject)));
    // It has begun to wait, as far as can be told.
    CHECK_FALSE(
        Eventually([&] { return load.has_ended(); }, absl::Milliseconds(500)));
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  CHECK(subject.IsLoaded(busy));
  CheckOk(subject.EndUse(busy));
  AwaitReady(subject, busy, false);
  CHECK_FALSE(subject.IsLoaded(ModelB(subject)));
  CHECK_FALSE(LooksReady(subject, ModelB(subject)));
  LoadOk(subject, busy);
}

// A load with other options would have Ollama load the model anew.
void KeepsTheirOptions(Subject& subject) {
  constexpr int kTheirs = 256;
  const std::string& model = ModelA(subject);
  OllamaSubject& ollama = AsOllama(subject);
  CheckOk(ollama.LoadWithContext(model, kTheirs));
  REQUIRE(ollama.ShownContext(model) == kTheirs);
  AwaitReady(subject, model, true);
  CHECK(LoadOk(subject, model).read_bytes == 0);
  CHECK(ollama.ShownContext(model) == kTheirs);
}

// The model was ours; then a user had it loaded anew, with his options.
void KeepsOptionsGivenLater(Subject& subject) {
  constexpr int kTheirs = 256;
  const std::string& model = ModelA(subject);
  OllamaSubject& ollama = AsOllama(subject);
  LoadOk(subject, model);
  CheckOk(ollama.LoadWithContext(model, kTheirs));
  REQUIRE(ollama.ShownContext(model) == kTheirs);
  LoadOk(subject, model);
  CHECK(ollama.ShownContext(model) == kTheirs);
}

}  // namespace

int OllamaSubject::ShownContext(const std::string& model) {
  const auto answer = user_->Get("/api/ps", {.timeout = kPatience});
  if (!answer.ok()) return 0;
  const auto json = nlohmann::json::parse(answer->body, nullptr, false);
  if (!json.is_object()) return 0;
  for (const auto& entry : json.value("models", nlohmann::json::array())) {
    if (entry.value("name", "") == model) {
      return entry.value("context_length", 0);
    }
  }
  return 0;
}

std::vector<Scenario> OllamaScenarios() {
  using enum Ability;
  return {
      {"trap: keep_alive 0 during a load is lost", {}, UnloadDuringLoadIsLost},
      {"trap: expires_at stands still during a request",
       {},
       StreamIsOneUseAtItsEnd},
      {"trap: a load that is given up evicts all the same",
       {},
       CancelledLoadStillEvicts},
      {"trap: other options reload what a user loaded", {}, KeepsTheirOptions},
      {"trap: other options reload what a user took over",
       {},
       KeepsOptionsGivenLater},
  };
}

}  // namespace warmup::contract
