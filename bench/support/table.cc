#include "bench/support/table.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace warmup::bench {
namespace {

// Three digits that count: "0.43", "29.1", "84300" -> "84,300".
std::string Digits(double value) {
  if (value != 0 && std::abs(value) < 1) return absl::StrFormat("%.2f", value);
  if (std::abs(value) < 100) return absl::StrFormat("%.1f", value);
  std::string digits = absl::StrFormat("%.0f", value);
  for (size_t place = digits.size(); place > 3 + (digits[0] == '-');) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

bool IsMet(const Row& row) {
  const double ratio = row.bare.has_value() ? row.ours / *row.bare : 0;
  switch (row.aim.kind) {
    case Aim::Kind::kRatioAtMost:
      return ratio <= row.aim.value;
    case Aim::Kind::kRatioAtLeast:
      return ratio >= row.aim.value;
    case Aim::Kind::kBelow:
      return row.ours < row.aim.value;
    case Aim::Kind::kDifferenceBelow:
      return row.ours - row.bare.value_or(0) < row.aim.value;
    case Aim::Kind::kNone:
      break;
  }
  return true;
}

std::string Describe(const Row& row) {
  switch (row.aim.kind) {
    case Aim::Kind::kRatioAtMost:
      return absl::StrFormat("ratio <= %.2f", row.aim.value);
    case Aim::Kind::kRatioAtLeast:
      return absl::StrFormat("ratio >= %.2f", row.aim.value);
    case Aim::Kind::kBelow:
      return absl::StrCat("< ", row.aim.value, " ", row.unit);
    case Aim::Kind::kDifferenceBelow:
      return absl::StrFormat("%+.1f < %.0f %s", row.ours - row.bare.value_or(0),
                             row.aim.value, row.unit);
    case Aim::Kind::kNone:
      break;
  }
  return "-";
}

}  // namespace

void Print(const Row& row) {
  const auto cell = [&](double value) {
    return absl::StrCat(Digits(value), " ", row.unit);
  };
  const bool has_aim = row.aim.kind != Aim::Kind::kNone;
  absl::PrintF("%s\t%s\t%s\t%s\t%s\t%s\n", row.what, cell(row.ours),
               row.bare.has_value() ? cell(*row.bare) : "-",
               row.bare.has_value()
                   ? absl::StrFormat("%.2f", row.ours / *row.bare)
                   : "-",
               Describe(row),
               !has_aim     ? "-"
               : IsMet(row) ? "yes"
                            : "no");
  std::fflush(stdout);
}

void Say(std::string_view text) { absl::FPrintF(stderr, "    %s\n", text); }

void Fail(std::string_view reason) {
  absl::FPrintF(stderr, "error: %s\n", reason);
  std::exit(1);
}

}  // namespace warmup::bench
