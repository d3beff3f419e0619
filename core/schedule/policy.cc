#include "core/schedule/policy.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

// Carries one decision round: what is free changes as decisions are taken.
class Planner {
 public:
  explicit Planner(const PolicySnapshot& snapshot)
      : snapshot_(snapshot), devices_(snapshot.devices) {
    for (const ResidentView& resident : snapshot.residents) {
      ++models_;
      ++engine_models_[resident.engine];
      if (resident.state == ModelState::kLoading) ++loads_;
      if (IsLeaving(resident)) {
        ++leaving_models_;
        leaving_bytes_[resident.device] += resident.bytes;
      }
    }
  }

  std::vector<Decision> Run() {
    GiveBack();
    for (const WantedView& wanted : snapshot_.wanted) {
      if (blocked_.contains(wanted.device)) continue;
      Serve(wanted);
    }
    if (snapshot_.switching.predictive_preloading) Preload();
    return std::move(decisions_);
  }

 private:
  using Residents = std::vector<const ResidentView*>;

  static bool IsLeaving(const ResidentView& resident) {
    return resident.state == ModelState::kUnloading || resident.is_cancelling;
  }

  bool IsCounted() const {
    return snapshot_.switching.max_concurrent_models > 0;
  }
  // Models too many if one more came, given how many leave.
  int ExcessModels(int leaving) const {
    if (!IsCounted()) return 0;
    return models_ + 1 - leaving - snapshot_.switching.max_concurrent_models;
  }
  // The same on one engine, of those that it limits.
  int ExcessOnEngine(const std::string& engine) const {
    const auto limit = snapshot_.engine_limits.find(engine);
    if (limit == snapshot_.engine_limits.end()) return 0;
    const auto models = engine_models_.find(engine);
    return (models == engine_models_.end() ? 0 : models->second) + 1 -
           limit->second;
  }
  bool HasSlot() const {
    return loads_ < snapshot_.switching.max_concurrent_loads;
  }
  int64_t Free(const std::string& device) const {
    const DeviceView& view = devices_.at(device);
    return view.budget_bytes - view.used_bytes;
  }
  // Bytes still missing if `leaving` bytes come back.
  int64_t Shortage(const std::string& device, int64_t bytes,
                   int64_t leaving) const {
    if (!snapshot_.switching.resource_aware_switching) return 0;
    return bytes - Free(device) - leaving;
  }

  void GiveBack() {
    for (const ResidentView& resident : snapshot_.residents) {
      if (resident.is_given_back && IsUnused(resident)) {
        GiveUp(resident, "not worth its memory until it is needed again");
      }
    }
  }

  // Ready, and in nobody's hands.
  static bool IsUnused(const ResidentView& resident) {
    return resident.state == ModelState::kReady && !resident.is_held &&
           !resident.is_busy && !resident.is_wanted;
  }

  void Serve(const WantedView& wanted) {
    const auto device = devices_.find(wanted.device);
    if (device == devices_.end()) {
      Refuse(wanted, absl::StatusCode::kFailedPrecondition, "UNKNOWN_DEVICE",
             absl::StrCat("model \"", wanted.model, "\" is bound to device \"",
                          wanted.device,
                          "\", which this daemon does not "
                          "have"));
      return;
    }
    if (snapshot_.switching.resource_aware_switching &&
        wanted.bytes > device->second.budget_bytes) {
      RefuseForMemory(wanted);
      return;
    }
    const bool has_room =
        Shortage(wanted.device, wanted.bytes, 0) <= 0 && ExcessModels(0) <= 0;
    // A guess that goes for the slot may be all the room that is needed.
    if (!HasSlot() && (has_room || wanted.may_evict)) {
      if (wanted.kind == LoadKind::kDemand) CancelNewestGuess();
      blocked_.insert(wanted.device);
      return;
    }
    if (!has_room) {
      MakeRoom(wanted);
      return;
    }
    Start(wanted.model, wanted.device, wanted.bytes, wanted.kind, "");
  }

  void MakeRoom(const WantedView& wanted) {
    const int64_t leaving = leaving_bytes_[wanted.device];
    const shadow::Lack lack = {
        .bytes = Shortage(wanted.device, wanted.bytes, leaving),
        .items = ExcessModels(leaving_models_)};
    if (lack.IsMet()) {  // on its way
      blocked_.insert(wanted.device);
      return;
    }
    if (!wanted.may_evict) {
      RefuseForMemory(wanted);
      return;
    }
    Residents chosen;
    if (Choose(wanted.device, lack, &chosen) ||
        ChooseWithGuesses(wanted.device, lack, &chosen)) {
      for (const ResidentView* victim : chosen) {
        GiveUp(*victim, absl::StrCat("makes room for ", wanted.model));
      }
      blocked_.insert(wanted.device);
      return;
    }
    // Loads and requests under way end; then their models can be driven out.
    if (WillComeFree(wanted.device)) {
      blocked_.insert(wanted.device);
      return;
    }
    RefuseForMemory(wanted);
  }

