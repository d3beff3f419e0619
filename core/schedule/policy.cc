#include "core/schedule/policy.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

// A guess below this probability within the hour is not worth a load.
constexpr double kMinProbability = 0.05;
// A guess must be worth this much more than what it drives out: both numbers
// are estimates, and a swap costs two loads when it was wrong.
constexpr double kSwapMargin = 1.5;
// A model used this recently is not driven out by a guess.
constexpr absl::Duration kJustUsed = absl::Seconds(2);

// Carries one decision round: what is free changes as decisions are taken.
class Planner {
 public:
  Planner(const PolicySnapshot& snapshot, absl::Time now)
      : snapshot_(snapshot), now_(now), devices_(snapshot.devices) {
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
    for (const WantedView& wanted : snapshot_.wanted) {
      if (blocked_.contains(wanted.device)) continue;
      Serve(wanted);
    }
    if (snapshot_.switching.predictive_preloading) Preload();
    return std::move(decisions_);
  }

 private:
  using KeepKey = std::tuple<double, absl::Time, std::string_view>;

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
    if (Shortage(wanted.device, wanted.bytes, 0) > 0 || ExcessModels(0) > 0) {
      MakeRoom(wanted);
      return;
    }
    if (!HasSlot()) {
      if (wanted.kind == LoadKind::kDemand) CancelNewestGuess();
      blocked_.insert(wanted.device);
      return;
    }
    Start(wanted.model, wanted.device, wanted.bytes, wanted.kind, "");
  }

  void MakeRoom(const WantedView& wanted) {
    const int64_t leaving = leaving_bytes_[wanted.device];
    const int64_t shortage = Shortage(wanted.device, wanted.bytes, leaving);
    const int excess = ExcessModels(leaving_models_);
    if (shortage <= 0 && excess <= 0) {  // on its way
      blocked_.insert(wanted.device);
      return;
    }
    if (!wanted.may_evict) {
      RefuseForMemory(wanted);
      return;
    }
    std::vector<const ResidentView*> chosen;
    if (Choose(Victims(wanted.device, shortage > 0), shortage, excess,
               &chosen) ||
        Choose(VictimsAndGuesses(wanted.device, shortage > 0), shortage, excess,
               &chosen)) {
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

  // Ready models nobody holds, least worth keeping first. Where only the
  // number of models is short, any device's will do.
  std::vector<const ResidentView*> Victims(const std::string& device,
                                           bool same_device) const {
    std::vector<std::pair<KeepKey, const ResidentView*>> keyed;
    for (const ResidentView& resident : snapshot_.residents) {
      if (resident.state == ModelState::kReady && !resident.is_held &&
          !resident.is_busy && !resident.is_wanted &&
          !given_up_.contains(resident.model) &&
          (!same_device || resident.device == device)) {
        keyed.push_back({KeyOf(resident), &resident});
      }
    }
    std::sort(keyed.begin(), keyed.end());
    std::vector<const ResidentView*> victims;
    victims.reserve(keyed.size());
    for (const auto& [key, resident] : keyed) victims.push_back(resident);
    return victims;
  }

  std::vector<const ResidentView*> VictimsAndGuesses(const std::string& device,
                                                     bool same_device) const {
    std::vector<const ResidentView*> guesses = Guesses();
    std::erase_if(guesses, [&](const ResidentView* guess) {
      return same_device && guess->device != device;
    });
    std::vector<const ResidentView*> all = Victims(device, same_device);
    all.insert(all.begin(), guesses.begin(), guesses.end());
    return all;
  }

  // What is evicted last has the largest key: by value for each byte (a large
  // model must earn its place, hence not quite linear) where forecasts are
  // used, else by priority and recency alone.
  KeepKey KeyOf(const ResidentView& resident) const {
    if (!snapshot_.switching.predictive_preloading) {
      return {static_cast<double>(resident.priority), resident.last_used,
              resident.model};
    }
    const double size =
        static_cast<double>(std::max<int64_t>(resident.bytes, 1));
    return {resident.value / std::pow(size, 0.9), resident.last_used,
            resident.model};
  }

  // Takes from the front until both needs are met, then puts back what proved
  // unnecessary, most valuable first. False if they cannot be met.
  static bool Choose(const std::vector<const ResidentView*>& from,
                     int64_t bytes, int models,
                     std::vector<const ResidentView*>* chosen) {
    chosen->clear();
    for (const ResidentView* resident : from) {
      if (bytes <= 0 && models <= 0) break;
      chosen->push_back(resident);
      bytes -= resident->bytes;
      --models;
    }
    if (bytes > 0 || models > 0) return false;
    for (size_t i = chosen->size(); i-- > 0;) {
      if (bytes + (*chosen)[i]->bytes <= 0 && models + 1 <= 0) {
        bytes += (*chosen)[i]->bytes;
        ++models;
        chosen->erase(chosen->begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return true;
  }

  // Loads that nobody waits for, newest first.
  std::vector<const ResidentView*> Guesses() const {
    std::vector<const ResidentView*> guesses;
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
      if (!IsWorthwhile(candidate)) continue;
      const int64_t leaving = leaving_bytes_[candidate.device];
      const int64_t shortage = Shortage(candidate.device, candidate.bytes, 0);
      if (shortage <= 0 && ExcessModels(0) <= 0 &&
          ExcessOnEngine(candidate.engine) <= 0) {
        ++engine_models_[candidate.engine];
        Start(candidate.model, candidate.device, candidate.bytes,
              candidate.is_announced ? LoadKind::kAnnounced
                                     : LoadKind::kSpeculative,
              absl::StrCat("likely to be used: ",
                           std::lround(candidate.probability * 100),
                           " % within the hour"));
        continue;
      }
      // Wait for what is leaving before driving out more.
      if (leaving > 0 || leaving_models_ > 0) return;
      if (SwapFor(candidate, shortage)) return;
    }
  }

  bool IsWorthwhile(const CandidateView& candidate) const {
    const auto it = devices_.find(candidate.device);
    if (it == devices_.end()) return false;
    const DeviceView& device = it->second;
    if (candidate.probability < kMinProbability) return false;
    if (!snapshot_.switching.resource_aware_switching) return true;
    // A guess rests on measurement; where nothing is measured none is made.
    return candidate.bytes <= device.budget_bytes &&
           device.measured_free_bytes.has_value() &&
           *device.measured_free_bytes - device.reserve_bytes >=
               candidate.bytes;
  }

  bool SwapFor(const CandidateView& candidate, int64_t shortage) {
    auto victims = Victims(candidate.device, shortage > 0);
    const int engine_excess = ExcessOnEngine(candidate.engine);
    std::erase_if(victims, [&](const ResidentView* victim) {
      return now_ - victim->last_used < kJustUsed ||
             (engine_excess > 0 && victim->engine != candidate.engine);
    });
    std::vector<const ResidentView*> chosen;
    if (!Choose(victims, shortage, std::max(ExcessModels(0), engine_excess),
                &chosen)) {
      return false;
    }
    double lost = 0;
    for (const ResidentView* victim : chosen) lost += victim->value;
    if (candidate.value <= kSwapMargin * lost) return false;
    for (const ResidentView* victim : chosen) {
      GiveUp(*victim, absl::StrCat("worth less than ", candidate.model));
    }
    return true;
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
  const absl::Time now_;
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

std::vector<Decision> Decide(const PolicySnapshot& snapshot, absl::Time now) {
  return Planner(snapshot, now).Run();
}

}  // namespace warmup
