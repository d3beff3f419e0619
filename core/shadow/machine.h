#ifndef WARMUP_CORE_SHADOW_MACHINE_H_
#define WARMUP_CORE_SHADOW_MACHINE_H_

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <queue>
#include <vector>

#include "core/shadow/item.h"
#include "core/shadow/room.h"

namespace warmup::shadow {

enum class Outcome {
  kWarm,  // it was ready
  kLate,  // its load was under way, or waited for
  kCold,  // its load had to be asked for
};

struct Request {
  Micros at = 0;
  int32_t user = 0;
  ItemId item = kNoItem;
};

// Something that was seen beside the requests: a sign of life, or the
// announcement of an item.
struct ContextEvent {
  Micros at = 0;
  int32_t user = -1;
  int32_t kind = -1;  // of a sign of life; what it means is the source's own
  ItemId announced = kNoItem;
  bool is_session = false;  // announced by a session that was opened with it
};

class Machine;

// Decides what a Machine evicts and what it loads unasked. Sees the past only.
// Called by its machine, which it may ask and tell to evict.
class Policy {
 public:
  virtual ~Policy() = default;

  // Before the demand load, if it needs one, is queued.
  virtual void OnRequest(const Request& request, Outcome outcome) = 0;
  // A load begins.
  virtual void OnStart(Micros, ItemId) {}
  // A load was completed.
  virtual void OnReady(Micros, ItemId) {}
  // It was evicted, by whoever.
  virtual void OnEvicted(Micros, ItemId) {}
  // A guess's load was cancelled.
  virtual void OnCancelled(Micros, ItemId) {}
  virtual void OnTimer(Micros, int64_t /*token*/) {}
  virtual void OnContext(const ContextEvent&) {}
  // Evicts ready items for `needed`, at least one; false: none can go. Asked
  // until there is room.
  virtual bool MakeRoom(Micros now, ItemId needed) = 0;
  // An item that nobody asked for and that is to be loaded now; it must be
  // neither ready nor loading and must fit. kNoItem: none. Asked after each
  // event when a slot is free and nobody waits for one.
  virtual ItemId Preload(Micros) { return kNoItem; }
  // Whether a guess's load may be cancelled for one that is asked for.
  virtual bool CancelsGuesses() const { return true; }
};

// What came of it. Loads that are still open count only as started.
struct Tally {
  int64_t requests = 0;  // those that could be served
  int64_t unserved = 0;  // of items larger than the budget
  int64_t cold = 0;
  int64_t late = 0;
  Micros stall = 0;    // waited by all requests
  Micros blocked = 0;  // while at least one request waited
  int64_t loads = 0;   // started
  int64_t cancels = 0;
  double loaded = 0;    // size; of cancelled loads the part that was done
  double guessed = 0;   // the same of those that began as guesses
  double wasted = 0;    // of guesses that went without a request
  double idle = 0;      // size x microseconds since an item's last request
  double occupied = 0;  // size x microseconds in memory, loading included

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(requests, unserved, cold, late, stall, blocked, loads, cancels,
            loaded, guessed, wasted, idle, occupied);
  }
};

// One machine with a memory budget and load slots, as metadata only: a request
// arrives, and what that sets going is followed exactly, in the order of the
// replay protocol (docs/replay.md): at equal times a load's end, then timers in
// the order they were set, then the request, then what was seen beside it.
// Requests do not wait for each other (open loop), being served takes no time.
//
// Invariant: the sizes of what is ready and of what is loading never exceed
// the budget, nor their number the limits there were when a load began; nothing
// that somebody waits for is evicted. Not thread-safe.
class Machine {
 public:
  struct Limits {
    int slots = 1;            // loads at a time
    int items = 0;            // ready and loading; 0: as many as fit
    std::vector<int> places;  // the same for each group; those beyond: as 0
  };
  struct Options {
    int64_t budget = 0;
    int slots = 1;
    int32_t pool = 0;
    bool keeps_stalls = true;  // each, for stalls(), without end
  };

  // `costs` outlives the machine. It may grow, and change: what is in memory
  // keeps the size it came with.
  Machine(const Options& options, const std::vector<ItemCost>& costs);
  void set_limits(const Limits& limits) { limits_ = limits; }

  // Set once, before anything else; it outlives the machine.
  void set_policy(Policy& policy) { policy_ = &policy; }

