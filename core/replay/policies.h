#ifndef WARMUP_CORE_REPLAY_POLICIES_H_
#define WARMUP_CORE_REPLAY_POLICIES_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/replay/catalogue.h"
#include "core/replay/stream.h"
#include "core/shadow/machine.h"

namespace warmup::replay {

// What a policy is made of; all of it outlives the policy.
struct PolicyParts {
  shadow::Machine& machine;
  const Catalogue& catalogue;
  const Stream& future;  // for yardsticks only
};

struct PolicyType {
  std::string name;  // as results carry it: "ttl5"
  // A yardstick: no policy can do what it does.
  bool sees_future = false;
  std::function<std::unique_ptr<shadow::Policy>(const PolicyParts&)> make;
};

// A policy by its name; "ttl:SECONDS" and "ttlMINUTES" are one, and so is
// "warmup:PRICE", of foresight::ParseMemoryPrice.
// INVALID_ARGUMENT naming them all for any other name.
absl::StatusOr<PolicyType> FindPolicy(std::string_view name);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_POLICIES_H_