  bool WillComeFree(const std::string& device) const {
    return std::any_of(
        snapshot_.residents.begin(), snapshot_.residents.end(),
        [&](const ResidentView& resident) {
          return (resident.state == ModelState::kLoading || resident.is_busy) &&
                 !resident.is_held && resident.device == device;
        });
  }

  // Ready models nobody holds, that are followed or not. Where only the number
  // of models is short, any device's will do.
  Residents Evictable(const std::string& device, const shadow::Lack& lack,
                      bool is_followed) const {
    Residents evictable;
    for (const ResidentView& resident : snapshot_.residents) {
      if (IsUnused(resident) && resident.is_followed == is_followed &&
          !given_up_.contains(resident.model) &&
          (lack.bytes <= 0 || resident.device == device)) {
        evictable.push_back(&resident);
      }
    }
    return evictable;
  }

  // Adds to `chosen` those of `from` that go for what is lacking; less by them.
  void Take(const std::string& device, const Residents& from,
            shadow::Lack* lack, Residents* chosen) const {
    std::vector<shadow::Occupant> occupants;
    for (const ResidentView* resident : from) {
      occupants.push_back(
          {.cost = CostOf(*resident),
           .value = resident->value,
           .touched = resident->touched,
           .item = static_cast<shadow::ItemId>(occupants.size())});
    }
    for (const size_t i : shadow::ChooseVictims(occupants, *lack,
                                                devices_.at(device).evict_by)) {
      chosen->push_back(from[i]);
      *lack = lack->Without(occupants[i].cost);
    }
  }

  // Engines are told apart by their numbers here.
  shadow::ItemCost CostOf(const ResidentView& resident) const {
    return {.size = resident.bytes, .group = GroupOf(resident.engine)};
  }
  int32_t GroupOf(const std::string& engine) const {
    return static_cast<int32_t>(std::distance(
        engine_models_.begin(), engine_models_.lower_bound(engine)));
  }

  // What is not followed goes first. False if it is not enough.
  bool Choose(const std::string& device, shadow::Lack lack,
              Residents* chosen) const {
    for (const bool is_followed : {false, true}) {
      Take(device, Evictable(device, lack, is_followed), &lack, chosen);
    }
    return lack.IsMet();
  }

  // Guesses that are loading, before anything that is ready.
  bool ChooseWithGuesses(const std::string& device, shadow::Lack lack,
                         Residents* chosen) const {
    chosen->clear();
    for (const ResidentView* guess : Guesses()) {
      if (lack.IsMet()) break;
      if (lack.bytes > 0 && guess->device != device) continue;
      chosen->push_back(guess);
      lack = lack.Without(CostOf(*guess));
    }
    return Choose(device, lack, chosen);
  }

  // Loads that nobody waits for, newest first.
  Residents Guesses() const {
    Residents guesses;
    for (const ResidentView& resident : snapshot_.residents) {
      if (resident.state == ModelState::kLoading && !resident.is_cancelling &&
          !resident.is_wanted && resident.kind != LoadKind::kDemand &&
          !given_up_.contains(resident.model)) {
        guesses.push_back(&resident);
      }
    }
    std::sort(guesses.begin(), guesses.end(),
              [](const ResidentView* a, const ResidentView* b) {
                if (a->kind != b->kind) return a->kind < b->kind;
                return std::tie(a->load_started, a->model) >
                       std::tie(b->load_started, b->model);
              });
    return guesses;
  }

  void CancelNewestGuess() {
    const auto is_cancelling = [](const ResidentView& r) {
      return r.state == ModelState::kLoading && r.is_cancelling;
    };
    // One place is enough for the first in line.
    if (std::any_of(snapshot_.residents.begin(), snapshot_.residents.end(),
                    is_cancelling)) {
      return;
    }
    const auto guesses = Guesses();
    if (!guesses.empty()) {
      GiveUp(*guesses.front(), "its place is needed by somebody who waits");
    }
  }

  void Preload() {
    if (!blocked_.empty()) return;
    for (const CandidateView& candidate : snapshot_.candidates) {
      if (!HasSlot()) return;
      if (!IsAllowed(candidate)) continue;
      const shadow::Lack lack = {
          .bytes = Shortage(candidate.device, candidate.bytes, 0),
          .items = ExcessModels(0),
          .places = ExcessOnEngine(candidate.engine),
          .group = GroupOf(candidate.engine)};
      if (!lack.IsMet()) {
        // Wait for what is leaving before driving out more.
        if (leaving_bytes_[candidate.device] == 0 && leaving_models_ == 0) {
          SwapFor(candidate, lack);
        }
        return;
      }
      ++engine_models_[candidate.engine];
      Start(candidate.model, candidate.device, candidate.bytes,
            candidate.is_announced ? LoadKind::kAnnounced
                                   : LoadKind::kSpeculative,
            absl::StrCat(
                "likely to be used: ", std::lround(candidate.probability * 100),
                " % within the hour"));
    }
  }