  // Times never go back. Advance handles what ends until then.
  void Advance(Micros now);
  void Handle(const Request& request);
  void Handle(const ContextEvent& event);
  // What the policy decides on may have changed: asks it for a guess.
  void Poke(Micros now);
  // Until nobody waits any more; then closes the account.
  void Finish();

  // For the policy.
  void Evict(Micros now, ItemId item);
  void SetTimer(Micros at, int64_t token);
  Micros now() const { return now_; }
  int64_t budget() const { return options_.budget; }
  int32_t pool() const { return options_.pool; }
  int slots() const { return limits_.slots; }
  int64_t Free() const { return options_.budget - used_; }
  // Until one more item has room.
  Lack LackFor(ItemId item) const;
  // When the next load ends; kNever: none is under way.
  static constexpr Micros kNever = std::numeric_limits<Micros>::max();
  Micros NextEnd() const;
  bool IsReady(ItemId item) const { return StateOf(item) == State::kReady; }
  bool IsLoading(ItemId item) const { return StateOf(item) == State::kLoading; }
  bool IsCold(ItemId item) const { return StateOf(item) == State::kCold; }
  // Loading, and nobody asked for it.
  bool IsGuess(ItemId item) const;
  // In no order.
  const std::vector<ItemId>& ready() const { return ready_; }
  ItemCost CostOf(ItemId item) const;

  const Tally& tally() const { return tally_; }
  // Of requests that waited, as their waits ended; where they are kept.
  const std::vector<Micros>& stalls() const { return stalls_; }
  // All waiting until `now`: of each request, and of the machine.
  Micros StallUntil(Micros now) const;
  Micros BlockedUntil(Micros now) const;

  // All of it but its limits and its policy: see foresight::Foresight::Save.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(now_, has_begun_, used_, held_, held_of_group_, items_, ready_,
            loads_, queue_, timers_, timer_count_, waiting_, tally_);
  }

 private:
  enum class State : uint8_t { kCold, kQueued, kLoading, kReady };
  struct Item {
    State state = State::kCold;
    bool began_as_guess = false;
    bool was_used = false;
    int32_t place = -1;   // in ready_
    int64_t waiting = 0;  // requests
    ItemCost held;        // while ready or loading

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(state, began_as_guess, was_used, place, waiting, last_used,
              ready_at, held);
    }
    Micros last_used = 0;
    Micros ready_at = 0;
  };
  struct Load {
    ItemId item = kNoItem;
    Micros start = 0;
    Micros end = 0;
    bool is_claimed = false;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(item, start, end, is_claimed);
    }
  };
  struct Timer {
    Micros at = 0;
    int64_t order = 0;
    int64_t token = 0;
    bool operator>(const Timer& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
    template <typename Archive>
    void Persist(Archive& archive) {
      archive(at, order, token);
    }
  };
  struct Waiter {
    ItemId item = kNoItem;
    Micros since = 0;
  };

  State StateOf(ItemId item) const {
    const auto i = static_cast<size_t>(item);
    return i < items_.size() ? items_[i].state : State::kCold;
  }
  Item& At(ItemId item);
  size_t FirstToEnd() const;
  void MoveTo(Micros now);
  void EndLoad(size_t index);
  void EndWaits(ItemId item);
  void Settle();
  void Pump();
  bool CancelGuess();
  void Start(ItemId item, bool is_guess);
  void Close(const Item& item, ItemId id);

  // An item came into memory, or left it.
  void Hold(Item& item, const ItemCost& cost, int sign);

  const Options options_;
  Limits limits_;
  const std::vector<ItemCost>& costs_;
  Policy* policy_ = nullptr;
  Micros now_ = 0;
  bool has_begun_ = false;
  int64_t used_ = 0;
  int held_ = 0;  // ready and loading
  std::vector<int> held_of_group_;
  std::vector<Item> items_;
  std::vector<ItemId> ready_;
  std::vector<Load> loads_;  // by start
  std::deque<ItemId> queue_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  int64_t timer_count_ = 0;
  int64_t waiting_ = 0;          // requests, for whatever item
  std::vector<Waiter> waiters_;  // the same one by one, if stalls are kept
  Tally tally_;
  std::vector<Micros> stalls_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_MACHINE_H_
