#ifndef WARMUP_TESTS_ENGINES_CONTRACT_FAULTS_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_FAULTS_H_

#include "tests/engines/contract/runner.h"

namespace warmup::contract {

// A real warmupd on one server, which is killed or hung, whose worker is
// killed, whose model is unloaded or whose caller leaves, at a random moment of
// a load; WARMUP_FAULT_ROUNDS times, each from the seed it names. After each,
// whoever waited has an answer, and what the daemon has in its ledger is what
// is really there.
void RunFaults(const MakeSubject& make);

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_FAULTS_H_
