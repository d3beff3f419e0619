#include "core/foresight/foresight.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"
#include "core/foresight/archive.h"

namespace warmup::foresight {
namespace {

using shadow::Machine;
using shadow::Micros;

constexpr Micros kSecond = 1'000'000;
// After a request forecasts are renewed 2, 4, 8 ... 1,024 s later, and then
// every half hour, for three days.
constexpr int kDoublings = 10;
constexpr Micros kHalfHour = 1'800 * kSecond;
constexpr Micros kLongest = 144 * kHalfHour;

}  // namespace

Foresight::Foresight(const std::vector<shadow::ItemCost>& costs)
    : costs_(costs), forecaster_({}), worth_(costs) {}

Pool& Foresight::AddPool(const Machine::Options& options) {
  Machine::Options numbered = options;
  numbered.pool = static_cast<int32_t>(pools_.size());
  numbered.keeps_stalls = false;
  pool_options_.push_back(numbered);
  pools_.push_back(std::make_unique<Pool>(numbered, costs_, worth_));
  return *pools_.back();
}

void Foresight::SetPrice(Micros now, double price) {
  if (price == worth_.price()) return;
  worth_.set_price(price);
  if (last_request_ > 0) next_refresh_ = std::min(next_refresh_, now);
}

void Foresight::Advance(Micros now) {
  while (next_refresh_ <= now) {
    const Micros at = next_refresh_;
    AdvancePools(at);
    Refresh(at, Forecaster::Occasion::kTimer);
    for (const auto& pool : pools_) pool->Poke(at);
    ++refreshes_;
    PlanRefresh(at);
  }
  AdvancePools(now);
}

void Foresight::OnRequest(const shadow::Request& request, const Spent& real) {
  Advance(request.at);
  hits_.OnRequest(request, forecaster_);
  forecaster_.OnRequest(request);
  Refresh(request.at, Forecaster::Occasion::kRequest);
  const auto home =
      static_cast<size_t>(costs_[static_cast<size_t>(request.item)].pool);
  for (size_t i = 0; i < pools_.size(); ++i) {
    if (i == home) {
      pools_[i]->OnRequest(request, real);
    } else {
      pools_[i]->Poke(request.at);
    }
  }
  last_request_ = request.at;
  refreshes_ = 0;
  PlanRefresh(request.at);
}

void Foresight::OnPast(const shadow::Request& request) {
  Advance(request.at);
  forecaster_.OnRequest(request);
  Refresh(request.at, Forecaster::Occasion::kRequest);
  for (const auto& pool : pools_) pool->Poke(request.at);
}

void Foresight::OnContext(const shadow::ContextEvent& event) {
  Advance(event.at);
  forecaster_.OnContext(event);
  Refresh(event.at, Forecaster::Occasion::kContext);
  for (const auto& pool : pools_) pool->Poke(event.at);
}

Micros Foresight::NextChange() const {
  Micros next = next_refresh_;
  for (const auto& pool : pools_) next = std::min(next, pool->NextEnd());
  return next;
}

void Foresight::AdvancePools(Micros now) {
  for (const auto& pool : pools_) pool->Advance(now);
}

void Foresight::Refresh(Micros now, Forecaster::Occasion occasion) {
  forecaster_.Forecast(now, occasion);
  worth_.Update(now, forecaster_);
}

void Foresight::PlanRefresh(Micros now) {
  if (worth_.price() > 0) {
    // Nothing is held for good unseen: not for a quarter longer than it was
    // idle.
    const Micros idle = now - last_request_;
    next_refresh_ = now + std::clamp(idle / 4, 2 * kSecond, kHalfHour);
    return;
  }
  const Micros after = refreshes_ < kDoublings
                           ? (Micros{2} << refreshes_) * kSecond
                           : (Micros{1} << kDoublings) * kSecond +
                                 (refreshes_ - kDoublings + 1) * kHalfHour;
  next_refresh_ = after <= kLongest ? last_request_ + after : Machine::kNever;
}

void Foresight::ClearPools() {
  for (size_t i = 0; i < pools_.size(); ++i) {
    pools_[i] = std::make_unique<Pool>(pool_options_[i], costs_, worth_);
  }
}

std::string Foresight::Save() const {
  std::vector<int64_t> budgets;
  std::vector<std::string> pools;
  for (size_t i = 0; i < pools_.size(); ++i) {
    budgets.push_back(pool_options_[i].budget);
    pools.push_back(Archived(*pools_[i]));
  }
  return Archived(Archived(forecaster_, worth_), last_request_, refreshes_,
                  next_refresh_, budgets, pools);
}

absl::Status Foresight::Load(const std::string& state) {
  std::string learned;
  Micros last_request = 0;
  int refreshes = 0;
  Micros next_refresh = 0;
  std::vector<int64_t> budgets;
  std::vector<std::string> pools;
  WARMUP_RETURN_IF_ERROR(Unarchive(state, learned, last_request, refreshes,
                                   next_refresh, budgets, pools));
  Forecaster forecaster({});
  Worth worth(costs_);
  worth.set_price(worth_.price());
  WARMUP_RETURN_IF_ERROR(Unarchive(learned, forecaster, worth));
  forecaster_ = std::move(forecaster);
  worth_ = std::move(worth);
  last_request_ = last_request;
  refreshes_ = refreshes;
  next_refresh_ = next_refresh;
  ClearPools();
  std::vector<int64_t> own;
  for (const Machine::Options& options : pool_options_) {
    own.push_back(options.budget);
  }
  if (budgets != own) return absl::OkStatus();
  for (size_t i = 0; i < pools_.size(); ++i) {
    const absl::Status status = Unarchive(pools.at(i), *pools_[i]);
    if (status.ok()) continue;
    ClearPools();
    return status;
  }
  return absl::OkStatus();
}

}  // namespace warmup::foresight
