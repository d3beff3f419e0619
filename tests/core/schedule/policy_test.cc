#include "core/schedule/policy.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

using Action = Decision::Action;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

PolicySnapshot Host(int64_t budget) {
  PolicySnapshot snapshot;
  snapshot.devices["host"] = {.budget_bytes = budget,
                              .used_bytes = 0,
                              .measured_free_bytes = 1'000'000,
                              .reserve_bytes = 0,
                              .evict_by = shadow::EvictBy::kWorth};
  return snapshot;
}

// Which the one who is followed holds.
ResidentView& AddReady(PolicySnapshot& snapshot, const ModelId& model,
                       int64_t bytes, double value) {
  ResidentView resident;
  resident.model = model;
  resident.device = "host";
  resident.bytes = bytes;
  resident.value = value;
  resident.is_followed = true;
  snapshot.residents.push_back(resident);
  snapshot.devices["host"].used_bytes += bytes;
  return snapshot.residents.back();
}

void Want(PolicySnapshot& snapshot, const ModelId& model, int64_t bytes,
          LoadKind kind = LoadKind::kDemand, bool may_evict = true) {
  snapshot.wanted.push_back({model, "host", bytes, kind, may_evict});
}

void AddCandidate(PolicySnapshot& snapshot, const ModelId& model,
                  int64_t bytes) {
  CandidateView candidate;
  candidate.model = model;
  candidate.device = "host";
  candidate.bytes = bytes;
  candidate.probability = 0.5;
  snapshot.candidates.push_back(candidate);
}

TEST_CASE("Policy: starts what is asked for and fits") {
  PolicySnapshot snapshot = Host(100);
  Want(snapshot, "a", 100);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kStartLoad);
  CHECK(decisions[0].kind == LoadKind::kDemand);
}

TEST_CASE("Policy: evicts the least valuable that suffices, and waits") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "precious", 50, 10);
  AddReady(snapshot, "idle", 50, 0.1);
  Want(snapshot, "a", 40);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
  CHECK(decisions[0].model == "idle");
}

TEST_CASE("Policy: does not evict more than is needed") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "worthless-small", 10, 0);
  AddReady(snapshot, "cheap-large", 90, 1);
  Want(snapshot, "a", 90);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].model == "cheap-large");
}

TEST_CASE("Policy: what is not followed goes first, whatever it is worth") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "followed", 50, 0.1);
  AddReady(snapshot, "not", 50, 10).is_followed = false;
  Want(snapshot, "a", 50);
  auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].model == "not");
  // Where that is not enough, both.
  snapshot.wanted[0].bytes = 60;
  decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0].model == "not");
  CHECK(decisions[1].model == "followed");
}

TEST_CASE("Policy: what is given back goes, room or not, but not in use") {
  PolicySnapshot snapshot = Host(100);
  for (const char* model : {"idle", "held", "busy", "waited-for"}) {
    AddReady(snapshot, model, 10, 0).is_given_back = true;
  }
  AddReady(snapshot, "kept", 10, 0);
  snapshot.residents[1].is_held = true;
  snapshot.residents[2].is_busy = true;
  snapshot.residents[3].is_wanted = true;
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
  CHECK(decisions[0].model == "idle");
  CHECK(decisions[0].reason == "not worth its memory until it is needed again");
}

TEST_CASE("Policy: who waits gets the place of what is given back") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "given back", 50, 10).is_given_back = true;
  AddReady(snapshot, "worthless", 50, 0);
  Want(snapshot, "a", 40);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].model == "given back");
}

TEST_CASE("Policy: without prediction the least recently used goes") {
  PolicySnapshot snapshot = Host(100);
  snapshot.switching.predictive_preloading = false;
  snapshot.devices["host"].evict_by = shadow::EvictBy::kValue;
  AddReady(snapshot, "new", 50, 1).touched = 2;
  AddReady(snapshot, "old", 50, 1).touched = 1;
  AddCandidate(snapshot, "guess", 10);
  Want(snapshot, "a", 50);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].model == "old");
}

