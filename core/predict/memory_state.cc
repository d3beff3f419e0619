// Memory as plain values, for the store.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/limits.h"
#include "core/predict/memory.h"

namespace warmup::predict {
namespace {

constexpr double kMaxSeconds = 1e11;  // the year 5138
constexpr double kMaxCount = 1e6;

double Clean(double count) {
  return count > 0 ? std::min(count, kMaxCount) : 0;
}

Tally CleanTally(double promised, double kept) {
  return {Clean(promised), std::min(Clean(kept), Clean(promised))};
}

absl::Time FromSeconds(double seconds) {
  return absl::FromUnixMicros(std::llround(seconds * 1e6));
}

// nullopt for a time that cannot be one.
std::optional<double> ToSeconds(absl::Time at) {
  const double seconds = static_cast<double>(absl::ToUnixMicros(at)) * 1e-6;
  if (std::abs(seconds) > kMaxSeconds) return std::nullopt;
  return seconds;
}

template <typename From, typename To>
void CopyCounts(const From& from, To* to) {
  std::copy(from.begin(), from.end(), to->begin());
}

}  // namespace

LearnedScope Memory::ExportScope(const std::string& user,
                                 const Scope& scope) const {
  LearnedScope learned;
  learned.user = user;
  CopyCounts(scope.arrivals().counts(), &learned.arrival_counts);
  for (const auto& [model, use] : scope.uses()) {
    LearnedUse out;
    out.model = names_.Name(model);
    out.count = scope.Weight(use);
    out.last_used = FromSeconds(use.last_at);
    CopyCounts(use.gaps.counts(), &out.gap_counts);
    CopyCounts(use.profile.hours(), &out.hour_counts);
    CopyCounts(use.profile.weekdays(), &out.weekday_counts);
    learned.uses.push_back(std::move(out));
  }
  for (const auto& [context, list] : scope.successions().lists()) {
    for (const SuccessorList::Entry& entry : list.entries()) {
      const bool is_pair = context.first != Scope::kNone;
      learned.successions.push_back(
          {is_pair ? names_.Name(context.first) : ModelId(),
           names_.Name(context.second), names_.Name(entry.model), entry.count});
    }
  }
  const Announcements& announcements = scope.announcements();
  const Tally& overall = announcements.overall();
  if (overall.promised > 0) {
    learned.announcements.push_back({"", overall.promised, overall.kept});
  }
  for (const auto& [model, tally] : announcements.tallies()) {
    learned.announcements.push_back(
        {names_.Name(model), tally.promised, tally.kept});
  }
  for (const NameIndex model : scope.last_models()) {
    if (model != Scope::kNone) {
      learned.last_models.push_back(names_.Name(model));
    }
  }
  return learned;
}

LearnedHabits Memory::ExportHabits(const Habits& habits) {
  LearnedHabits learned;
  CopyCounts(habits.reuse.counts(), &learned.reuse_counts);
  CopyCounts(habits.arrivals.counts(), &learned.arrival_counts);
  return learned;
}

PredictorState Memory::Export() const {
  PredictorState state;
  state.user_habits = ExportHabits(user_habits_);
  state.everybody_habits = ExportHabits(everybody_habits_);
  state.follow_count = repeats_.promised;
  state.repeat_count = repeats_.kept;
  state.scopes.push_back(ExportScope("", everybody_));
  for (const auto& [user, scope] : users_) {
    state.scopes.push_back(ExportScope(user, scope));
  }
  return state;
}

void Memory::Import(const PredictorState& state) {
  *this = Memory(zone_);
  ImportHabits(state.user_habits, &user_habits_);
  ImportHabits(state.everybody_habits, &everybody_habits_);
  repeats_ = CleanTally(state.follow_count, state.repeat_count);
  // Oldest first, so that recency comes out as it was.
  for (auto it = state.scopes.rbegin(); it != state.scopes.rend(); ++it) {
    if (it->user.size() > limits::kMaxIdBytes) continue;
    if (it->user.empty()) {
      ImportScope(*it, &everybody_);
    } else {
      ImportScope(*it, &users_.Touch(it->user, kUserLimits));
    }
  }
  CountAllPopular();
}

void Memory::ImportHabits(const LearnedHabits& learned, Habits* habits) {
  habits->reuse.Restore(learned.reuse_counts);
  habits->arrivals.Restore(learned.arrival_counts);
}

void Memory::ImportScope(const LearnedScope& learned, Scope* scope) {
  const auto index_of = [&](const ModelId& id) -> std::optional<NameIndex> {
    if (!ValidateId("model", id).ok()) return std::nullopt;
    return names_.Intern(id);
  };
  scope->RestoreArrivals(learned.arrival_counts);
  for (auto it = learned.uses.rbegin(); it != learned.uses.rend(); ++it) {
    const auto last_at = ToSeconds(it->last_used);
    const auto model = index_of(it->model);
    if (!last_at || !model || scope->uses().Find(*model) != nullptr) continue;
    UseHistory use;
    use.weight = Clean(it->count);
    use.last_at = *last_at;
    use.gaps.Restore(it->gap_counts);
    use.profile.Restore(it->hour_counts, it->weekday_counts);
    scope->RestoreUse(*model, use);
  }
  // Lists stay together; within a list the order is kept.
  auto end = learned.successions.end();
  const auto same_list = [](const LearnedSuccession& a,
                            const LearnedSuccession& b) {
    return a.previous == b.previous && a.before_previous == b.before_previous;
  };
  while (end != learned.successions.begin()) {
    auto begin = end - 1;
    while (begin != learned.successions.begin() &&
           same_list(*(begin - 1), *begin)) {
      --begin;
    }
    for (auto it = begin; it != end; ++it) {
      const auto previous = index_of(it->previous);
      const auto next = index_of(it->next);
      std::optional<NameIndex> before = Scope::kNone;
      if (!it->before_previous.empty()) before = index_of(it->before_previous);
      if (!previous || !next || !before || !(it->count > 0)) continue;
      scope->RestoreSuccession({*before, *previous}, *next, it->count);
    }
    end = begin;
  }
  for (auto it = learned.announcements.rbegin();
       it != learned.announcements.rend(); ++it) {
    const Tally tally = CleanTally(it->announced, it->used);
    if (it->model.empty()) {
      scope->announcements().RestoreOverall(tally);
    } else if (const auto model = index_of(it->model)) {
      scope->announcements().Restore(*model, tally);
    }
  }
  std::array<NameIndex, 2> last = {Scope::kNone, Scope::kNone};
  for (size_t i = 0; i < std::min<size_t>(2, learned.last_models.size()); ++i) {
    last[i] = index_of(learned.last_models[i]).value_or(Scope::kNone);
  }
  scope->RestoreLast(last);
}

void Memory::CountAllPopular() {
  for (const auto& [model, use] : everybody_.uses()) {
    popular_.overall.Update(model, everybody_.Weight(use), 1);
    for (int hour = 0; hour < 24; ++hour) {
      const float count = use.profile.hours()[hour];
      if (count > 0) popular_.at_hour[hour].Update(model, count, 1);
    }
  }
}

}  // namespace warmup::predict
