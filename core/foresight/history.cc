#include "core/foresight/history.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::kNoItem;
using shadow::Micros;

constexpr Micros kSecond = 1'000'000;
constexpr Micros kAnnouncementLife = 600 * kSecond;
constexpr float kAnnouncementDecay = 0.995F;
// What an announcement counts as among kinds of context.
constexpr int32_t kAnnouncement = -2;

double Seconds(Micros time) { return static_cast<double>(time) * 1e-6; }

// Classes of a duration by its logarithm, `steps` for a doubling; 0: never, 1:
// below a second.
uint64_t DurationClass(Micros duration, int steps) {
  if (duration < 0) return 0;
  if (duration < kSecond) return 1;
  return 2 + static_cast<uint64_t>(std::log2(Seconds(duration)) * steps);
}

uint64_t Unsigned(int64_t number) { return static_cast<uint64_t>(number); }

uint64_t HashOf(std::initializer_list<uint64_t> parts) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const uint64_t part : parts) {
    hash = (hash ^ (hash >> 32) ^ part) * 0xD6E8FEB86659FD93ULL;
  }
  return hash ^ (hash >> 31);
}

}  // namespace

struct History::Classes {
  uint64_t age;  // since its last use, by half octaves
  uint64_t coarse_age;
  uint64_t rank;   // by recency
  uint64_t share;  // of all uses
  uint64_t uses;
  std::array<uint64_t, 2> gaps;
  std::array<uint64_t, kRates> rates;
  uint64_t since_announced;
  uint64_t announcement;  // the last of all: whether its own, and how old
};

void History::Know(ItemId id) {
  Item& item = items_[id];
  if (item.number != 0) return;
  known_.push_back(id);
  item.number = known_.size();
}

void History::OnRequest(const shadow::Request& request) {
  Know(request.item);
  JudgeAnnouncements(request);
  Item& item = items_[request.item];
  const Micros gap = item.last == kNever ? kNever : request.at - item.last;
  for (size_t r = 0; r < kRates; ++r) {
    if (gap != kNever)
      item.rates[r] *= std::exp2(-Seconds(gap) / kHalfLives[r]);
    item.rates[r] += 1;
  }
  item.gaps = {gap, item.gaps[0]};
  item.last = request.at;
  ++item.uses;
  last_items_ = {item.number, last_items_[0], last_items_[1]};
  User& user = users_[request.user];
  if (user.number == 0) user.number = ++user_count_;
  user.last = {item.number, user.last[0]};
  user.active = ++requests_;
  if (users_.size() > kMaxUsers) {
    users_.erase(std::min_element(users_.begin(), users_.end(),
                                  [](const auto& a, const auto& b) {
                                    return a.second.active < b.second.active;
                                  }));
  }
  last_user_ = request.user;
  last_request_ = request.at;
  Rank(request.item);
}

// Moves it to the front.
void History::Rank(ItemId id) {
  std::erase(by_recency_, id);
  by_recency_.insert(by_recency_.begin(), id);
  if (by_recency_.size() > kRanks) {
    items_[by_recency_.back()].rank = kRanks;
    by_recency_.pop_back();
  }
  for (size_t rank = 0; rank < by_recency_.size(); ++rank) {
    items_[by_recency_[rank]].rank = rank;
  }
}

void History::JudgeAnnouncements(const shadow::Request& request) {
  for (const ItemId id : announced_) {
    Item& item = items_[id];
    if (request.at - item.announced <= kAnnouncementLife) {
      announcements_ = announcements_ * kAnnouncementDecay + 1;
      kept_ = kept_ * kAnnouncementDecay + (id == request.item ? 1.0F : 0.0F);
    }
    item.announced = kNever;
  }
  announced_.clear();
}

void History::OnContext(const shadow::ContextEvent& event) {
  const bool is_announcement = event.announced != kNoItem;
  last_kinds_ = {is_announcement ? kAnnouncement : event.kind, last_kinds_[0]};
  last_context_ = event.at;
  if (!is_announcement) return;
  Know(event.announced);
  Item& item = items_[event.announced];
  if (item.announced == kNever) announced_.push_back(event.announced);
  item.announced = event.at;
  item.last_announced = event.at;
  last_announced_ = event.announced;
  last_announcement_ = event.at;
}

bool History::IsAnnounced(ItemId id, Micros now) const {
  const Micros at = items_.Get(id).announced;
  return at != kNever && now - at <= kAnnouncementLife;
}

float History::announcements_kept() const {
  return (kept_ + 1) / (announcements_ + 2);
}

