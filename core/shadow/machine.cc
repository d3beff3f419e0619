#include "core/shadow/machine.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace warmup::shadow {

Machine::Machine(const Options& options, const std::vector<ItemCost>& costs)
    : options_(options), costs_(costs) {
  limits_.slots = options.slots;
}

Machine::Item& Machine::At(ItemId item) {
  const auto i = static_cast<size_t>(item);
  if (i >= items_.size()) items_.resize(std::max(costs_.size(), i + 1));
  return items_[i];
}

ItemCost Machine::CostOf(ItemId item) const {
  const State state = StateOf(item);
  const auto i = static_cast<size_t>(item);
  const bool is_held = state == State::kLoading || state == State::kReady;
  return is_held ? items_[i].held : costs_[i];
}

void Machine::Hold(Item& item, const ItemCost& cost, int sign) {
  item.held = cost;
  used_ += sign * cost.size;
  held_ += sign;
  const auto group = static_cast<size_t>(cost.group);
  if (group >= held_of_group_.size()) held_of_group_.resize(group + 1);
  held_of_group_[group] += sign;
}

Lack Machine::LackFor(ItemId item) const {
  const ItemCost cost = CostOf(item);
  const auto group = static_cast<size_t>(cost.group);
  const int held = group < held_of_group_.size() ? held_of_group_[group] : 0;
  const int places = group < limits_.places.size() ? limits_.places[group] : 0;
  return {.bytes = cost.size - Free(),
          .items = limits_.items > 0 ? held_ + 1 - limits_.items : 0,
          .places = places > 0 ? held + 1 - places : 0,
          .group = cost.group};
}

Micros Machine::NextEnd() const {
  const size_t first = FirstToEnd();
  return first < loads_.size() ? loads_[first].end : kNever;
}

bool Machine::IsGuess(ItemId item) const {
  return std::any_of(loads_.begin(), loads_.end(), [&](const Load& load) {
    return load.item == item && !load.is_claimed;
  });
}

size_t Machine::FirstToEnd() const {
  size_t first = loads_.size();
  for (size_t i = 0; i < loads_.size(); ++i) {
    if (first == loads_.size() || loads_[i].end < loads_[first].end) first = i;
  }
  return first;
}

// Time passes: what is there is charged for it.
void Machine::MoveTo(Micros now) {
  if (!has_begun_) {
    has_begun_ = true;
    now_ = now;
    return;
  }
  if (now <= now_) return;
  const auto passed = static_cast<double>(now - now_);
  tally_.occupied += static_cast<double>(used_) * passed;
  tally_.stall += waiting_ * (now - now_);
  if (waiting_ > 0) tally_.blocked += now - now_;
  now_ = now;
}

void Machine::Advance(Micros now) {
  for (;;) {
    const size_t load = FirstToEnd();
    const bool ends = load < loads_.size() && loads_[load].end <= now;
    const bool rings = !timers_.empty() && timers_.top().at <= now;
    if (ends && (!rings || loads_[load].end <= timers_.top().at)) {
      MoveTo(loads_[load].end);
      EndLoad(load);
    } else if (rings) {
      const Timer timer = timers_.top();
      timers_.pop();
      MoveTo(timer.at);
      policy_->OnTimer(now_, timer.token);
    } else {
      break;
    }
    Settle();
  }
  MoveTo(now);
}

void Machine::EndLoad(size_t index) {
  const Load load = loads_[index];
  loads_.erase(loads_.begin() + static_cast<std::ptrdiff_t>(index));
  Item& item = At(load.item);
  const int64_t size = CostOf(load.item).size;
  tally_.loaded += static_cast<double>(size);
  if (item.began_as_guess) tally_.guessed += static_cast<double>(size);
  item.state = State::kReady;
  item.ready_at = now_;
  item.place = static_cast<int32_t>(ready_.size());
  ready_.push_back(load.item);
  EndWaits(load.item);
  policy_->OnReady(now_, load.item);
}

void Machine::EndWaits(ItemId item) {
  waiting_ -= std::exchange(At(item).waiting, 0);
  std::erase_if(waiters_, [&](const Waiter& waiter) {
    if (waiter.item != item) return false;
    stalls_.push_back(now_ - waiter.since);
    return true;
  });
}

