#ifndef WARMUP_TESTS_CORE_SHADOW_SCRIPTED_POLICY_H_
#define WARMUP_TESTS_CORE_SHADOW_SCRIPTED_POLICY_H_

#include <deque>
#include <string>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::shadow {

// Writes down what it is called for, loads the guesses it was given, and
// evicts whatever its machine names first.
class ScriptedPolicy : public Policy {
 public:
  explicit ScriptedPolicy(Machine& machine) : machine_(machine) {
    machine.set_policy(*this);
  }

  void OnRequest(const Request& request, Outcome outcome) override {
    const char* const words[] = {"warm", "late", "cold"};
    Note(words[static_cast<int>(outcome)], request.item, request.at);
    for (const Micros at : timers) machine_.SetTimer(at, at);
    timers.clear();
  }
  void OnStart(Micros now, ItemId item) override { Note("start", item, now); }
  void OnReady(Micros now, ItemId item) override { Note("ready", item, now); }
  void OnEvicted(Micros now, ItemId item) override { Note("evict", item, now); }
  void OnCancelled(Micros now, ItemId item) override {
    Note("cancel", item, now);
  }
  void OnTimer(Micros now, int64_t token) override {
    Note("timer", static_cast<ItemId>(token), now);
  }
  void OnContext(const ContextEvent& event) override {
    Note("context", event.announced, event.at);
  }
  bool MakeRoom(Micros now, ItemId /*needed*/) override {
    if (machine_.ready().empty()) return false;
    machine_.Evict(now, machine_.ready().front());
    return true;
  }
  ItemId Preload(Micros /*now*/) override {
    if (guesses.empty() || guess_after > machine_.now()) return kNoItem;
    const ItemId guess = guesses.front();
    guesses.pop_front();
    return guess;
  }
  bool CancelsGuesses() const override { return cancels; }

  std::deque<ItemId> guesses;
  Micros guess_after = 0;
  std::vector<Micros> timers;  // set at the next request
  bool cancels = true;
  std::vector<std::string> log;  // "cold 0 @5"

 private:
  void Note(const std::string& what, ItemId item, Micros at) {
    log.push_back(what + " " + std::to_string(item) + " @" +
                  std::to_string(at));
  }

  Machine& machine_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_TESTS_CORE_SHADOW_SCRIPTED_POLICY_H_
