#ifndef WARMUP_DEMO_BOARD_H_
#define WARMUP_DEMO_BOARD_H_

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace warmup::demo {

enum class ModelState { kCold, kLoading, kReady, kUnloading, kFailed };
enum class Outcome { kWarm, kLate, kCold, kFailed };

struct ModelRow {
  std::string id;
  int64_t size_bytes = 0;
  ModelState state = ModelState::kCold;
  double progress = 0;    // of a load, 0 to 1
  bool is_guess = false;  // loaded, or being loaded, before it was asked for
  int waiters = 0;
  int64_t held_bytes = 0;
  double probability = -1;  // of being the next; -1: not forecast
  std::string reason;       // the strongest, of that forecast
};

struct RequestRow {
  absl::Time recorded;
  std::string model;
  Outcome outcome = Outcome::kWarm;
  absl::Duration waited;
  int rank = 0;  // in the forecast before it: 1 was the likeliest; 0: none
};

// A request that is not answered yet.
struct Waiting {
  absl::Time recorded;
  std::string model;
  absl::Time since;
};

// One run's figures as its requests come in.
struct Tally {
  int requests = 0;
  int warm = 0;
  int late = 0;
  int cold = 0;
  int failed = 0;
  absl::Duration waited;
  // `waited` after each request, to compare two runs at the same point.
  std::vector<absl::Duration> waited_after;

  void Add(const RequestRow& row);
};

// All that the screen shows. A value.
struct Board {
  int run = 1;
  int runs = 2;
  bool is_predicting = false;
  int requests_in_all = 0;
  std::string recorded_length;  // "2 d"
  std::string announced;        // the last announcement, in words
  std::vector<ModelRow> models;
  int64_t memory_budget_bytes = 0;
  std::deque<RequestRow> requests;  // the last few, oldest first
  std::optional<Waiting> waiting;
  std::vector<Tally> tallies;  // one a run so far
  uint64_t events_received = 0;
  std::deque<std::string> events;  // the last few as lines, oldest first
};

// The board, shared between those who replay, watch and draw. Thread-safe.
class SharedBoard {
 public:
  explicit SharedBoard(Board board) : board_(std::move(board)) {}

  Board Get() const {
    const std::lock_guard lock(mutex_);
    return board_;
  }
  // `change` must be quick and must not use this SharedBoard.
  template <class Change>
  void Update(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(board_);
  }

 private:
  mutable std::mutex mutex_;
  Board board_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_BOARD_H_
