#include "core/predict/reasons.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace warmup::predict {
namespace {

constexpr double kMinShare = 0.2;
constexpr double kMinCases = 2;
constexpr double kMinLift = 1.5;
constexpr std::array<const char*, 7> kDays = {
    "Mondays", "Tuesdays",  "Wednesdays", "Thursdays",
    "Fridays", "Saturdays", "Sundays"};

// "20 s", "6 min", "3 h", "12 days": one number that a person takes in.
std::string Span(double seconds) {
  if (seconds < 100) return absl::StrCat(std::llround(seconds), " s");
  if (seconds < 100 * 60) {
    return absl::StrCat(std::llround(seconds / 60), " min");
  }
  if (seconds < 48 * 3600) {
    return absl::StrCat(std::llround(seconds / 3600), " h");
  }
  return absl::StrCat(std::llround(seconds / 86400), " days");
}

std::string Times(double count) {
  const auto times = std::max<long long>(1, std::llround(count));
  return times == 1 ? std::string("once") : absl::StrCat(times, " times");
}

void AddAnnounced(const View& view, double now, NameIndex model,
                  std::vector<std::string>* reasons) {
  const char* who = "this session";
  const Scope* scope = view.session;
  if (scope == nullptr) {
    scope = view.user;
    who = "this user";
  }
  if (scope == nullptr) {
    scope = view.everybody;
    who = "a session";
  }
  const auto* pending = scope->announcements().Find(model, now);
  if (pending == nullptr) return;
  reasons->push_back(absl::StrCat("announced by ", who, " ",
                                  Span(std::max(0.0, now - pending->at)),
                                  " ago"));
}

void AddFollows(const Memory& memory, const View& view, NameIndex model,
                std::vector<std::string>* reasons) {
  const Scope& base = view.user != nullptr ? *view.user : *view.everybody;
  const auto [last, before] = base.last_models();
  if (last == Scope::kNone || last == model) return;
  const SuccessorList* list = base.successions().Find(Scope::kNone, last);
  if (list == nullptr || list->total() < kMinCases) return;
  const double share = list->Count(model) / list->total();
  if (share < kMinShare) return;
  reasons->push_back(absl::StrCat("follows ", memory.names().Name(last), " in ",
                                  std::llround(100 * share), " % of cases"));
}

void AddUsed(const Scope& scope, const UseHistory& use, double now,
             std::vector<std::string>* reasons) {
  std::string reason =
      absl::StrCat("used ", Times(scope.Weight(use)), " lately");
  if (const double every = use.gaps.MedianSeconds(); every > 0) {
    absl::StrAppend(&reason, ", typically every ", Span(every));
  }
  absl::StrAppend(&reason, "; last ", Span(std::max(0.0, now - use.last_at)),
                  " ago");
  reasons->push_back(std::move(reason));
}

void AddTime(const UseHistory& use, LocalTime local,
             std::vector<std::string>* reasons) {
  const bool hour = use.profile.HourLift(local) >= kMinLift;
  const bool weekday = use.profile.WeekdayLift(local) >= kMinLift;
  if (!hour && !weekday) return;
  reasons->push_back(absl::StrCat(
      "often used ", hour ? "at this hour" : "", hour && weekday ? " and " : "",
      weekday ? absl::StrCat("on ", kDays[local.weekday]) : ""));
}

}  // namespace

std::vector<std::string> Reasons(const Memory& memory, const View& view,
                                 double now_seconds, LocalTime local,
                                 NameIndex model) {
  std::vector<std::string> reasons;
  AddAnnounced(view, now_seconds, model, &reasons);
  AddFollows(memory, view, model, &reasons);
  const Scope* scope = view.user != nullptr ? view.user : view.everybody;
  const UseHistory* use = scope->uses().Find(model);
  if (use == nullptr && view.user != nullptr) {
    scope = view.everybody;
    use = scope->uses().Find(model);
  }
  if (use != nullptr) {
    AddUsed(*scope, *use, now_seconds, &reasons);
    AddTime(*use, local, &reasons);
  }
  return reasons;
}

}  // namespace warmup::predict
