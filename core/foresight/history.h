#ifndef WARMUP_CORE_FORESIGHT_HISTORY_H_
#define WARMUP_CORE_FORESIGHT_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/foresight/explanation.h"
#include "core/foresight/mixer.h"
#include "core/foresight/slot_table.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::foresight {

// What was seen so far, as far as forecasts look back, and the contexts it
// puts an item in. Bounded by the items, and by kMaxUsers. Not thread-safe.
class History {
 public:
  // Of more users, the half that were active least recently are forgotten.
  static constexpr size_t kMaxUsers = 1'000;
  // Of more items that one used, those he used most are remembered as his.
  static constexpr size_t kMostOwn = 64;
  // Nobody in particular: a user who is not known.
  static constexpr int32_t kNobody = -1;
  // Kinds of context beyond it are taken for one.
  static constexpr size_t kMaxKinds = 1'000;

  // See Foresight.
  void set_local_time(shadow::Micros offset) { local_time_ = offset; }

  void OnRequest(const shadow::Request& request);
  void OnContext(const shadow::ContextEvent& event);

  // Every item that was requested or announced, as they became known.
  const std::vector<shadow::ItemId>& known() const { return known_; }
  bool IsKnown(shadow::ItemId item) const {
    return items_.Get(item).number != 0;
  }
  // The place in known() of a known item.
  size_t PlaceOf(shadow::ItemId item) const {
    return items_.Get(item).number - 1;
  }
  double AgeOf(shadow::ItemId item, shadow::Micros now) const {
    const shadow::Micros last = items_.Get(item).last;
    return last < 0 ? 3e7 : static_cast<double>(now - last) * 1e-6;
  }
  // Those of which something may be said that is worth saying, at most
  // kMostPromising, by place: announced, used lately or often, or used before
  // after what was used last.
  static constexpr size_t kMostPromising = 112;
  std::vector<shadow::ItemId> Promising() const;
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
    // What it used: nothing is counted of kNobody.
    struct Own {
      uint64_t number = 0;  // of the item
      int64_t uses = 0;

      template <typename Archive>
      void Persist(Archive& archive) {
        archive(number, uses);
      }
    };
    int64_t uses = 0;
    std::vector<Own> own;  // at most kMostOwn

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(number, last, active, uses, own);
    }
  };
  // What is the same for all items at one moment; until the next event.
  struct Moment {
    shadow::Micros now = 0;
    const User* user = nullptr;  // never null
    int32_t asker = kNobody;     // whose uses are asked for; kNobody: all
    // Classes of what the names say.
    uint64_t idle = 0;  // since the last request
    uint64_t hour = 0;
    uint64_t is_weekend = 0;
    uint64_t kind = 0;   // of the last context event
    uint64_t kinds = 0;  // of the last two
    uint64_t since_context = 0;
    uint64_t is_context_new = 0;  // since the last request
    float log_requests = 0;       // all there were, to base 2
  };
  // As the last request's user sees it.
  Moment MomentAt(shadow::Micros now) const;
  // As this user does; kNobody and one who is not known see what the last one
  // does.
  Moment MomentAt(shadow::Micros now, int32_t user) const;
  // The contexts of a known item, as hashes, the most general one first.
  struct Contexts {
    std::array<uint64_t, kMaxContexts> hashes;
    uint32_t count = 0;
    uint32_t gate = 0;  // of the mixer
    Lanes prior{};      // log-odds
  };
  Contexts ContextsOf(shadow::ItemId item, const Moment& moment) const;
  // What each of them is about, and how a known item stands.
  std::vector<Topic> TopicsOf(shadow::ItemId item, const Moment& moment) const;
  Facts FactsOf(shadow::ItemId item, const Moment& moment) const;
  // The share of the asker in the uses of a known item, in (0, 1]; while it
  // has few, that in all uses. Uses by nobody in particular may be his.
  double ShareOf(shadow::ItemId item, const Moment& moment) const;

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(items_, known_, by_recency_, frequent_, announced_, users_,
            requests_, uses_by_users_, last_request_, last_user_, user_count_,
            last_items_, kinds_, last_kinds_, last_context_, last_announced_,
            last_announcement_, announcements_, kept_);
  }

 private:
  // Exponentially decaying counts of uses, by half-life in seconds.
  static constexpr size_t kRates = 4;
  static constexpr std::array<double, kRates> kHalfLives = {1'200, 10'800,
                                                            86'400, 604'800};
  static constexpr shadow::Micros kNever = -1;
  // Ranks by recency are told apart up to this.
  static constexpr size_t kRanks = 64;
  static constexpr size_t kFrequent = 24;
  static constexpr size_t kSuccessors = 8;
  static constexpr size_t kAnnounced = 8;

  struct Item {
    // Its number among the known ones, from 1: contexts name it by this, so
    // that what items are called makes no difference. 0: it is not known.
    uint64_t number = 0;
    shadow::Micros last = kNever;
    int64_t uses = 0;
    int64_t uses_by_users = 0;  // of them, without those by kNobody
    float log_uses = 0;         // to base 2
    size_t rank = kRanks;       // by its last use among all
    uint64_t rank_class = 0;
    // Decaying counts of its uses: their logarithms to base 2, as of its last.
    std::array<float, kRates> log_rates{};
    // What came after it, the latest first, each once.
    std::array<shadow::ItemId, kSuccessors> successors;
    shadow::Micros announced = kNever;  // not requested by anybody since
    int32_t announced_by = kNobody;
    shadow::Micros last_announced = kNever;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(number, last, uses, uses_by_users, log_uses, rank, rank_class,
              log_rates, successors, announced, announced_by, last_announced);
    }
  };
  struct Classes;

  void Know(shadow::ItemId item);
  int32_t NumberOf(int32_t kind);
  void JudgeAnnouncements(const shadow::Request& request);
  void CountOwn(User& user, Item& item);
  void Rank(shadow::ItemId item);
  void Succeed(uint64_t before, shadow::ItemId item);
  void RankByFrequency(shadow::ItemId item);
  void ForgetUsers();
  Classes Classify(shadow::ItemId id, const Moment& moment) const;
  Lanes PriorOf(const Item& item, shadow::Micros now) const;
  // The item of a number; kNoItem of 0.
  shadow::ItemId Numbered(uint64_t number) const {
    return number == 0 ? shadow::kNoItem : known_[number - 1];
  }
  // Calls `add` with each context: what it is about, and its parts.
  template <typename Add>
  void EachContext(shadow::ItemId id, const Classes& classes,
                   const Moment& moment, Add add) const;

  shadow::PerItem<Item> items_;
  std::vector<shadow::ItemId> known_;
  std::vector<shadow::ItemId> by_recency_;  // the latest first, kRanks at most
  // Those used most lately, by their slowest rate, the first first.
  std::vector<shadow::ItemId> frequent_;
  std::vector<shadow::ItemId> announced_;  // since the last request
  std::map<int32_t, User> users_;
  int64_t requests_ = 0;
  int64_t uses_by_users_ = 0;
  shadow::Micros local_time_ = 0;
  shadow::Micros last_request_ = kNever;
  int32_t last_user_ = -1;
  uint64_t user_count_ = 0;
  std::array<uint64_t, 3> last_items_{};  // their numbers
  std::map<int32_t, int32_t> kinds_;
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
