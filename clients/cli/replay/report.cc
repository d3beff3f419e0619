#include "clients/cli/replay/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/format.h"

namespace warmup::cli {
namespace {

constexpr double kMicros = 1e6;  // in a second
constexpr double kMib = 1024;    // in a GiB
constexpr double kMicrosPerHour = 3'600e6;

const shadow::Tally& TallyOf(const ReplayRow& row) { return row.result.tally; }

double Seconds(shadow::Micros micros) {
  return static_cast<double>(micros) / kMicros;
}

// Of nothing it is nothing.
double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

double PerRequest(const ReplayRow& row, double sum) {
  return Ratio(sum, static_cast<double>(TallyOf(row).requests));
}

struct Column {
  const char* name;
  int decimals;
  double (*value)(const ReplayRow&);
};

// After trace, view and budget, and with policy after the second.
constexpr Column kColumns[] = {
    {"B_mib", 0,
     [](const ReplayRow& row) { return static_cast<double>(row.budget_mib); }},
    {"seed", 0,
     [](const ReplayRow& row) { return static_cast<double>(row.seed); }},
    {"req", 0,
     [](const ReplayRow& row) {
       return static_cast<double>(TallyOf(row).requests);
     }},
    {"unserv", 0,
     [](const ReplayRow& row) {
       return static_cast<double>(TallyOf(row).unserved);
     }},
    {"cold%", 2,
     [](const ReplayRow& row) {
       return PerRequest(row, 100.0 * static_cast<double>(TallyOf(row).cold));
     }},
    {"late%", 2,
     [](const ReplayRow& row) {
       return PerRequest(row, 100.0 * static_cast<double>(TallyOf(row).late));
     }},
    {"stall_s", 0, [](const ReplayRow& row) { return row.stall_s(); }},
    {"blocked_s", 0,
     [](const ReplayRow& row) { return Seconds(TallyOf(row).blocked); }},
    {"mean_stall", 3,
     [](const ReplayRow& row) { return PerRequest(row, row.stall_s()); }},
    {"p95", 2,
     [](const ReplayRow& row) { return Seconds(row.result.stall_p95); }},
    {"p99", 2,
     [](const ReplayRow& row) { return Seconds(row.result.stall_p99); }},
    {"loaded_gib", 0,
     [](const ReplayRow& row) { return TallyOf(row).loaded / kMib; }},
    {"spec_gib", 0,
     [](const ReplayRow& row) { return TallyOf(row).guessed / kMib; }},
    {"wasted_gib", 0,
     [](const ReplayRow& row) { return TallyOf(row).wasted / kMib; }},
    {"loads_per_req", 3,
     [](const ReplayRow& row) {
       return PerRequest(row, static_cast<double>(TallyOf(row).loads));
     }},
    {"cancels", 0,
     [](const ReplayRow& row) {
       return static_cast<double>(TallyOf(row).cancels);
     }},
    {"idle_gibh", 0,
     [](const ReplayRow& row) {
       return TallyOf(row).idle / kMib / kMicrosPerHour;
     }},
    {"occ_gib", 2, [](const ReplayRow& row) { return row.held_gib(); }},
    {"us_per_call", 1, [](const ReplayRow& row) { return row.us_per_call; }},
};
constexpr size_t kPolicyPlace = 2;

// A name may be a file's, with anything in it.
std::string CsvText(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string Seconds(double seconds) {
  return absl::StrFormat("%.0f s", seconds);
}
std::string Gib(double mib) { return absl::StrFormat("%.0f GiB", mib / kMib); }

std::string Caption(const ReplayRow& row) {
  return absl::StrCat(
      Printable(row.trace),
      row.is_per_user ? ", a machine for each user: " : ", one machine: ",
      Plural(static_cast<double>(TallyOf(row).requests + TallyOf(row).unserved),
             "request"),
      "\n");
}

std::vector<std::string> Cells(const ReplayRow& row) {
  const shadow::Tally& tally = TallyOf(row);
  const auto percent = [](int64_t part, int64_t whole) {
    return absl::StrFormat("%.2f %%", 100 * Ratio(static_cast<double>(part),
                                                  static_cast<double>(whole)));
  };
  return {row.budget,
          Gib(static_cast<double>(row.budget_mib)),
          absl::StrCat(row.seed),
          absl::StrCat(row.policy, row.sees_future ? " *" : ""),
          percent(tally.cold, tally.requests),
          percent(tally.late, tally.requests),
          Seconds(row.stall_s()),
          Seconds(Seconds(tally.blocked)),
          Gib(tally.loaded),
          Gib(tally.wasted),
          absl::StrFormat("%.2f GiB", row.held_gib()),
          percent(tally.unserved, tally.requests + tally.unserved)};
}

}  // namespace

double ReplayRow::stall_s() const { return Seconds(result.tally.stall); }

double ReplayRow::held_gib() const {
  return Ratio(result.tally.occupied, static_cast<double>(result.span)) / kMib;
}

std::string ReplayCsv(const std::vector<ReplayRow>& rows) {
  std::string text = "trace,view,budget";
  for (size_t i = 0; i < std::size(kColumns); ++i) {
    absl::StrAppend(&text, i == kPolicyPlace ? ",policy," : ",",
                    kColumns[i].name);
  }
  text += "\n";
  for (const ReplayRow& row : rows) {
    absl::StrAppend(&text, CsvText(row.trace), ",", row.view(), ",",
                    row.budget);
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      if (i == kPolicyPlace) absl::StrAppend(&text, ",", row.policy);
      absl::StrAppend(&text, absl::StrFormat(",%.*f", kColumns[i].decimals,
                                             kColumns[i].value(row)));
    }
    text += "\n";
  }
  return text;
}

std::string ReplayJson(const std::vector<ReplayRow>& rows) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const ReplayRow& row : rows) {
    nlohmann::ordered_json object;
    object["trace"] = row.trace;
    object["view"] = row.view();
    object["budget"] = row.budget;
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      if (i == kPolicyPlace) {
        object["policy"] = row.policy;
        object["sees_future"] = row.sees_future;
      }
      const double value = kColumns[i].value(row);
      nlohmann::ordered_json& field =
          object[absl::StrReplaceAll(kColumns[i].name, {{"%", "_percent"}})];
      if (value == std::trunc(value)) {
        field = static_cast<int64_t>(value);  // 3, not 3.0
      } else {
        field = value;
      }
    }
    array.push_back(std::move(object));
  }
  const nlohmann::ordered_json all = {{"rows", std::move(array)}};
  // A name that is no UTF-8 is no reason to fail.
  return all.dump(2, ' ', false,
                  nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

std::string ReplayTable(const std::vector<ReplayRow>& rows,
                        const Style& style) {
  Table table({{"BUDGET"},
               {"MEMORY", Align::kRight},
               {"SEED", Align::kRight},
               {"POLICY"},
               {"COLD", Align::kRight},
               {"LATE", Align::kRight},
               {"STALL", Align::kRight},
               {"BLOCKED", Align::kRight},
               {"LOADED", Align::kRight},
               {"WASTED", Align::kRight},
               {"HELD", Align::kRight},
               {"UNSERVED", Align::kRight}});
  for (const ReplayRow& row : rows) table.Add(Cells(row));
  const bool has_yardstick =
      std::any_of(rows.begin(), rows.end(),
                  [](const ReplayRow& row) { return row.sees_future; });
  return absl::StrCat(
      Caption(rows.front()), "\n", table.Render(style),
      has_yardstick ? "\n* sees the future: a yardstick, not a policy\n" : "");
}

}  // namespace warmup::cli
