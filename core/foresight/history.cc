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
// Of kHorizon, to base 2, in seconds.
constexpr PerHead kLogHorizon = {0, 0, 8.23F, 11.81F, 14.4F, 16.4F};
// What an announcement counts as among kinds of context.
constexpr int32_t kAnnouncement = -2;

double Seconds(Micros time) { return static_cast<double>(time) * 1e-6; }

// Classes of a duration by its logarithm, `steps` for a doubling; 0: never, 1:
// below a second.
uint64_t DurationClass(Micros duration, int steps) {
  if (duration < 0) return 0;
  if (duration < kSecond) return 1;
  return 2 +
         static_cast<uint64_t>(
             std::max(FastLog2(static_cast<float>(Seconds(duration))), 0.0F) *
             static_cast<float>(steps));
}

uint64_t Unsigned(int64_t number) { return static_cast<uint64_t>(number); }

uint64_t HashOf(std::initializer_list<uint64_t> parts) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const uint64_t part : parts) {
    hash = (hash ^ (hash >> 32) ^ part) * 0xD6E8FEB86659FD93ULL;
  }
  return hash ^ (hash >> 31);
}

// Of a count, `steps` for a doubling from `least` on; 0: less.
uint64_t CountClass(float log_count, float log_least, float steps) {
  if (log_count < log_least) return 0;
  return 1 + static_cast<uint64_t>((log_count - log_least) * steps);
}

uint64_t RankClass(size_t rank) {
  if (rank < 6) return rank;
  return 6 + static_cast<uint64_t>(FastLog2(static_cast<float>(rank) / 6) * 2 +
                                   1e-3F);
}

}  // namespace

struct History::Classes {
  uint64_t age;  // since its last use, by half octaves
  uint64_t coarse_age;
  uint64_t rank;   // by recency
  uint64_t share;  // of all uses
  uint64_t uses;
  std::array<uint64_t, kRates> rates;
  uint64_t since_announced;
  uint64_t announcement;  // the last of all: whether its own, and how old
};

void History::Know(ItemId id) {
  Item& item = items_[id];
  if (item.number != 0) return;
  known_.push_back(id);
  item.number = known_.size();
  item.rank_class = RankClass(kRanks);
  item.successors.fill(kNoItem);
}

void History::OnRequest(const shadow::Request& request) {
  Know(request.item);
  JudgeAnnouncements(request);
  Item& item = items_[request.item];
  const Micros gap = item.last == kNever ? kNever : request.at - item.last;
  for (size_t r = 0; r < kRates && gap != kNever; ++r) {
    const auto log_rate = static_cast<float>(
        static_cast<double>(item.log_rates[r]) - Seconds(gap) / kHalfLives[r]);
    item.log_rates[r] = FastLog2(1 + FastExp2(std::max(log_rate, -30.0F)));
  }
  item.last = request.at;
  item.log_uses = FastLog2(static_cast<float>(++item.uses));
  User& user = users_[request.user];
  if (user.number == 0) user.number = ++user_count_;
  Succeed(last_items_[0], request.item);
  if (user.last[0] != last_items_[0]) Succeed(user.last[0], request.item);
  const uint64_t number = items_[request.item].number;
  last_items_ = {number, last_items_[0], last_items_[1]};
  user.last = {number, user.last[0]};
  user.active = ++requests_;
  if (request.user != kNobody) CountOwn(user, items_[request.item]);
  if (users_.size() > kMaxUsers) ForgetUsers();
  last_user_ = request.user;
  last_request_ = request.at;
  Rank(request.item);
  RankByFrequency(request.item);
}

// At once, so that among many users one costs little.
void History::ForgetUsers() {
  std::vector<int64_t> active;
  for (const auto& [id, user] : users_) active.push_back(user.active);
  const auto middle =
      active.begin() + static_cast<std::ptrdiff_t>(active.size() / 2);
  std::nth_element(active.begin(), middle, active.end());
  std::erase_if(users_, [last = *middle](const auto& user) {
    return user.second.active < last;
  });
}

// `before` is the number of an item, or 0.
void History::Succeed(uint64_t before, ItemId id) {
  if (before == 0) return;
  auto& successors = items_[known_[before - 1]].successors;
  auto place = std::find(successors.begin(), successors.end(), id);
  if (place == successors.end()) --place;
  std::move_backward(successors.begin(), place, place + 1);
  successors.front() = id;
}

