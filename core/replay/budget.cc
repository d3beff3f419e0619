#include "core/replay/budget.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace warmup::replay {
namespace {

constexpr int64_t kMillion = 1'000'000;
constexpr double kMostMib = 1e9;

absl::Status Bad(const std::string& text, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' ", std::string(what)));
}

}  // namespace

absl::StatusOr<Budget> ParseBudget(std::string_view text) {
  Budget budget;
  budget.text = text;
  double number = 0;
  // Of SimpleAtod's numbers only those of digits and a point.
  const bool is_number =
      text.size() > 1 &&
      text.find_first_not_of("0123456789.", 1) == std::string_view::npos &&
      absl::SimpleAtod(budget.text.substr(1), &number);
  const char unit = text.empty() ? ' ' : text.front();
  if (!is_number || (unit != 'f' && unit != 'm' && unit != 'b')) {
    return Bad(budget.text,
               "is no budget: f0.15 is a part of the footprint, m3 times the "
               "median item, b8000 MiB");
  }
  budget.unit = unit == 'f'   ? Budget::Unit::kFootprint
                : unit == 'm' ? Budget::Unit::kMedian
                              : Budget::Unit::kMib;
  const bool is_mib = budget.unit == Budget::Unit::kMib;
  if (is_mib && number != std::floor(number)) {
    return Bad(budget.text, "is no whole number of MiB");
  }
  if (number > (is_mib ? kMostMib : 1e6)) {
    return Bad(budget.text, "is more than any machine has");
  }
  budget.millionths = std::llround(number * 1e6);
  if (budget.millionths == 0) return Bad(budget.text, "is no memory at all");
  return budget;
}

int64_t MibOf(const Budget& budget, const Catalogue& catalogue) {
  const int64_t unit =
      budget.unit == Budget::Unit::kFootprint ? catalogue.footprint_mib
      : budget.unit == Budget::Unit::kMedian  ? catalogue.median_mib
                                              : 1;
  // In two parts, for the product would be beyond 64 bits.
  return budget.millionths / kMillion * unit +
         budget.millionths % kMillion * unit / kMillion;
}

}  // namespace warmup::replay
