#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SCENARIOS_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SCENARIOS_H_

#include <string>
#include <vector>

#include "tests/engines/contract/subject.h"

namespace warmup::contract {

// What an adapter has to do, shown on a fresh subject.
struct Scenario {
  std::string name;  // a claim: "a loaded model is ready at once"
  std::vector<Ability> needs;
  void (*run)(Subject& subject) = nullptr;
};

// Of all engines, by what they are about.
std::vector<Scenario> LoadScenarios();
std::vector<Scenario>
CancelScenarios();  // loads that are given up or disturbed
std::vector<Scenario> OtherUserScenarios();
std::vector<Scenario> StreamScenarios();
std::vector<Scenario> OutageScenarios();  // killed or hung, at any point
std::vector<Scenario> FaultScenarios();   // wrong answers
std::vector<Scenario> DaemonScenarios();  // through a real warmupd

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SCENARIOS_H_