History::Moment History::MomentAt(Micros now) const {
  const auto since = [&](Micros at) {
    return at == kNever ? kNever : now - at;
  };
  const Micros hours = now / (3'600 * kSecond);
  const Micros weekday = (hours / 24 + 4) % 7;  // 1970 began with a Thursday
  const auto user = users_.find(last_user_);
  static const User kNobody;
  Moment moment;
  moment.now = now;
  moment.user = user == users_.end() ? &kNobody : &user->second;
  moment.idle = DurationClass(since(last_request_), 1);
  moment.hour = Unsigned(hours % 24);
  moment.is_weekend = Unsigned(weekday == 0 || weekday == 6 ? 1 : 0);
  moment.kind = Unsigned(last_kinds_[0]);
  moment.kinds = HashOf({moment.kind, Unsigned(last_kinds_[1])});
  moment.since_context =
      std::min<uint64_t>(DurationClass(since(last_context_), 1), 13);
  moment.is_context_new = Unsigned(last_context_ > last_request_ ? 1 : 0);
  return moment;
}

History::Classes History::Classify(ItemId id, const Moment& moment) const {
  const Item& item = items_.Get(id);
  const Micros age = item.last == kNever ? kNever : moment.now - item.last;
  const auto count = [](double n, double least, double steps) -> uint64_t {
    if (n < least) return 0;
    return 1 + static_cast<uint64_t>(std::log2(n / least) * steps);
  };
  Classes classes{};
  classes.age = DurationClass(age, 2);
  classes.coarse_age = DurationClass(age, 1);
  classes.rank =
      item.rank < 6
          ? item.rank
          : 6 + static_cast<uint64_t>(
                    std::log2(static_cast<double>(item.rank) / 6) * 2);
  classes.uses = count(static_cast<double>(item.uses), 1, 1);
  classes.share = count((static_cast<double>(requests_) + 1) /
                            (static_cast<double>(item.uses) + 0.5),
                        1, 1);
  for (size_t g = 0; g < 2; ++g) {
    classes.gaps[g] = DurationClass(item.gaps[g], 1);
  }
  for (size_t r = 0; r < kRates && age != kNever; ++r) {
    classes.rates[r] = count(
        item.rates[r] * std::exp2(-Seconds(age) / kHalfLives[r]), 0.02, 1.5);
  }
  const auto since = [&](Micros at) {
    return std::min<uint64_t>(
        DurationClass(at == kNever ? kNever : moment.now - at, 1), 13);
  };
  classes.since_announced = since(item.last_announced);
  classes.announcement =
      since(last_announcement_) * 2 + (last_announced_ == id ? 1 : 0);
  return classes;
}

Evidence History::Look(ItemId id, const Moment& m, SlotTable& table) const {
  const Classes c = Classify(id, m);
  const uint64_t item = items_.Get(id).number;
  const auto& [before, before2, before3] = last_items_;
  const auto& [users, users2] = m.user->last;
  Evidence evidence;
  evidence.gate = std::min<size_t>(c.coarse_age, Mixer::kGates - 1);
  const auto add = [&](std::initializer_list<uint64_t> context) {
    const uint64_t number = evidence.count++;
    evidence.slots[number] = table.Find(HashOf({number, HashOf(context)}));
  };
  // How long ago it was used.
  add({c.age});
  // What it is, and when.
  add({item});
  add({item, c.age});
  add({item, m.hour});
  add({item, m.hour, m.is_weekend});
  add({c.uses, c.coarse_age, m.hour});
  add({m.idle, m.hour, c.rank});
  // What came before it.
  add({item, before, m.idle});
  add({item, before, before2});
  add({item, before, before2, before3});
  add({item, users, m.user->number});
  add({item, users, users2, m.user->number});
  // How recent among all, how frequent, and how regular.
  add({c.rank, m.idle});
  add({item, c.rank, m.idle});
  add({c.age, m.idle, c.share});
  add({c.rank, c.share, c.age});
  add({c.coarse_age, c.gaps[0], c.gaps[1]});
  add({item, c.coarse_age, c.gaps[0]});
  add({c.rates[2], c.age});
  add({c.rates[1], c.rates[2], c.rates[3]});
  add({c.rates[0], c.rates[1], c.rates[2]});
  add({c.rates[3], c.age, c.rank});
  add({item, c.rates[1]});
  add({c.rates[2], c.rates[3], m.idle});
  // What else was seen.
  add({item, m.kind, m.is_context_new, m.since_context});
  add({c.rank, m.kinds, m.is_context_new});
  add({c.announcement, c.since_announced, c.rank});
  add({item, c.announcement, m.is_context_new});
  return evidence;
}

}  // namespace warmup::foresight
