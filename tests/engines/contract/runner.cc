#include "tests/engines/contract/runner.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"

namespace warmup::contract {
namespace {

std::vector<Scenario> AllScenarios(const std::vector<Scenario>& own) {
  std::vector<Scenario> all;
  for (const auto& some :
       {LoadScenarios(), CancelScenarios(), OtherUserScenarios(),
        StreamScenarios(), OutageScenarios(), FaultScenarios(),
        DaemonScenarios(), own}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// Why the scenario cannot be had of the subject; empty: it can.
std::string WhyNot(const Subject& subject, const Scenario& scenario) {
  for (const Ability ability : scenario.needs) {
    if (const std::string* why = subject.WhyNot(ability)) return *why;
  }
  return {};
}

void PrintLeftOut(const Subject& subject,
                  const std::vector<Scenario>& scenarios) {
  std::string text;
  size_t left_out = 0;
  for (const Scenario& scenario : scenarios) {
    const std::string why = WhyNot(subject, scenario);
    if (why.empty()) continue;
    ++left_out;
    absl::StrAppend(&text, "SKIPPED(contract): ", subject.description().name,
                    ": ", scenario.name, ": ", why, "\n");
  }
  absl::StrAppend(&text, "contract: ", subject.description().name, ": ",
                  scenarios.size() - left_out, " scenarios run, ", left_out,
                  " left out\n");
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void Run(const MakeSubject& make, const std::vector<Scenario>& own) {
  const std::vector<Scenario> scenarios = AllScenarios(own);
  for (const Scenario& scenario : scenarios) {
    DYNAMIC_SECTION(scenario.name) {
      const std::unique_ptr<Subject> subject = make();
      if (WhyNot(*subject, scenario).empty()) scenario.run(*subject);
    }
  }
  SECTION("what is left out is told") { PrintLeftOut(*make(), scenarios); }
}

}  // namespace warmup::contract