void Machine::Handle(const Request& request) {
  Advance(request.at);
  if (CostOf(request.item).size > options_.budget) {
    ++tally_.unserved;
    return;
  }
  ++tally_.requests;
  Item& item = At(request.item);
  item.last_used = now_;
  item.was_used = true;
  Outcome outcome = Outcome::kWarm;
  switch (item.state) {
    case State::kReady:
      break;
    case State::kQueued:
      outcome = Outcome::kLate;
      break;
    case State::kLoading:
      outcome = Outcome::kLate;
      for (Load& load : loads_) {
        if (load.item == request.item) load.is_claimed = true;
      }
      break;
    case State::kCold:
      outcome = Outcome::kCold;
      break;
  }
  policy_->OnRequest(request, outcome);
  if (outcome != Outcome::kWarm) {
    ++(outcome == Outcome::kCold ? tally_.cold : tally_.late);
    ++At(request.item).waiting;
    ++waiting_;
    if (options_.keeps_stalls) waiters_.push_back({request.item, now_});
  }
  if (outcome == Outcome::kCold) {
    At(request.item).state = State::kQueued;
    queue_.push_back(request.item);
  }
  Settle();
}

void Machine::Handle(const ContextEvent& event) {
  Advance(event.at);
  policy_->OnContext(event);
  Settle();
}

void Machine::Poke(Micros now) {
  Advance(now);
  Settle();
}

void Machine::Settle() {
  Pump();
  if (!queue_.empty() || loads_.size() >= static_cast<size_t>(limits_.slots)) {
    return;
  }
  const ItemId guess = policy_->Preload(now_);
  if (guess == kNoItem || !IsCold(guess) || !LackFor(guess).IsMet()) return;
  Start(guess, /*is_guess=*/true);
}

void Machine::Pump() {
  while (!queue_.empty()) {
    const ItemId item = queue_.front();
    if (CostOf(item).size > options_.budget) {  // it has grown since
      queue_.pop_front();
      At(item).state = State::kCold;
      EndWaits(item);
      continue;
    }
    if (loads_.size() >= static_cast<size_t>(limits_.slots)) {
      if (!CancelGuess()) return;
      continue;
    }
    while (!LackFor(item).IsMet()) {
      if (!policy_->MakeRoom(now_, item) && !CancelGuess()) return;
    }
    queue_.pop_front();
    Start(item, /*is_guess=*/false);
  }
}

// The newest load that nobody waits for, if the policy lets it.
bool Machine::CancelGuess() {
  if (!policy_->CancelsGuesses()) return false;
  for (size_t i = loads_.size(); i-- > 0;) {
    if (loads_[i].is_claimed) continue;
    const Load load = loads_[i];
    loads_.erase(loads_.begin() + static_cast<std::ptrdiff_t>(i));
    const ItemCost cost = CostOf(load.item);
    const double done = cost.load == 0
                            ? 1
                            : static_cast<double>(now_ - load.start) /
                                  static_cast<double>(cost.load);
    const double size = static_cast<double>(cost.size) * done;
    tally_.loaded += size;
    tally_.guessed += size;
    tally_.wasted += size;
    ++tally_.cancels;
    Hold(At(load.item), cost, -1);
    At(load.item).state = State::kCold;
    policy_->OnCancelled(now_, load.item);
    return true;
  }
  return false;
}

void Machine::Start(ItemId id, bool is_guess) {
  const ItemCost cost = CostOf(id);
  Item& item = At(id);
  item.state = State::kLoading;
  item.began_as_guess = is_guess;
  item.was_used = !is_guess;
  Hold(item, cost, 1);
  ++tally_.loads;
  loads_.push_back({id, now_, now_ + cost.load, !is_guess});
  policy_->OnStart(now_, id);
}

void Machine::Evict(Micros now, ItemId id) {
  MoveTo(now);
  Item& item = At(id);
  if (item.state != State::kReady) return;
  Close(item, id);
  Hold(item, item.held, -1);
  item.state = State::kCold;
  const auto place = static_cast<size_t>(item.place);
  ready_[place] = ready_.back();
  At(ready_[place]).place = item.place;
  ready_.pop_back();
  item.place = -1;
  policy_->OnEvicted(now_, id);
}

// A residency ends.
void Machine::Close(const Item& item, ItemId id) {
  const auto size = static_cast<double>(CostOf(id).size);
  tally_.idle += size * static_cast<double>(
                            now_ - std::max(item.last_used, item.ready_at));
  if (item.began_as_guess && !item.was_used) tally_.wasted += size;
}

void Machine::SetTimer(Micros at, int64_t token) {
  timers_.push({at, ++timer_count_, token});
}

void Machine::Finish() {
  while (waiting_ > 0) {
    Micros next = loads_[FirstToEnd()].end;
    if (!timers_.empty()) next = std::min(next, timers_.top().at);
    Advance(next);
  }
  for (const ItemId id : ready_) Close(At(id), id);
}

Micros Machine::StallUntil(Micros now) const {
  return tally_.stall + waiting_ * (now - now_);
}

Micros Machine::BlockedUntil(Micros now) const {
  return tally_.blocked + (waiting_ > 0 ? now - now_ : 0);
}

}  // namespace warmup::shadow
