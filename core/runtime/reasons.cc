#include "core/runtime/reasons.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

using foresight::Facts;
using foresight::Topic;
using shadow::ItemId;

constexpr size_t kMostReasons = 3;
// Ranks by recency are told apart up to this.
constexpr size_t kMany = 64;

// "20 s", "6 min", "3 h", "12 days": one number that a person takes in.
std::string Span(shadow::Micros time) {
  const double seconds = static_cast<double>(time) * 1e-6;
  if (seconds < 100) return absl::StrCat(std::llround(seconds), " s");
  if (seconds < 100 * 60) {
    return absl::StrCat(std::llround(seconds / 60), " min");
  }
  if (seconds < 48 * 3600) {
    return absl::StrCat(std::llround(seconds / 3600), " h");
  }
  return absl::StrCat(std::llround(seconds / 86400), " days");
}

std::string Times(long long times) {
  return times == 1 ? std::string("once") : absl::StrCat(times, " times");
}

std::string UsedSince(size_t others) {
  if (others == 0) return "the last one used";
  if (others >= kMany) return "many others used since";
  return absl::StrCat(others, others == 1 ? " other" : " others",
                      " used since");
}

std::string After(ItemId before, const char* often,
                  const std::vector<ModelId>& names) {
  if (before == shadow::kNoItem) return "";
  return absl::StrCat(often, " used after ",
                      names[static_cast<size_t>(before)]);
}

// Empty: there is nothing to tell of it.
std::string Words(Topic topic, const char* often, const Facts& facts,
                  const std::vector<ModelId>& names) {
  switch (topic) {
    case Topic::kAge:
      return facts.since_use == Facts::kNever
                 ? "never used"
                 : absl::StrCat("last used ", Span(facts.since_use), " ago");
    case Topic::kUses:
      return facts.uses == 0
                 ? ""
                 : absl::StrCat("used ", Times(facts.uses), " so far");
    case Topic::kLately: {
      const long long times = std::llround(facts.uses_lately);
      return times == 0 ? "not used lately"
                        : absl::StrCat("used ", Times(times), " lately");
    }
    case Topic::kRank:
      return UsedSince(facts.used_since);
    case Topic::kHour:
      return absl::StrCat(often, " used at this hour on ",
                          facts.is_weekend ? "weekends" : "weekdays");
    case Topic::kAfter:
      return After(facts.before, often, names);
    case Topic::kAfterForUser: {
      const std::string after = After(facts.before_for_user, often, names);
      return after.empty() ? "" : absl::StrCat(after, ", for this user");
    }
    case Topic::kSigns:
      return facts.has_signs ? absl::StrCat(often, " used after such activity")
                             : "";
    case Topic::kAnnouncement:
      return facts.since_announcement == Facts::kNever
                 ? ""
                 : absl::StrCat("announced ", Span(facts.since_announcement),
                                " ago");
    case Topic::kShare:
      return absl::StrCat(std::llround(100 * facts.share),
                          " % of its uses were by this user");
  }
  return "";
}

}  // namespace

std::vector<std::string> Reasons(const foresight::Explanation& explanation,
                                 const std::vector<ModelId>& names) {
  std::vector<std::string> reasons;
  for (const foresight::Reason& reason : explanation.reasons) {
    if (reasons.size() == kMostReasons) break;
    std::string words =
        Words(reason.topic, reason.log_odds > 0 ? "often" : "seldom",
              explanation.facts, names);
    if (!words.empty()) reasons.push_back(std::move(words));
  }
  return reasons;
}

}  // namespace warmup
