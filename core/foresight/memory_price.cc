#include "core/foresight/memory_price.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/limits.h"

namespace warmup::foresight {
namespace {

// By where they lie between waiting and memory held on recorded use: see
// docs/foresight.md.
constexpr double kBalanced = 0.003;
constexpr double kFrugal = 0.1;

}  // namespace

absl::StatusOr<double> ParseMemoryPrice(std::string_view text) {
  if (text == "eager") return 0.0;
  if (text == "balanced") return kBalanced;
  if (text == "frugal") return kFrugal;
  double price = 0;
  if (absl::SimpleAtod(std::string(text), &price) && price >= 0 &&
      price <= limits::kMaxMemoryPrice) {
    return price;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", std::string(text),
      "' is none of eager, balanced, frugal and a "
      "number from 0 to ",
      limits::kMaxMemoryPrice, ", seconds of waiting for a GiB-hour"));
}

}  // namespace warmup::foresight