TEST_CASE("Policy: never evicts a pinned, leased or waiting model") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "held", 60, 0).is_held = true;
  AddReady(snapshot, "wanted", 40, 0).is_wanted = true;
  Want(snapshot, "a", 50);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  REQUIRE(decisions[0].action == Action::kRefuse);
  const ErrorDetails details = GetErrorDetails(decisions[0].refusal);
  CHECK(details.reason == "DOES_NOT_FIT");
  CHECK(details.metadata.at("model") == "a");
  CHECK(details.metadata.at("device") == "host");
  CHECK(details.metadata.at("needed_bytes") == "50");
  CHECK(details.metadata.at("free_bytes") == "0");
  CHECK(details.metadata.at("held_by").find("held (ready, held): 60") !=
        std::string::npos);
}

TEST_CASE("Policy: refuses at once what can never fit, and evicts nothing") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "b", 50, 0);
  Want(snapshot, "giant", 101);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kRefuse);
  CHECK(decisions[0].refusal.code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("Policy: a load nobody waits for does not evict") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "b", 80, 0);
  Want(snapshot, "a", 50, LoadKind::kAnnounced, /*may_evict=*/false);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kRefuse);
}

TEST_CASE("Policy: waits for memory that is on its way back") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "leaving", 80, 0).state = ModelState::kUnloading;
  AddReady(snapshot, "b", 20, 0);
  Want(snapshot, "a", 80);
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: the first in line is not overtaken on its device") {
  PolicySnapshot snapshot = Host(100);
  snapshot.switching.max_concurrent_loads = 4;
  AddReady(snapshot, "leaving", 80, 0).state = ModelState::kUnloading;
  Want(snapshot, "large", 90);
  Want(snapshot, "small", 10);
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: a demand takes the slot of the newest guess") {
  PolicySnapshot snapshot = Host(100);
  for (int i = 0; i < 2; ++i) {
    ResidentView& guess =
        AddReady(snapshot, i == 0 ? "older" : "newer", 10, 50);
    guess.state = ModelState::kLoading;
    guess.kind = LoadKind::kSpeculative;
    guess.load_started = kNow - absl::Seconds(10 - i);
  }
  snapshot.switching.max_concurrent_loads = 2;
  Want(snapshot, "a", 10);
  auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kCancelLoad);
  CHECK(decisions[0].model == "newer");
  // Asked again before the cancel is done, it does not cancel another.
  snapshot.residents[1].is_cancelling = true;
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: a demand takes the memory of a guess that is loading") {
  PolicySnapshot snapshot = Host(100);
  ResidentView& guess = AddReady(snapshot, "guess", 80, 50);
  guess.state = ModelState::kLoading;
  guess.kind = LoadKind::kSpeculative;
  snapshot.switching.max_concurrent_loads = 2;
  Want(snapshot, "a", 50);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kCancelLoad);
}

TEST_CASE("Policy: keeps the limit of models, also where memory is free") {
  PolicySnapshot snapshot = Host(1000);
  snapshot.switching.max_concurrent_models = 2;
  AddReady(snapshot, "b", 10, 5);
  AddReady(snapshot, "c", 10, 1);
  Want(snapshot, "a", 10);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
  CHECK(decisions[0].model == "c");
}

TEST_CASE("Policy: keeps the limit of loads") {
  PolicySnapshot snapshot = Host(1000);
  snapshot.switching.max_concurrent_loads = 2;
  for (const char* id : {"a", "b", "c"}) Want(snapshot, id, 10);
  CHECK(Decide(snapshot).size() == 2);
}

TEST_CASE("Policy: loads a guess into free memory, the first first") {
  PolicySnapshot snapshot = Host(100);
  AddCandidate(snapshot, "best", 60);
  AddCandidate(snapshot, "second", 60);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].model == "best");
  CHECK(decisions[0].kind == LoadKind::kSpeculative);
}

TEST_CASE("Policy: a guess needs measured free memory beyond the reserve") {
  PolicySnapshot snapshot = Host(100);
  AddCandidate(snapshot, "guess", 50);
  DeviceView& host = snapshot.devices["host"];
  host.measured_free_bytes = 60;
  host.reserve_bytes = 20;
  CHECK(Decide(snapshot).empty());
  host.measured_free_bytes = std::nullopt;  // nothing measured, no guess
  CHECK(Decide(snapshot).empty());
  host.measured_free_bytes = 70;
  CHECK(Decide(snapshot).size() == 1);
}

