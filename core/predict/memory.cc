#include "core/predict/memory.h"

#include "core/base/limits.h"

namespace warmup::predict {
namespace {

double Seconds(absl::Time at) {
  return static_cast<double>(absl::ToUnixMicros(at)) * 1e-6;
}

bool IsFinite(absl::Time at) {
  return at != absl::InfiniteFuture() && at != absl::InfinitePast();
}

}  // namespace

void Habits::Learn(const Scope::Learned& learned) {
  reuse.Add(learned.gap_seconds);
  arrivals.Add(learned.arrival_seconds);
  if (learned.is_first_of_model) reuse.Add(GapHistogram::kNever);
  if (learned.is_first_of_all) arrivals.Add(GapHistogram::kNever);
}

Memory::Memory(absl::TimeZone zone)
    : zone_(zone),
      names_(limits::kMaxModels),
      everybody_(kEverybodyLimits),
      users_(limits::kMaxPredictorUsers),
      sessions_(limits::kMaxSessions) {}

void Memory::Observe(const Usage& usage) {
  if (!IsFinite(usage.at)) return;
  const auto model = names_.Intern(usage.model);
  if (!model) return;
  const double at = Seconds(usage.at);
  const LocalTime local = ToLocal(zone_, usage.at);

  Scope* user =
      usage.user.empty() ? nullptr : &users_.Touch(usage.user, kUserLimits);
  const NameIndex last =
      (user != nullptr ? *user : everybody_).last_models()[0];
  Scope::Learned by_user;
  if (user != nullptr) {
    by_user = user->ObserveUse(*model, at, local);
    if (!by_user.is_new) return;
  }
  if (!usage.session.empty()) {
    sessions_.Touch(usage.session, kSessionLimits)
        .ObserveUse(*model, at, local);
  }
  const Scope::Learned by_all = everybody_.ObserveUse(*model, at, local);
  if (!by_all.is_new) return;

  if (user != nullptr) user_habits_.Learn(by_user);
  everybody_habits_.Learn(by_all);
  if (last != Scope::kNone) repeats_.Count(last == *model);
  CountPopular(*model, local);
}

void Memory::CountPopular(NameIndex model, LocalTime local) {
  const UseHistory& use = *everybody_.uses().Find(model);
  popular_.overall.Update(model, everybody_.Weight(use), Scope::kKeep);
  popular_.at_hour[local.hour].Update(model, use.profile.hours()[local.hour],
                                      1);
}

void Memory::Observe(const Announcement& announcement) {
  if (!IsFinite(announcement.at)) return;
  const auto model = names_.Intern(announcement.model);
  if (!model) return;
  const double at = Seconds(announcement.at);
  everybody_.ObserveAnnouncement(*model, at);
  if (!announcement.user.empty()) {
    users_.Touch(announcement.user, kUserLimits)
        .ObserveAnnouncement(*model, at);
  }
  if (!announcement.session.empty()) {
    sessions_.Touch(announcement.session, kSessionLimits)
        .ObserveAnnouncement(*model, at);
  }
}

void Memory::ForgetSession(const SessionId& session) {
  sessions_.Erase(session);
}

void Memory::ForgetModel(const ModelId& model) {
  const auto index = names_.Find(model);
  if (!index) return;
  everybody_.Remove(*index);
  for (auto& [user, scope] : users_) scope.Remove(*index);
  for (auto& [session, scope] : sessions_) scope.Remove(*index);
  popular_.Remove(*index);
  names_.Release(*index);
}

}  // namespace warmup::predict
