// What a history has for who asks: how an item stands, and whose it is.

#include <algorithm>
#include <cmath>

#include "core/foresight/history.h"

namespace warmup::foresight {

using shadow::ItemId;

Facts History::FactsOf(ItemId id, const Moment& moment) const {
  const Item& item = items_.Get(id);
  Facts facts;
  if (item.last != kNever) {
    facts.since_use = moment.now - item.last;
    facts.uses_lately =
        std::exp2(static_cast<double>(item.log_rates[2]) -
                  static_cast<double>(facts.since_use) * 1e-6 / kHalfLives[2]);
  }
  if (item.last_announced != kNever) {
    facts.since_announcement = moment.now - item.last_announced;
  }
  facts.uses = item.uses;
  facts.used_since = item.rank;
  facts.before = Numbered(last_items_[0]);
  facts.before_for_user = Numbered(moment.user->last[0]);
  facts.share = ShareOf(id, moment);
  facts.is_weekend = moment.is_weekend != 0;
  facts.has_signs = last_context_ != kNever;
  return facts;
}

// Where it has too many, the newest takes the place of the one used least.
void History::CountOwn(User& user, Item& item) {
  ++uses_by_users_;
  ++item.uses_by_users;
  ++user.uses;
  auto own = std::find_if(
      user.own.begin(), user.own.end(),
      [&](const User::Own& known) { return known.number == item.number; });
  if (own == user.own.end()) {
    if (user.own.size() == kMostOwn) {
      user.own.erase(
          std::min_element(user.own.begin(), user.own.end(),
                           [](const User::Own& a, const User::Own& b) {
                             return a.uses < b.uses;
                           }));
    }
    own = user.own.insert(user.own.end(), {.number = item.number});
  }
  ++own->uses;
}

double History::ShareOf(ItemId id, const Moment& moment) const {
  constexpr double kFew = 1;  // uses that the share in all counts for
  const Item& item = items_.Get(id);
  const User& user = *moment.user;
  const bool is_his =
      item.announced != kNever && item.announced_by == moment.asker;
  // Without him there were no others.
  if (moment.asker == kNobody || is_his || user.uses == uses_by_users_) {
    return 1;
  }
  double own = 0;
  for (const User::Own& known : user.own) {
    if (known.number == item.number) own = static_cast<double>(known.uses);
  }
  const double share =
      static_cast<double>(user.uses) / static_cast<double>(uses_by_users_);
  return (own + kFew * share) /
         (static_cast<double>(item.uses_by_users) + kFew);
}

}  // namespace warmup::foresight
