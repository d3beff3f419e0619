#ifndef WARMUP_CORE_FORESIGHT_HISTORY_H_
#define WARMUP_CORE_FORESIGHT_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/foresight/mixer.h"
#include "core/foresight/slot_table.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::foresight {

// What was seen so far, as far as forecasts look back, and the contexts it
// puts an item in. Bounded by the items, and by kMaxUsers. Not thread-safe.
class History {
 public:
  // Of users beyond it, the least recently active one is forgotten.
  static constexpr size_t kMaxUsers = 1'000;

  void OnRequest(const shadow::Request& request);
  void OnContext(const shadow::ContextEvent& event);

  // Every item that was requested or announced, as they became known.
  const std::vector<shadow::ItemId>& known() const { return known_; }
  // Whether `item` is announced: since the last request, at most ten minutes
  // ago.
  bool IsAnnounced(shadow::ItemId item, shadow::Micros now) const;
  // How often an announced item was the next request's, of late.
  float announcements_kept() const;

  struct User {
    uint64_t number = 0;  // as of an item
    // The numbers of its last items.
    std::array<uint64_t, 2> last{};
    int64_t active = 0;  // the request it was last active with
  };
  // What is the same for all items at one moment; until the next event.
  struct Moment {
    shadow::Micros now = 0;
    const User* user = nullptr;  // the last request's
    // Classes of what the names say.
    uint64_t idle = 0;  // since the last request
    uint64_t hour = 0;
    uint64_t is_weekend = 0;
    uint64_t kind = 0;   // of the last context event
    uint64_t kinds = 0;  // of the last two
    uint64_t since_context = 0;
    uint64_t is_context_new = 0;  // since the last request
  };
  Moment MomentAt(shadow::Micros now) const;
  // What speaks for a known item: the slots of its contexts in `table`.
  Evidence Look(shadow::ItemId item, const Moment& moment,
                SlotTable& table) const;

 private:
  // Exponentially decaying counts of uses, by half-life in seconds.
  static constexpr size_t kRates = 4;
  static constexpr std::array<double, kRates> kHalfLives = {1'200, 10'800,
                                                            86'400, 604'800};
  static constexpr shadow::Micros kNever = -1;
  // Ranks by recency are told apart up to this.
  static constexpr size_t kRanks = 64;

  struct Item {
    // Its number among the known ones, from 1: contexts name it by this, so
    // that what items are called makes no difference. 0: it is not known.
    uint64_t number = 0;
    shadow::Micros last = kNever;
    // Between its last uses, the latest first.
    std::array<shadow::Micros, 2> gaps = {kNever, kNever};
    int64_t uses = 0;
    size_t rank = kRanks;  // by its last use among all
    std::array<double, kRates> rates{};
    shadow::Micros announced = kNever;  // not requested by anybody since
    shadow::Micros last_announced = kNever;
  };
  struct Classes;

  void Know(shadow::ItemId item);
  void JudgeAnnouncements(const shadow::Request& request);
  void Rank(shadow::ItemId item);
  Classes Classify(shadow::ItemId id, const Moment& moment) const;

  shadow::PerItem<Item> items_;
  std::vector<shadow::ItemId> known_;
  std::vector<shadow::ItemId> by_recency_;  // the latest first, kRanks at most
  std::vector<shadow::ItemId> announced_;   // since the last request
  std::map<int32_t, User> users_;
  int64_t requests_ = 0;
  shadow::Micros last_request_ = kNever;
  int32_t last_user_ = -1;
  uint64_t user_count_ = 0;
  std::array<uint64_t, 3> last_items_{};  // their numbers
  std::array<int32_t, 2> last_kinds_ = {-1, -1};
  shadow::Micros last_context_ = kNever;
  shadow::ItemId last_announced_ = shadow::kNoItem;
  shadow::Micros last_announcement_ = kNever;
  // Decayed: announcements, and those that were kept.
  float announcements_ = 0;
  float kept_ = 0;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_HISTORY_H_
