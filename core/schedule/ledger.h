#ifndef WARMUP_CORE_SCHEDULE_LEDGER_H_
#define WARMUP_CORE_SCHEDULE_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace warmup {

// Who holds how much of which device. A reservation is the peak while a model
// loads, the measured steady size once it is ready, and goes only when its
// memory is seen free. Nothing is counted up or down: every sum is taken over
// the reservations that are alive, so the ledger cannot drift.
// Sans-I/O, not thread-safe. A device without a budget has budget 0.
class Ledger {
 public:
  struct Reservation {
    ModelId model;
    std::string device;
    int64_t bytes = 0;
  };

  void SetBudget(const std::string& device, int64_t bytes);
  // Sets aside `bytes` for `model`, in place of what it held before.
  void Reserve(const ModelId& model, const std::string& device, int64_t bytes);
  // The model turned out to need `bytes`. No effect if it holds nothing.
  void Settle(const ModelId& model, int64_t bytes);
  void Release(const ModelId& model);

  int64_t Budget(const std::string& device) const;
  int64_t Used(const std::string& device) const;
  // Never below 0, even where a budget was lowered under what is held.
  int64_t Free(const std::string& device) const;
  int64_t HeldBy(const ModelId& model) const;  // 0: nothing
  std::vector<Reservation> Holders(const std::string& device) const;
  std::vector<std::string> Devices() const;

 private:
  std::map<std::string, int64_t> budgets_;
  std::map<ModelId, Reservation> reservations_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_SCHEDULE_LEDGER_H_
