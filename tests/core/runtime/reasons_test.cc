#include "core/runtime/reasons.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup {
namespace {

using foresight::Explanation;
using foresight::Facts;
using foresight::Topic;

constexpr shadow::Micros kSecond = 1'000'000;

std::string Only(Topic topic, float log_odds, const Facts& facts) {
  const auto reasons = Reasons({.reasons = {{topic, log_odds}}, .facts = facts},
                               {"edit", "review"});
  return reasons.empty() ? "" : reasons[0];
}

TEST_CASE("Reasons: the three that are strongest") {
  const Explanation why{
      .reasons = {{Topic::kAnnouncement, 3},
                  {Topic::kAge, -2},
                  {Topic::kUses, 1},
                  {Topic::kRank, 1},
                  {Topic::kHour, 1}},
      .facts = {
          .since_use = 150 * kSecond, .since_announcement = -1, .uses = 12}};
  CHECK(Reasons(why, {}) == std::vector<std::string>{"last used 3 min ago",
                                                     "used 12 times so far",
                                                     "the last one used"});
  CHECK(Reasons({}, {}).empty());
}

TEST_CASE("Reasons: numbers that a person takes in") {
  const auto ago = [](int64_t seconds) {
    return Only(Topic::kAge, 1, {.since_use = seconds * kSecond});
  };
  CHECK(ago(20) == "last used 20 s ago");
  CHECK(ago(400) == "last used 7 min ago");
  CHECK(ago(7'200) == "last used 2 h ago");
  CHECK(ago(12 * 86'400) == "last used 12 days ago");
  CHECK(ago(0) == "last used 0 s ago");
  CHECK(Only(Topic::kAge, -1, {}) == "never used");
  CHECK(Only(Topic::kUses, 1, {.uses = 1}) == "used once so far");
  CHECK(Only(Topic::kLately, 1, {.uses_lately = 11.6}) ==
        "used 12 times lately");
  CHECK(Only(Topic::kLately, -1, {.uses_lately = 0.2}) == "not used lately");
  CHECK(Only(Topic::kRank, 1, {.used_since = 1}) == "1 other used since");
  CHECK(Only(Topic::kRank, -1, {.used_since = 5}) == "5 others used since");
  CHECK(Only(Topic::kRank, -1, {.used_since = 64}) == "many others used since");
  CHECK(Only(Topic::kAnnouncement, 1, {.since_announcement = 20 * kSecond}) ==
        "announced 20 s ago");
  CHECK(Only(Topic::kShare, -1, {.share = 0.124}) ==
        "12 % of its uses were by this user");
}

TEST_CASE("Reasons: habits are said as they speak, for a use or against it") {
  CHECK(Only(Topic::kHour, 1, {}) == "often used at this hour on weekdays");
  CHECK(Only(Topic::kHour, -1, {.is_weekend = true}) ==
        "seldom used at this hour on weekends");
  CHECK(Only(Topic::kAfter, 1, {.before = 0}) == "often used after edit");
  CHECK(Only(Topic::kAfterForUser, -1, {.before_for_user = 1}) ==
        "seldom used after review, for this user");
  CHECK(Only(Topic::kSigns, 1, {.has_signs = true}) ==
        "often used after such activity");
}

TEST_CASE("Reasons: nothing is said of what was not there") {
  for (const Topic topic : {Topic::kAfter, Topic::kAfterForUser, Topic::kSigns,
                            Topic::kAnnouncement, Topic::kUses}) {
    CHECK(Only(topic, 1, {}).empty());
  }
}

}  // namespace
}  // namespace warmup