TEST_CASE("Policy: no guess while somebody waits") {
  PolicySnapshot snapshot = Host(100);
  snapshot.switching.max_concurrent_loads = 4;
  AddReady(snapshot, "leaving", 80, 0).state = ModelState::kUnloading;
  Want(snapshot, "a", 90);
  AddCandidate(snapshot, "guess", 10);
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: a guess drives out only what is not followed") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "b", 100, 0);
  AddCandidate(snapshot, "guess", 50);
  CHECK(Decide(snapshot).empty());
  snapshot.residents[0].is_followed = false;
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
}

TEST_CASE("Policy: a guess without room is not overtaken by a worse one") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "b", 80, 0);
  AddCandidate(snapshot, "large", 50);
  AddCandidate(snapshot, "small", 10);
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: a guess never drives out what is held, used or waited for") {
  PolicySnapshot snapshot = Host(100);
  snapshot.switching.max_concurrent_loads = 4;
  AddReady(snapshot, "held", 25, 0).is_held = true;
  AddReady(snapshot, "busy", 25, 0).is_busy = true;
  AddReady(snapshot, "waited-for", 25, 0).is_wanted = true;
  AddReady(snapshot, "loading", 25, 0).state = ModelState::kLoading;
  for (ResidentView& resident : snapshot.residents) {
    resident.is_followed = false;
  }
  AddCandidate(snapshot, "guess", 25);
  CHECK(Decide(snapshot).empty());
  // It does drive out one that is none of these.
  snapshot.residents[0].is_held = false;
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
  CHECK(decisions[0].model == "held");
}

TEST_CASE("Policy: a guess that is loading goes before its room is counted") {
  PolicySnapshot snapshot = Host(100);
  AddReady(snapshot, "b", 50, 1);
  ResidentView& guess = AddReady(snapshot, "guess", 50, 5);
  guess.state = ModelState::kLoading;
  guess.kind = LoadKind::kSpeculative;
  Want(snapshot, "a", 50);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kCancelLoad);
}

TEST_CASE("Policy: names an unknown device") {
  PolicySnapshot snapshot = Host(100);
  snapshot.wanted.push_back({"a", "gpu7", 10, LoadKind::kDemand, true});
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kRefuse);
  CHECK(GetErrorDetails(decisions[0].refusal).metadata.at("device") == "gpu7");
}

// An engine that has room for two models, and has two.
PolicySnapshot FullEngine() {
  PolicySnapshot snapshot = Host(100);
  snapshot.engine_limits["router"] = 2;
  AddReady(snapshot, "least", 10, 1).engine = "router";
  AddReady(snapshot, "most", 10, 20).engine = "router";
  AddReady(snapshot, "elsewhere", 10, 0).engine = "other";
  return snapshot;
}

TEST_CASE("Policy: a guess does not make a full engine drive out its equal") {
  PolicySnapshot snapshot = FullEngine();
  snapshot.residents[2].is_followed = false;  // of no use here
  AddCandidate(snapshot, "guess", 10);
  snapshot.candidates[0].engine = "router";
  CHECK(Decide(snapshot).empty());
}

TEST_CASE("Policy: on a full engine one of its own makes room") {
  PolicySnapshot snapshot = FullEngine();
  for (ResidentView& resident : snapshot.residents) {
    resident.is_followed = false;
  }
  AddCandidate(snapshot, "guess", 10);
  snapshot.candidates[0].engine = "router";
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kUnload);
  CHECK(decisions[0].model == "least");
}

TEST_CASE("Policy: guesses do not exceed what an engine has room for") {
  PolicySnapshot snapshot = FullEngine();
  snapshot.switching.max_concurrent_loads = 4;
  snapshot.engine_limits["router"] = 3;
  for (const char* id : {"a", "c", "b"}) AddCandidate(snapshot, id, 10);
  snapshot.candidates[0].engine = snapshot.candidates[2].engine = "router";
  snapshot.candidates[1].engine = "other";
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0].action == Action::kStartLoad);
  CHECK(decisions[0].model == "a");
  CHECK(decisions[1].action == Action::kStartLoad);
  CHECK(decisions[1].model == "c");
}

TEST_CASE("Policy: who waits is left to a full engine's own rule") {
  PolicySnapshot snapshot = FullEngine();
  Want(snapshot, "a", 10);
  const auto decisions = Decide(snapshot);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].action == Action::kStartLoad);
}

}  // namespace
}  // namespace warmup
