#include "core/runtime/outlook.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/foresight/archive.h"
#include "core/runtime/reasons.h"

namespace warmup {
namespace {

using shadow::ItemId;
using shadow::kNoItem;
using shadow::Micros;

// Nothing is there at once: what takes no time would not be worth loading.
constexpr Micros kLeastLoad = 1'000;
constexpr double kByteSecondsInGibHour = 3'600.0 * (1 << 30);

// Users and kinds have no numbers of their own: two with the same hash, one in
// two thousand million, would be taken for one (FNV-1a).
int32_t NumberOf(std::string_view name) {
  if (name.empty()) return foresight::History::kNobody;
  uint32_t hash = 2'166'136'261U;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  }
  return static_cast<int32_t>(hash >> 1);
}

// Where the cumulative hazard -log(1 - P(t)), linear between the horizons,
// reaches log 2; what is not even within a day is not in sight.
absl::Duration MedianUntilUse(const foresight::PerHead& chances) {
  double from = 0;  // s
  double from_hazard = 0;
  for (size_t h = foresight::kFiveMinutes; h < foresight::kHeads; ++h) {
    const double to = static_cast<double>(foresight::kHorizon[h]) * 1e-6;
    const auto chance = static_cast<double>(chances[h]);
    const double to_hazard = -std::log1p(-std::min(chance, 1 - 1e-9));
    if (chance >= 0.5) {
      return absl::Seconds(from + (to - from) * (M_LN2 - from_hazard) /
                                      (to_hazard - from_hazard));
    }
    from = to;
    from_hazard = to_hazard;
  }
  return absl::InfiniteDuration();
}

}  // namespace

Outlook::Outlook(const std::map<std::string, int64_t>& budgets,
                 absl::TimeZone zone)
    : zone_(zone), foresight_(costs_), wait_days_(zone) {
  for (const auto& [device, budget] : budgets) {
    devices_[device].pool = foresight_.pool_count();
    foresight_.AddPool({.budget = budget});
  }
}

void Outlook::SetLimits(const Limits& limits) {
  shadow::Machine::Limits converted{.slots = limits.loads,
                                    .items = limits.models};
  for (const auto& [engine, places] : limits.engines) {
    const auto group = static_cast<size_t>(GroupOf(engine));
    if (group >= converted.places.size()) converted.places.resize(group + 1);
    converted.places[group] = places;
  }
  for (size_t i = 0; i < foresight_.pool_count(); ++i) {
    foresight_.pool(i).set_limits(converted);
  }
}

void Outlook::SetPrice(double price) {
  foresight_.SetPrice(now_, price / kByteSecondsInGibHour);
}

int32_t Outlook::GroupOf(const std::string& engine) {
  return engines_.try_emplace(engine, static_cast<int32_t>(engines_.size()))
      .first->second;
}

shadow::ItemCost Outlook::Convert(const Cost& cost) {
  const auto device = devices_.find(cost.device);
  return {
      .size = cost.bytes,
      .load = std::max(absl::ToInt64Microseconds(cost.load), kLeastLoad),
      .pool = device == devices_.end()
                  ? -1
                  : static_cast<int32_t>(device->second.pool),
      .group = GroupOf(cost.engine),
      .weight = cost.weight,
  };
}

ItemId Outlook::ItemOf(const ModelId& model, const Cost& cost) {
  const auto known = items_.find(model);
  if (known != items_.end()) {
    costs_[static_cast<size_t>(known->second)] = Convert(cost);
    return known->second;
  }
  if (names_.size() >= kMaxNames) return kNoItem;
  const auto item = static_cast<ItemId>(names_.size());
  names_.push_back(model);
  items_[model] = item;
  costs_.push_back(Convert(cost));
  return item;
}

ItemId Outlook::Find(const ModelId& model) const {
  const auto it = items_.find(model);
  return it == items_.end() ? kNoItem : it->second;
}

void Outlook::SetCost(const ModelId& model, const Cost& cost) {
  const ItemId item = Find(model);
  if (item != kNoItem) costs_[static_cast<size_t>(item)] = Convert(cost);
}

void Outlook::Remove(const ModelId& model) {
  const ItemId item = Find(model);
  if (item != kNoItem) costs_[static_cast<size_t>(item)].pool = -1;
}

Micros Outlook::TimeOf(absl::Time now) {
  const Micros wall = absl::ToUnixMicros(now);
  offset_ = std::max(offset_, now_ - wall);
  const auto east = zone_.At(now).offset;
  foresight_.set_local_time(Micros{east} * 1'000'000 - offset_);
  return wall + offset_;
}

void Outlook::Advance(absl::Time now) {
  // A wait over midnight belongs to both days.
  for (const absl::Time midnight : wait_days_.MidnightsUntil(now)) {
    MoveTo(midnight);
    wait_days_.Advance(midnight, Waited());
  }
  MoveTo(now);
  wait_days_.Advance(now, Waited());
}

void Outlook::MoveTo(absl::Time now) {
  const Micros time = TimeOf(now);
  if (now_ > 0) {
    for (auto& [id, device] : devices_) {
      device.occupied +=
          static_cast<double>(device.held) * static_cast<double>(time - now_);
      if (device.waiters == 0) continue;
      device.waited += (device.waiters + 1) * (time - now_);
      device.stall += device.waiters * (time - now_);
    }
  }
  now_ = time;
  foresight_.Advance(time);
}

void Outlook::OnUsed(absl::Time now, const ModelId& model, const Cost& cost,
                     std::string_view who) {
  Advance(now);
  const ItemId item = ItemOf(model, cost);
  const auto device = devices_.find(cost.device);
  if (item == kNoItem || device == devices_.end()) return;
  foresight_.OnRequest({.at = now_, .user = NumberOf(who), .item = item},
                       {static_cast<double>(device->second.waited) * 1e-6,
                        device->second.occupied * 1e-6});
}

void Outlook::OnPast(absl::Time now, const ModelId& model, const Cost& cost,
                     std::string_view who) {
  Advance(now);
  const ItemId item = ItemOf(model, cost);
  if (item == kNoItem) return;
  foresight_.OnPast({.at = now_, .user = NumberOf(who), .item = item});
}

void Outlook::OnAnnounced(absl::Time now, const ModelId& model,
                          const Cost& cost, std::string_view who,
                          bool is_session) {
  Advance(now);
  const ItemId item = ItemOf(model, cost);
  if (item == kNoItem) return;
  foresight_.OnContext({.at = now_,
                        .user = NumberOf(who),
                        .announced = item,
                        .is_session = is_session});
}

void Outlook::OnSign(absl::Time now, std::string_view kind,
                     std::string_view who) {
  Advance(now);
  foresight_.OnContext(
      {.at = now_, .user = NumberOf(who), .kind = NumberOf(kind)});
}

void Outlook::OnLoadStarted(const std::string& device, int64_t bytes) {
  const auto it = devices_.find(device);
  if (it != devices_.end()) foresight_.pool(it->second.pool).OnStart(bytes);
}

void Outlook::SetWaiters(const std::map<std::string, int>& waiters) {
  for (auto& [id, device] : devices_) {
    const auto it = waiters.find(id);
    device.waiters = it == waiters.end() ? 0 : it->second;
  }
}

void Outlook::SetHeld(const std::map<std::string, int64_t>& held) {
  for (auto& [id, device] : devices_) {
    const auto it = held.find(id);
    device.held = it == held.end() ? 0 : it->second;
  }
}

void Outlook::AddWait(const std::string& device, absl::Duration time) {
  const auto it = devices_.find(device);
  if (it == devices_.end()) return;
  const Micros waited = absl::ToInt64Microseconds(time);
  it->second.waited += 2 * waited;
  it->second.stall += waited;
}

Waits Outlook::Waited() const {
  Waits waits;
  for (const auto& [id, device] : devices_) {
    const foresight::Pool& pool = foresight_.pool(device.pool);
    waits.really += absl::Microseconds(device.stall);
    waits.lru +=
        absl::Microseconds(pool.shadows().front().machine->StallUntil(now_));
    waits.ollama_default +=
        absl::Microseconds(pool.ollama_default().StallUntil(now_));
  }
  return waits;
}

absl::Time Outlook::NextChange() const {
  const Micros next = foresight_.NextChange();
  return next == shadow::Machine::kNever ? absl::InfiniteFuture()
                                         : absl::FromUnixMicros(next - offset_);
}

Outlook::Chances Outlook::ChancesOf(const ModelId& model) const {
  const ItemId item = Find(model);
  if (item == kNoItem) return {};
  const foresight::PerHead& chances = foresight_.forecaster().ChanceOf(item);
  return {static_cast<double>(chances[foresight::kNext]),
          static_cast<double>(chances[foresight::kFiveMinutes]),
          static_cast<double>(chances[foresight::kHour])};
}

Micros Outlook::AskedAt(absl::Time now) const {
  return std::max(now_, absl::ToUnixMicros(now) + offset_);
}

std::vector<Outlook::Prospect> Outlook::ProspectsFor(std::string_view who,
                                                     absl::Time now) const {
  const foresight::Forecaster& forecaster = foresight_.forecaster();
  const auto moment = forecaster.MomentAt(AskedAt(now), NumberOf(who));
  std::vector<Prospect> prospects;
  for (const ItemId item : forecaster.Promising()) {
    prospects.push_back({&names_[static_cast<size_t>(item)],
                         forecaster.ChanceAt(moment, item)});
  }
  std::sort(
      prospects.begin(), prospects.end(),
      [](const Prospect& a, const Prospect& b) {
        for (const foresight::Head head :
             {foresight::kNext, foresight::kFiveMinutes, foresight::kHour}) {
          if (a.chances[head] != b.chances[head]) {
            return a.chances[head] > b.chances[head];
          }
        }
        return *a.model < *b.model;
      });
  return prospects;
}

std::optional<Outlook::Prospect> Outlook::ProspectFor(
    std::string_view who, absl::Time now, const ModelId& model) const {
  const foresight::Forecaster& forecaster = foresight_.forecaster();
  const ItemId item = Find(model);
  if (item == kNoItem || !forecaster.IsKnown(item)) return std::nullopt;
  const auto moment = forecaster.MomentAt(AskedAt(now), NumberOf(who));
  return Prospect{&names_[static_cast<size_t>(item)],
                  forecaster.ChanceAt(moment, item)};
}

Forecast Outlook::SpellOut(const Prospect& prospect) {
  const auto chance = [&](foresight::Head head) {
    return static_cast<double>(prospect.chances[head]);
  };
  return {.model = *prospect.model,
          .p_next = chance(foresight::kNext),
          .p_5min = chance(foresight::kFiveMinutes),
          .p_1h = chance(foresight::kHour),
          .expected_until_use = MedianUntilUse(prospect.chances)};
}

std::vector<std::string> Outlook::ReasonsFor(std::string_view who,
                                             absl::Time now,
                                             const ModelId& model) const {
  const foresight::Forecaster& forecaster = foresight_.forecaster();
  const ItemId item = Find(model);
  if (item == kNoItem || !forecaster.IsKnown(item)) return {};
  const auto moment = forecaster.MomentAt(AskedAt(now), NumberOf(who));
  return Reasons(forecaster.Explain(moment, item), names_);
}

bool Outlook::IsAnnounced(const ModelId& model) const {
  const ItemId item = Find(model);
  return item != kNoItem && foresight_.forecaster().IsAnnounced(item, now_);
}

const foresight::Pool* Outlook::PoolOf(ItemId item) const {
  if (item == kNoItem) return nullptr;
  const int32_t pool = costs_[static_cast<size_t>(item)].pool;
  return pool < 0 ? nullptr : &foresight_.pool(static_cast<size_t>(pool));
}

Outlook::Standing Outlook::StandingOf(const ModelId& model) const {
  const ItemId item = Find(model);
  const foresight::Pool* pool = PoolOf(item);
  if (pool == nullptr) return {};
  const shadow::Occupant occupant = pool->OccupantOf(item);
  return {pool->Holds(item), occupant.value, occupant.touched,
          pool->IsGivenBack(now_, item)};
}

shadow::EvictBy Outlook::EvictByOn(const std::string& device) const {
  const auto it = devices_.find(device);
  return it == devices_.end() ? shadow::EvictBy::kValue
                              : foresight_.pool(it->second.pool).evict_by();
}

std::vector<ModelId> Outlook::Guesses(const std::string& device) const {
  std::vector<ModelId> models;
  const auto it = devices_.find(device);
  if (it == devices_.end()) return models;
  for (const ItemId item : foresight_.pool(it->second.pool).Guesses()) {
    models.push_back(names_[static_cast<size_t>(item)]);
  }
  return models;
}

std::string Outlook::Save() const {
  std::map<std::string, std::pair<Micros, double>> spent;
  for (const auto& [id, device] : devices_) {
    spent[id] = {device.waited, device.occupied};
  }
  return foresight::Archived(foresight::Foresight::kStateVersion, offset_, now_,
                             names_, engines_, costs_, spent,
                             foresight_.Save());
}

absl::Status Outlook::Load(const std::string& state) {
  int64_t version = 0;
  Micros offset = 0;
  Micros now = 0;
  std::vector<ModelId> names;
  std::map<std::string, int32_t> engines;
  std::vector<shadow::ItemCost> costs;
  std::map<std::string, std::pair<Micros, double>> spent;
  std::string foresight;
  WARMUP_RETURN_IF_ERROR(foresight::Unarchive(
      state, version, offset, now, names, engines, costs, spent, foresight));
  if (version != foresight::Foresight::kStateVersion ||
      names.size() != costs.size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "what was learned has version ", version, ", this daemon reads ",
        foresight::Foresight::kStateVersion));
  }
  costs_ = std::move(costs);
  WARMUP_RETURN_IF_ERROR(foresight_.Load(foresight));
  offset_ = offset;
  now_ = now;
  names_ = std::move(names);
  engines_ = std::move(engines);
  for (size_t i = 0; i < names_.size(); ++i) {
    items_[names_[i]] = static_cast<ItemId>(i);
    // Until somebody says what it costs on which device.
    costs_[i].pool = -1;
  }
  for (auto& [id, device] : devices_) {
    const auto before = spent.find(id);
    if (before == spent.end()) continue;
    std::tie(device.waited, device.occupied) = before->second;
  }
  return absl::OkStatus();
}

}  // namespace warmup
