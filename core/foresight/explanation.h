#ifndef WARMUP_CORE_FORESIGHT_EXPLANATION_H_
#define WARMUP_CORE_FORESIGHT_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::foresight {

// What a context is about, for people.
enum class Topic {
  kAge,           // when it was used last
  kUses,          // how often it was ever used
  kLately,        // how often lately
  kRank,          // how many others were used since
  kHour,          // the hour and the kind of day
  kAfter,         // what was used before
  kAfterForUser,  // what this user used before
  kSigns,         // what was seen beside it
  kAnnouncement,
  kShare,  // who uses it
};

// What speaks for the use of an item, or against it where `log_odds` are
// negative: all contexts of one topic together.
struct Reason {
  Topic topic = Topic::kAge;
  float log_odds = 0;
};

// How an item stands at one moment, in numbers that people take in.
struct Facts {
  static constexpr shadow::Micros kNever = -1;
  shadow::Micros since_use = kNever;
  shadow::Micros since_announcement = kNever;
  int64_t uses = 0;
  double uses_lately = 0;  // with a half-life of a day
  size_t used_since = 0;   // other items
  // What was used last, by anybody and by the user; kNoItem: nothing.
  shadow::ItemId before = shadow::kNoItem;
  shadow::ItemId before_for_user = shadow::kNoItem;
  double share = 1;  // of its uses, that of who asks
  bool is_weekend = false;
  bool has_signs = false;
};

// Why a probability is what it is.
struct Explanation {
  std::vector<Reason> reasons;  // the strongest first
  Facts facts;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_EXPLANATION_H_