// Moves it to the front.
void History::Rank(ItemId id) {
  std::erase(by_recency_, id);
  by_recency_.insert(by_recency_.begin(), id);
  if (by_recency_.size() > kRanks) {
    Item& last = items_[by_recency_.back()];
    last.rank = kRanks;
    last.rank_class = RankClass(kRanks);
    by_recency_.pop_back();
  }
  for (size_t rank = 0; rank < by_recency_.size(); ++rank) {
    Item& item = items_[by_recency_[rank]];
    if (item.rank == rank) break;  // as are those behind it
    item.rank = rank;
    item.rank_class = RankClass(rank);
  }
}

// A rate falls by as much for all while nobody uses them: who is more frequent
// changes only as one is used.
void History::RankByFrequency(ItemId id) {
  const auto frequency = [&](ItemId of) {
    const Item& item = items_.Get(of);
    return static_cast<double>(item.log_rates.back()) +
           Seconds(item.last) / kHalfLives.back();
  };
  auto place = std::find(frequent_.begin(), frequent_.end(), id);
  if (place == frequent_.end()) {
    if (frequent_.size() < kFrequent) {
      frequent_.push_back(id);
    } else if (frequency(frequent_.back()) < frequency(id)) {
      frequent_.back() = id;
    } else {
      return;
    }
    place = frequent_.end() - 1;
  }
  for (; place != frequent_.begin(); --place) {
    if (frequency(*(place - 1)) >= frequency(id)) break;
    std::iter_swap(place - 1, place);
  }
}

