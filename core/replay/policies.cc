#include "core/replay/policies.h"

#include <array>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/foresight/memory_price.h"
#include "core/foresight/warmup_policy.h"
#include "core/replay/belady.h"
#include "core/replay/clairvoyant.h"
#include "core/replay/future.h"
#include "core/replay/hybrid.h"
#include "core/replay/lfu.h"
#include "core/replay/markov.h"
#include "core/replay/recent_popularity.h"
#include "core/shadow/gdsf.h"
#include "core/shadow/lru.h"
#include "core/shadow/ttl.h"

namespace warmup::replay {
namespace {

using Made = std::unique_ptr<shadow::Policy>;

template <typename Policy>
Made Make(const PolicyParts& parts) {
  return std::make_unique<Policy>(parts.machine);
}

Made MakeBelady(const PolicyParts& parts) {
  return std::make_unique<Belady>(parts.machine,
                                  Future(parts.future, parts.catalogue));
}

Made MakeClairvoyant(const PolicyParts& parts) {
  return std::make_unique<Clairvoyant>(parts.machine,
                                       Future(parts.future, parts.catalogue),
                                       parts.catalogue.costs.size());
}

constexpr std::string_view kPriced = "warmup:";
constexpr double kMibSecondsInGibHour = 1024.0 * 3600;

Made MakeWarmup(const PolicyParts& parts, double price) {
  return std::make_unique<foresight::WarmupPolicy>(
      parts.machine, parts.catalogue.costs, price);
}
Made MakeEagerWarmup(const PolicyParts& parts) { return MakeWarmup(parts, 0); }

struct Entry {
  const char* name;
  bool sees_future;
  Made (*make)(const PolicyParts&);
};

// Every policy there is, but for those that have a number.
constexpr std::array<Entry, 9> kPolicies = {{
    {"warmup", false, &MakeEagerWarmup},
    {"lru", false, &Make<shadow::Lru>},
    {"gdsf", false, &Make<shadow::Gdsf>},
    {"lfu", false, &Make<Lfu>},
    {"hybrid", false, &Make<Hybrid>},
    {"markov", false, &Make<Markov>},
    {"recpop", false, &Make<RecentPopularity>},
    {"belady", true, &MakeBelady},
    {"clairvoyant", true, &MakeClairvoyant},
}};

// The seconds of "ttl:300" or of "ttl5", its name in results; not above 0:
// neither.
double TtlSeconds(std::string_view name) {
  double number = 0;
  if (!name.starts_with("ttl")) return 0;
  name.remove_prefix(3);
  const bool is_in_seconds = name.starts_with(":");
  if (is_in_seconds) name.remove_prefix(1);
  if (name.find_first_not_of("0123456789.") != std::string_view::npos ||
      !absl::SimpleAtod(std::string(name), &number)) {
    return 0;
  }
  return is_in_seconds ? number : number * 60;
}

}  // namespace

absl::StatusOr<PolicyType> FindPolicy(std::string_view name) {
  for (const Entry& entry : kPolicies) {
    if (name == entry.name) {
      return PolicyType{entry.name, entry.sees_future, entry.make};
    }
  }
  if (name.starts_with(kPriced)) {
    WARMUP_ASSIGN_OR_RETURN(
        const double price,
        foresight::ParseMemoryPrice(name.substr(kPriced.size())));
    return PolicyType{std::string(name), false,
                      [price](const PolicyParts& parts) {
                        return MakeWarmup(parts, price / kMibSecondsInGibHour);
                      }};
  }
  const double seconds = TtlSeconds(name);
  if (seconds > 0 && seconds < 1e9) {  // 31 years
    const auto ttl = static_cast<shadow::Micros>(std::llround(seconds * 1e6));
    return PolicyType{absl::StrCat("ttl", seconds / 60), false,
                      [ttl](const PolicyParts& parts) -> Made {
                        return std::make_unique<shadow::Ttl>(parts.machine,
                                                             ttl);
                      }};
  }
  std::string known = "ttl:SECONDS, warmup:PRICE";
  for (const Entry& entry : kPolicies) {
    absl::StrAppend(&known, ", ", entry.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(name), "' is none of ", known));
}

}  // namespace warmup::replay
