#include "core/schedule/ledger.h"

#include <algorithm>
#include <tuple>

namespace warmup {

void Ledger::SetBudget(const std::string& device, int64_t bytes) {
  budgets_[device] = bytes;
}

void Ledger::Reserve(const ModelId& model, const std::string& device,
                     int64_t bytes) {
  reservations_.insert_or_assign(model, Reservation{model, device, bytes});
}

void Ledger::Settle(const ModelId& model, int64_t bytes) {
  const auto it = reservations_.find(model);
  if (it != reservations_.end()) it->second.bytes = bytes;
}

void Ledger::Release(const ModelId& model) { reservations_.erase(model); }

int64_t Ledger::Budget(const std::string& device) const {
  const auto it = budgets_.find(device);
  return it == budgets_.end() ? 0 : it->second;
}

int64_t Ledger::Used(const std::string& device) const {
  int64_t used = 0;
  for (const auto& [model, reservation] : reservations_) {
    if (reservation.device == device) used += reservation.bytes;
  }
  return used;
}

int64_t Ledger::Free(const std::string& device) const {
  return std::max<int64_t>(0, Budget(device) - Used(device));
}

int64_t Ledger::HeldBy(const ModelId& model) const {
  const auto it = reservations_.find(model);
  return it == reservations_.end() ? 0 : it->second.bytes;
}

std::vector<Ledger::Reservation> Ledger::Holders(
    const std::string& device) const {
  std::vector<Reservation> holders;
  for (const auto& [model, reservation] : reservations_) {
    if (reservation.device == device) holders.push_back(reservation);
  }
  std::sort(holders.begin(), holders.end(),
            [](const Reservation& a, const Reservation& b) {
              return std::tie(b.bytes, a.model) < std::tie(a.bytes, b.model);
            });
  return holders;
}

std::vector<std::string> Ledger::Devices() const {
  std::vector<std::string> devices;
  devices.reserve(budgets_.size());
  for (const auto& [device, bytes] : budgets_) devices.push_back(device);
  return devices;
}

}  // namespace warmup
