#ifndef WARMUP_CORE_RUNTIME_OUTLOOK_H_
#define WARMUP_CORE_RUNTIME_OUTLOOK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/foresight/foresight.h"
#include "core/model/model.h"
#include "core/runtime/facts.h"
#include "core/runtime/waits.h"
#include "core/shadow/room.h"

namespace warmup {

// Foresight (core/foresight) by the names that the director uses: models,
// devices, engines, users. Also counts how long reality lets users wait, which
// is what its shadows are compared with. Sans-I/O, not thread-safe.
class Outlook {
 public:
  // Models are numbered for good, so that one that comes back is known; above
  // this many names new ones are not foreseen.
  static constexpr size_t kMaxNames = 100'000;

  // A pool of memory for each device, of this many bytes. Hours and weekdays
  // are counted in `zone`.
  Outlook(const std::map<std::string, int64_t>& budgets, absl::TimeZone zone);

  struct Limits {
    int loads = 1;                       // at a time
    int models = 0;                      // in memory; 0: as many as fit
    std::map<std::string, int> engines;  // the same of each
  };
  void SetLimits(const Limits& limits);

  // What holding memory costs: see SwitchingPolicy::memory_price.
  void SetPrice(double price);

  // What a model costs, and how much a second of waiting for it counts.
  struct Cost {
    std::string device;
    std::string engine;
    int64_t bytes = 0;
    absl::Duration load;
    double weight = 1;
  };
  // Of a model that is known.
  void SetCost(const ModelId& model, const Cost& cost);
  // It is in the catalogue no more: nothing is to be loaded.
  void Remove(const ModelId& model);

  // --- Facts. `now` may go back, as clocks do; time here never does ---
  void Advance(absl::Time now);
  // `who`: a user, or a session; empty: not known.
  void OnUsed(absl::Time now, const ModelId& model, const Cost& cost,
              std::string_view who);
  // The same, but told too late: it is learned from, as of now.
  void OnPast(absl::Time now, const ModelId& model, const Cost& cost,
              std::string_view who);
  void OnAnnounced(absl::Time now, const ModelId& model, const Cost& cost,
                   std::string_view who, bool is_session);
  // A sign of life of this kind.
  void OnSign(absl::Time now, std::string_view kind, std::string_view who);
  void OnLoadStarted(const std::string& device, int64_t bytes);
  // How many wait for a model of each device from now on.
  void SetWaiters(const std::map<std::string, int>& waiters);
  // How many bytes of each device are held from now on by what may be given
  // back.
  void SetHeld(const std::map<std::string, int64_t>& held);
  // Somebody has waited, elsewhere; it counts as waited now.
  void AddWait(const std::string& device, absl::Duration time);

  // When something changes by itself.
  absl::Time NextChange() const;

  // --- What it says, as of the last fact or change ---
  struct Chances {
    double next = 0;  // of being the next that anybody uses
    double within_5min = 0;
    double within_1h = 0;
  };
  Chances ChancesOf(const ModelId& model) const;
  // --- For who asks: a user, or a session; of uses by him. One who is not
  // known is told what is so for all. Asking changes nothing ---
  struct Prospect {
    const ModelId* model;  // until the next fact
    foresight::PerHead chances{};
  };
  // Of the models that may be used soon (all, if they are few), the most
  // probable first.
  std::vector<Prospect> ProspectsFor(std::string_view who,
                                     absl::Time now) const;
  // Of one; nullopt: it was never used nor announced.
  std::optional<Prospect> ProspectFor(std::string_view who, absl::Time now,
                                      const ModelId& model) const;
  // Without reasons.
  static Forecast SpellOut(const Prospect& prospect);
  // Why it is as probable as it is; empty: see above.
  std::vector<std::string> ReasonsFor(std::string_view who, absl::Time now,
                                      const ModelId& model) const;

  // Lately, and nobody has used any model since.
  bool IsAnnounced(const ModelId& model) const;
  // How a model fares when room is made on its device.
  struct Standing {
    bool is_followed = false;
    double value = 0;
    int64_t touched = 0;
    bool is_given_back = false;  // not worth its memory
  };
  Standing StandingOf(const ModelId& model) const;
  shadow::EvictBy EvictByOn(const std::string& device) const;
  // What is worth loading on the device although nobody asks, the first first.
  std::vector<ModelId> Guesses(const std::string& device) const;

  // What was learned, and how the shadows stand: see foresight::Foresight.
  std::string Save() const;
  // Before anything else is told. Costs and limits have to be set anew.
  absl::Status Load(const std::string& state);
  // Until when it was told what happened; InfinitePast: nothing yet.
  absl::Time told_until() const {
    return now_ == 0 ? absl::InfinitePast()
                     : absl::FromUnixMicros(now_ - offset_);
  }
  // What waiting was saved, on all devices together. Really: by those of
  // SetWaiters and AddWait; on the others: by each use.
  // What was told again, of the time before, does not count.
  void CountWaitsFromNow() { wait_days_ = WaitDays(zone_); }
  WaitWindows CompareWaits() const { return wait_days_.Windows(Waited()); }

  const foresight::Foresight& foresight() const { return foresight_; }

 private:
  struct Device {
    size_t pool = 0;
    int waiters = 0;
    int64_t held = 0;
    double occupied = 0;        // bytes x microseconds
    shadow::Micros waited = 0;  // and blocked, together
    shadow::Micros stall = 0;   // of it without the latter
  };

  void MoveTo(absl::Time now);
  // Since whenever.
  Waits Waited() const;
  // The time on foresight's own line.
  shadow::Micros TimeOf(absl::Time now);
  // The same, for who asks.
  shadow::Micros AskedAt(absl::Time now) const;
  // Its number, a new one if it is new; kNoItem where there is none left.
  shadow::ItemId ItemOf(const ModelId& model, const Cost& cost);
  shadow::ItemCost Convert(const Cost& cost);
  int32_t GroupOf(const std::string& engine);
  shadow::ItemId Find(const ModelId& model) const;
  const foresight::Pool* PoolOf(shadow::ItemId item) const;

  const absl::TimeZone zone_;
  // They are added to the wall clock's, so that time goes on where it was when
  // that was set back.
  shadow::Micros offset_ = 0;
  shadow::Micros now_ = 0;
  std::map<ModelId, shadow::ItemId> items_;
  std::vector<ModelId> names_;
  std::map<std::string, int32_t> engines_;
  std::map<std::string, Device> devices_;
  std::vector<shadow::ItemCost> costs_;
  foresight::Foresight foresight_;
  WaitDays wait_days_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_OUTLOOK_H_