std::vector<ItemId> History::Promising() const {
  std::vector<ItemId> items = by_recency_;
  items.insert(items.end(), frequent_.begin(), frequent_.end());
  const size_t announced = std::min(announced_.size(), kAnnounced);
  items.insert(items.end(),
               announced_.end() - static_cast<std::ptrdiff_t>(announced),
               announced_.end());
  if (last_items_[0] != 0) {
    for (const ItemId id : items_.Get(known_[last_items_[0] - 1]).successors) {
      if (id != kNoItem) items.push_back(id);
    }
  }
  std::sort(items.begin(), items.end(),
            [&](ItemId a, ItemId b) { return PlaceOf(a) < PlaceOf(b); });
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
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

// So that what a kind is called makes no difference either.
int32_t History::NumberOf(int32_t kind) {
  const auto known = kinds_.find(kind);
  if (known != kinds_.end()) return known->second;
  if (kinds_.size() == kMaxKinds) return -1;
  return kinds_[kind] = static_cast<int32_t>(kinds_.size());
}

void History::OnContext(const shadow::ContextEvent& event) {
  const bool is_announcement = event.announced != kNoItem;
  last_kinds_ = {is_announcement ? kAnnouncement : NumberOf(event.kind),
                 last_kinds_[0]};
  last_context_ = event.at;
  if (!is_announcement) return;
  Know(event.announced);
  Item& item = items_[event.announced];
  if (item.announced == kNever) announced_.push_back(event.announced);
  item.announced = event.at;
  item.announced_by = event.user;
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
  return MomentAt(now, kNobody);
}

History::Moment History::MomentAt(Micros now, int32_t as_user) const {
  const auto since = [&](Micros at) {
    return at == kNever ? kNever : now - at;
  };
  const Micros hours = (now + local_time_) / (3'600 * kSecond);
  const Micros weekday = (hours / 24 + 4) % 7;  // 1970 began with a Thursday
  auto user = users_.find(as_user);
  const bool is_known = user != users_.end() && user->second.uses > 0;
  if (!is_known) user = users_.find(last_user_);
  static const User kNone;
  Moment moment;
  moment.now = now;
  moment.user = user == users_.end() ? &kNone : &user->second;
  moment.asker = is_known ? as_user : kNobody;
  moment.idle = DurationClass(since(last_request_), 1);
  moment.hour = Unsigned(hours % 24);
  moment.is_weekend = Unsigned(weekday == 0 || weekday == 6 ? 1 : 0);
  moment.kind = Unsigned(last_kinds_[0]);
  moment.kinds = HashOf({moment.kind, Unsigned(last_kinds_[1])});
  moment.since_context =
      std::min<uint64_t>(DurationClass(since(last_context_), 1), 13);
  moment.log_requests = FastLog2(static_cast<float>(requests_ + 1));
  moment.is_context_new = Unsigned(last_context_ > last_request_ ? 1 : 0);
  return moment;
}

History::Classes History::Classify(ItemId id, const Moment& moment) const {
  const Item& item = items_.Get(id);
  const Micros age = item.last == kNever ? kNever : moment.now - item.last;
  Classes classes{};
  classes.age = DurationClass(age, 2);
  classes.coarse_age =
      classes.age < 2 ? classes.age : 2 + (classes.age - 2) / 2;
  classes.rank = item.rank_class;
  classes.uses = item.uses == 0 ? 0 : CountClass(item.log_uses, 0, 1);
  classes.share = CountClass(moment.log_requests - item.log_uses, 0, 1);
  for (size_t r = 0; r < kRates && age != kNever; ++r) {
    constexpr float kLeast = -5.64F;  // a fiftieth
    classes.rates[r] =
        CountClass(static_cast<float>(static_cast<double>(item.log_rates[r]) -
                                      Seconds(age) / kHalfLives[r]),
                   kLeast, 1.5F);
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

// Before anything was learned: what was not used for a time will probably not
// be for about as long again, on any scale; of the next requests, each is for
// the item of some rank by recency with a chance that falls as the rank grows.
Lanes History::PriorOf(const Item& item, Micros now) const {
  constexpr float kLn2 = 0.693147181F;
  constexpr float kSlope = 0.7F;
  constexpr float kAlmostEven = -0.5F;  // at a horizon as long as the age
  constexpr float kOldest = 24;
  const float log_age =
      item.last == kNever
          ? kOldest
          : FastLog2(1 + static_cast<float>(Seconds(now - item.last)));
  const float log_rank = FastLog2(1 + static_cast<float>(item.rank));
  Lanes prior{};
  for (size_t h = 0; h < kHeads; ++h) {
    const float requests = static_cast<float>(kHorizonRequests[h]) / 2;
    const float log_odds = requests > 0 ? FastLog2(requests) - log_rank
                                        : (kLogHorizon[h] - log_age) * kSlope;
    prior[h] = std::clamp(log_odds * kLn2 + kAlmostEven, -7.0F, 3.0F);
  }
  return prior;
}

template <typename Add>
void History::EachContext(ItemId id, const Classes& c, const Moment& m,
                          Add add) const {
  const uint64_t item = items_.Get(id).number;
  const auto& [before, before2, before3] = last_items_;
  const auto& [users, users2] = m.user->last;
  // How long ago it was used.
  add(Topic::kAge, {c.age});
  // What it is, and when.
  add(Topic::kUses, {item});
  add(Topic::kAge, {item, c.age});
  add(Topic::kHour, {item, m.hour});
  add(Topic::kHour, {item, m.hour, m.is_weekend});
  add(Topic::kUses, {c.uses, c.coarse_age, m.hour});
  add(Topic::kRank, {m.idle, m.hour, c.rank});
  // What came before it.
  add(Topic::kAfter, {item, before, m.idle});
  add(Topic::kAfter, {item, before, before2, before3});
  add(Topic::kAfterForUser, {item, users, users2, m.user->number});
  // How recent among all, and how frequent.
  add(Topic::kRank, {c.rank, m.idle});
  add(Topic::kRank, {c.rank, c.share, c.age});
  add(Topic::kLately, {c.rates[2], c.age});
  add(Topic::kLately, {c.rates[0], c.rates[1], c.rates[2]});
  add(Topic::kLately, {item, c.rates[1]});
  add(Topic::kLately, {c.rates[2], c.rates[3], m.idle});
  // What else was seen.
  add(Topic::kSigns, {item, m.kind, m.is_context_new, m.since_context});
  add(Topic::kSigns, {c.rank, m.kinds, m.is_context_new});
  add(Topic::kAnnouncement, {c.announcement, c.since_announced, c.rank});
  add(Topic::kAnnouncement, {item, c.announcement, m.is_context_new});
}

History::Contexts History::ContextsOf(ItemId id, const Moment& moment) const {
  const Classes classes = Classify(id, moment);
  Contexts contexts;
  contexts.gate = static_cast<uint32_t>(
      std::min<uint64_t>(classes.coarse_age, Mixer::kGates - 1));
  contexts.prior = PriorOf(items_.Get(id), moment.now);
  EachContext(id, classes, moment,
              [&](Topic, std::initializer_list<uint64_t> parts) {
                uint64_t hash = (contexts.count + 1) * 0xD6E8FEB86659FD93ULL;
                uint64_t factor = 0x9E3779B97F4A7C15ULL;
                for (const uint64_t part : parts) {
                  hash += (part + 1) * factor;
                  factor *= 0xA0761D6478BD642FULL;
                }
                contexts.hashes[contexts.count++] = hash ^ (hash >> 32);
              });
  return contexts;
}

std::vector<Topic> History::TopicsOf(ItemId id, const Moment& moment) const {
  std::vector<Topic> topics;
  EachContext(id, Classify(id, moment), moment,
              [&](Topic topic, std::initializer_list<uint64_t>) {
                topics.push_back(topic);
              });
  return topics;
}

}  // namespace warmup::foresight
