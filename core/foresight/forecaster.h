#ifndef WARMUP_CORE_FORESIGHT_FORECASTER_H_
#define WARMUP_CORE_FORESIGHT_FORECASTER_H_

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "core/foresight/calibration.h"
#include "core/foresight/heads.h"
#include "core/foresight/history.h"
#include "core/foresight/mixer.h"
#include "core/foresight/slot_table.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::foresight {

// Forecasts, for every item that was requested or announced, the probability
// of its use within each head's horizon. Online, without a training phase: each
// forecast is kept with what spoke for it until its outcome is known, and is
// learned from then (docs/foresight.md). Sees the past only, knows nothing of
// what is loaded. Not thread-safe.
class Forecaster {
 public:
  struct Options {
    int slot_bits = 16;  // of the table of contexts: 2^n slots of 64 bytes
  };
  // Why a forecast is made.
  enum class Occasion { kRequest, kTimer, kContext };

  explicit Forecaster(const Options& options);

  // See Foresight.
  void set_local_time(shadow::Micros offset) {
    history_.set_local_time(offset);
  }

  void OnRequest(const shadow::Request& request);
  void OnContext(const shadow::ContextEvent& event);

  // Forecasts the known items, all if they are few, else those that are
  // promising, and the others by turns. Times never go back.
  void Forecast(shadow::Micros now, Occasion occasion);
  // Those that the last Forecast was about.
  const std::vector<shadow::ItemId>& renewed() const { return renewed_; }
  const std::vector<shadow::ItemId>& known() const { return history_.known(); }
  // As of its last Forecast: of a known item, each head's probability;
  // kFiveMinutes to kDay never fall, nor do kNext and kNextEight.
  const PerHead& ChanceOf(shadow::ItemId item) const {
    return chances_.Get(item);
  }

  // Seconds since the last use of a known item; a year, if there was none.
  double AgeOf(shadow::ItemId item, shadow::Micros now) const {
    return history_.AgeOf(item, now);
  }

  // --- For who asks. It changes nothing: not what is learned, nor when ---
  // Now, as a user sees it (see History), until the next event.
  History::Moment MomentAt(shadow::Micros now, int32_t user) const {
    return history_.MomentAt(now, user);
  }
  bool IsKnown(shadow::ItemId item) const { return history_.IsKnown(item); }
  // All known items if they are few, else those that are promising.
  std::vector<shadow::ItemId> Promising() const;
  // Of a known item, as ChanceOf, but of a use by who asks, if he is known.
  PerHead ChanceAt(const History::Moment& moment, shadow::ItemId item) const;
  // Why it is probable, or is not, that it is used within five minutes.
  Explanation Explain(const History::Moment& moment, shadow::ItemId item) const;

  // See History.
  bool IsAnnounced(shadow::ItemId item, shadow::Micros now) const {
    return history_.IsAnnounced(item, now);
  }

  // What is kept until its outcome is known: forecasts of one item each, at
  // most kMostWaiting.
  static constexpr size_t kMostWaiting = 16'384;
  size_t waiting() const { return waiting_; }

  // How good forecasts were: of one head, over all cases, by their weights.
  struct Quality {
    static constexpr size_t kBins = 20;
    struct Bin {
      double cases = 0;
      double forecast = 0;  // summed
      double outcome = 0;   // summed

      template <typename Archive>
      void Persist(Archive& archive) {
        archive(cases, forecast, outcome);
      }
    };
    double cases = 0;
    double brier = 0;     // summed squares
    double log_loss = 0;  // summed, nats
    std::array<Bin, kBins> bins{};
    // Mean distance of forecast and outcome over the bins.
    double CalibrationError() const;
    template <typename Archive>
    void Persist(Archive& archive) {
      archive(cases, brier, log_loss, bins);
    }
  };
  const Quality& quality(Head head) const { return quality_[head]; }

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(table_, mixer_, history_, calibrations_, chances_, renewed_,
            promising_, turn_, samples_, waiting_, draw_,
            samples_since_request_, requests_since_open_, context_samples_,
            last_context_sample_, last_open_, quality_);
  }

 private:
  // One forecast, until all its outcomes are known.
  struct Sample {
    struct Case {
      uint32_t place;  // in known()
      Evidence evidence;
      PerHead log_odds;
      PerHead chances;
      shadow::Micros used = std::numeric_limits<shadow::Micros>::max();
      int used_by = std::numeric_limits<int>::max();  // which request after it

      template <typename Archive>
      void Persist(Archive& archive) {
        archive(place, evidence, log_odds, chances, used, used_by);
      }
    };
    shadow::Micros at = 0;
    int requests = 0;  // since
    std::array<bool, kHeads> is_open{};
    PerHead weights{};
    std::vector<Case> cases;  // by place

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(at, requests, is_open, weights, cases);
    }
  };

  // Of what is there; makes no place in the table.
  Evidence EvidenceAt(const History::Moment& moment, shadow::ItemId item) const;
  PerHead Calibrated(const PerHead& log_odds) const;
  // To what its announcement promises, and longer looks to shorter ones.
  void Raise(shadow::ItemId item, shadow::Micros now, PerHead& chances) const;
  bool IsSampled(shadow::Micros now, Occasion occasion);
  bool Open(Sample& sample, shadow::Micros now);
  void Choose();
  void Look(shadow::ItemId item, const History::Moment& moment, Sample* sample);
  void CloseUntil(shadow::Micros now);
  void Close(Sample& sample, size_t head);
  bool IsDrawn();
  void Count(size_t head, float chance, const Lesson& lesson);

  SlotTable table_;
  Mixer mixer_;
  History history_;
  std::array<Calibration, kHeads> calibrations_;
  shadow::PerItem<PerHead> chances_;
  std::vector<shadow::ItemId> renewed_;
  std::vector<shadow::ItemId> promising_;  // at the last Forecast
  size_t turn_ = 0;                        // the place of who is next
  std::deque<Sample> samples_;             // by time
  size_t waiting_ = 0;                     // their cases
  uint64_t draw_ = 0;
  int samples_since_request_ = 0;
  int requests_since_open_ = 0;  // of kNextEight
  int context_samples_ = 0;      // since the last request
  shadow::Micros last_context_sample_ = 0;
  std::array<shadow::Micros, kHeads> last_open_{};
  std::array<Quality, kHeads> quality_;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_FORECASTER_H_