  bool IsAllowed(const CandidateView& candidate) const {
    const auto it = devices_.find(candidate.device);
    if (it == devices_.end()) return false;
    const DeviceView& device = it->second;
    if (!snapshot_.switching.resource_aware_switching) return true;
    // A guess rests on measurement; where nothing is measured none is made.
    return candidate.bytes <= device.budget_bytes &&
           device.measured_free_bytes.has_value() &&
           *device.measured_free_bytes - device.reserve_bytes >=
               candidate.bytes;
  }

  void SwapFor(const CandidateView& candidate, shadow::Lack lack) {
    Residents chosen;
    Take(candidate.device,
         Evictable(candidate.device, lack, /*is_followed=*/false), &lack,
         &chosen);
    if (!lack.IsMet()) return;
    for (const ResidentView* victim : chosen) {
      GiveUp(*victim, absl::StrCat("worth less than ", candidate.model));
    }
  }

  void Start(const ModelId& model, const std::string& device, int64_t bytes,
             LoadKind kind, std::string reason) {
    ++loads_;
    ++models_;
    DeviceView& view = devices_.at(device);
    view.used_bytes += bytes;
    if (view.measured_free_bytes.has_value()) {
      *view.measured_free_bytes -= bytes;
    }
    decisions_.push_back({.action = Decision::Action::kStartLoad,
                          .model = model,
                          .kind = kind,
                          .refusal = {},
                          .reason = std::move(reason)});
  }

  void GiveUp(const ResidentView& resident, std::string reason) {
    given_up_.insert(resident.model);
    ++leaving_models_;
    leaving_bytes_[resident.device] += resident.bytes;
    decisions_.push_back({.action = resident.state == ModelState::kLoading
                                        ? Decision::Action::kCancelLoad
                                        : Decision::Action::kUnload,
                          .model = resident.model,
                          .kind = LoadKind::kDemand,
                          .refusal = {},
                          .reason = std::move(reason)});
  }

  void Refuse(const WantedView& wanted, absl::StatusCode code,
              std::string_view reason, std::string_view message) {
    decisions_.push_back({.action = Decision::Action::kRefuse,
                          .model = wanted.model,
                          .kind = wanted.kind,
                          .refusal = MakeError(code, reason, message,
                                               {{"model", wanted.model},
                                                {"device", wanted.device}}),
                          .reason = {}});
  }

  void RefuseForMemory(const WantedView& wanted) {
    const int64_t free = std::max<int64_t>(0, Free(wanted.device));
    std::string holders;
    for (const ResidentView& resident : snapshot_.residents) {
      if (resident.device != wanted.device) continue;
      absl::StrAppend(&holders, holders.empty() ? "" : ", ", resident.model,
                      " (", std::string(ToString(resident.state)),
                      resident.is_held ? ", held" : "", "): ", resident.bytes);
    }
    if (holders.empty()) holders = "nothing";
    const DeviceView& device = devices_.at(wanted.device);
    const std::string message =
        ExcessModels(0) > 0 && Shortage(wanted.device, wanted.bytes, 0) <= 0
            ? absl::StrCat("model \"", wanted.model,
                           "\" would be one more "
                           "than max_concurrent_models = ",
                           snapshot_.switching.max_concurrent_models,
                           " on device \"", wanted.device, "\"; held by ",
                           holders)
            : absl::StrCat("model \"", wanted.model, "\" needs ", wanted.bytes,
                           " bytes on device \"", wanted.device, "\", ", free,
                           " of ", device.budget_bytes,
                           " are free; the rest is held by ", holders);
    decisions_.push_back(
        {.action = Decision::Action::kRefuse,
         .model = wanted.model,
         .kind = wanted.kind,
         .refusal = MakeError(
             absl::StatusCode::kResourceExhausted, "DOES_NOT_FIT", message,
             {{"model", wanted.model},
              {"device", wanted.device},
              {"needed_bytes", std::to_string(wanted.bytes)},
              {"free_bytes", std::to_string(free)},
              {"budget_bytes", std::to_string(device.budget_bytes)},
              {"held_by", holders}}),
         .reason = {}});
  }

  const PolicySnapshot& snapshot_;
  std::map<std::string, DeviceView> devices_;
  std::map<std::string, int> engine_models_;
  std::map<std::string, int64_t> leaving_bytes_;
  std::set<ModelId> given_up_;
  std::set<std::string> blocked_;  // devices whose first in line waits
  int loads_ = 0;
  int models_ = 0;
  int leaving_models_ = 0;
  std::vector<Decision> decisions_;
};

}  // namespace

std::vector<Decision> Decide(const PolicySnapshot& snapshot) {
  return Planner(snapshot).Run();
}

}  // namespace warmup
