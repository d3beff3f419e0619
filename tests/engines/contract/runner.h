#ifndef WARMUP_TESTS_ENGINES_CONTRACT_RUNNER_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_RUNNER_H_

#include <functional>
#include <memory>
#include <vector>

#include "tests/engines/contract/scenarios.h"
#include "tests/engines/contract/subject.h"

namespace warmup::contract {

using MakeSubject = std::function<std::unique_ptr<Subject>()>;

// Runs all scenarios, and `own` of this engine alone, each as a section of the
// TEST_CASE that calls this and on a subject of its own. Those that the subject
// cannot have are left out, and printed in the last section:
//   SKIPPED(contract): <subject>: <scenario>: <why>
void Run(const MakeSubject& make, const std::vector<Scenario>& own = {});

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_RUNNER_H_
