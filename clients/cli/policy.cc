#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::ModelService::Stub;
// What the flags of `set` do to the policy, in their order.
using Edits = std::vector<std::function<void(v1::SwitchingPolicy*)>>;

std::string PolicyText(const v1::SwitchingPolicy& policy, const Style& style) {
  Fields fields;
  fields.Add("max concurrent models",
             policy.max_concurrent_models() == 0
                 ? "as many as fit"
                 : absl::StrCat(policy.max_concurrent_models()));
  fields.Add("max concurrent loads",
             absl::StrCat(policy.max_concurrent_loads()));
  fields.Add("switching timeout",
             HumanDuration(absl::Milliseconds(policy.switching_timeout_ms())));
  fields.Add("resource aware switching",
             policy.resource_aware_switching()
                 ? "on"
                 : "off: memory does not count, only the number of models");
  fields.Add("predictive preloading",
             policy.predictive_preloading()
                 ? "on"
                 : "off: loads on demand only, evicts the least recently used");
  fields.Add("memory price", absl::StrCat(policy.memory_price(),
                                          " s of waiting for a GiB-hour"));
  return fields.Render(style);
}

void Get(Cli& cli) {
  const auto response =
      cli.Call(&Stub::GetSwitchingPolicy, v1::GetSwitchingPolicyRequest());
  if (!response) return;
  cli.Print(*response, PolicyText(response->policy(), cli.out()));
}

void Set(Cli& cli, const Edits& edits) {
  const auto present =
      cli.Call(&Stub::GetSwitchingPolicy, v1::GetSwitchingPolicyRequest());
  if (!present) return;
  v1::SetSwitchingPolicyRequest request;
  *request.mutable_policy() = present->policy();
  for (const auto& edit : edits) edit(request.mutable_policy());
  const auto response = cli.Call(&Stub::SetSwitchingPolicy, request);
  if (!response) return;
  cli.Print(*response, PolicyText(response->policy(), cli.out()));
}

void AddSet(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "set", "Change the rules",
      "Changes what is given and nothing else. The rules hold at once, and "
      "over restarts.",
      "warmupctl policy set --predictive-preloading off\n"
      "warmupctl policy set --max-concurrent-models 3 --switching-timeout 2m");
  auto& edits = cli.Keep<Edits>();
  AddNumber<int32_t>(
      command, "--max-concurrent-models",
      [&edits](int32_t count) {
        edits.push_back([count](v1::SwitchingPolicy* policy) {
          policy->set_max_concurrent_models(count);
        });
      },
      "Models ready or loading at once; 0: as many as fit");
  AddNumber<int32_t>(
      command, "--max-concurrent-loads",
      [&edits](int32_t count) {
        edits.push_back([count](v1::SwitchingPolicy* policy) {
          policy->set_max_concurrent_loads(count);
        });
      },
      "Loads at once, 1 to 64")
      ->check(CLI::Range(1, 64));
  AddMilliseconds(
      command, "--switching-timeout",
      [&edits](uint32_t ms) {
        edits.push_back([ms](v1::SwitchingPolicy* policy) {
          policy->set_switching_timeout_ms(ms);
        });
      },
      "How long one load may take, 100ms to 1h");
  AddSwitch(
      command, "--resource-aware-switching",
      [&edits](bool is_on) {
        edits.push_back([is_on](v1::SwitchingPolicy* policy) {
          policy->set_resource_aware_switching(is_on);
        });
      },
      "Whether memory counts, or only the number of models");
  AddSwitch(
      command, "--predictive-preloading",
      [&edits](bool is_on) {
        edits.push_back([is_on](v1::SwitchingPolicy* policy) {
          policy->set_predictive_preloading(is_on);
        });
      },
      "Whether models are loaded on a forecast");
  const auto set_price = [&edits](const std::string& price) {
    edits.push_back([price](v1::SwitchingPolicy* policy) {
      policy->set_memory_price(price);
    });
  };
  command
      ->add_option_function<std::string>(
          "--memory-price", set_price,
          "How dear held memory is: eager, balanced, frugal, or the seconds of "
          "waiting that a GiB-hour is worth")
      ->type_name("PRICE");
  command->callback([&cli, &edits] {
    if (edits.empty()) {
      throw CLI::RequiredError("policy set: one of its options");
    }
    Set(cli, edits);
  });
}

}  // namespace

void AddPolicy(CLI::App* app, Cli& cli) {
  CLI::App* group =
      AddCommand(app, "policy", "The rules of switching between models", "",
                 "warmupctl policy get\n"
                 "warmupctl policy set --max-concurrent-loads 2");
  group->require_subcommand(1);
  CLI::App* get = AddCommand(group, "get", "The rules that hold now", "",
                             "warmupctl policy get -o json");
  get->callback([&cli] { Get(cli); });
  AddSet(group, cli);
}

}  // namespace warmup::cli
