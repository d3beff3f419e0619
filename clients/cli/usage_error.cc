#include "clients/cli/usage_error.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace warmup::cli {
namespace {

// Letters to insert, delete or replace to make `to` of `from`.
size_t EditDistance(const std::string& from, const std::string& to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[to.size()];
}

const CLI::App& Chosen(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// ": did you mean 'models'?", or all there are if none is near.
std::string Suggestion(const std::string& word,
                       const std::vector<std::string>& names) {
  const auto nearest =
      std::min_element(names.begin(), names.end(),
                       [&word](const std::string& a, const std::string& b) {
                         return EditDistance(word, a) < EditDistance(word, b);
                       });
  if (EditDistance(word, *nearest) <= 2) {
    return absl::StrCat("; did you mean '", *nearest, "'?");
  }
  return absl::StrCat(": there is ", absl::StrJoin(names, ", "));
}

}  // namespace

std::string ChosenCommand(const CLI::App& app) {
  std::string words = app.get_name();
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    absl::StrAppend(&words, " ", at->get_name());
  }
  return words;
}

std::string DescribeUsageError(const CLI::App& app,
                               const CLI::ParseError& error) {
  const std::vector<std::string> names = CommandsOf(Chosen(app));
  const std::vector<std::string> rest = app.remaining(true);
  if (!rest.empty() && rest.front().starts_with("-")) {
    return absl::StrCat("there is no option ", rest.front());
  }
  std::string text = error.what();
  if (error.get_name() == "ArgumentMismatch") {
    return absl::StrCat(text.substr(0, text.find(':')), " needs a value");
  }
  if (names.empty()) return text;
  if (!rest.empty()) {
    return absl::StrCat("there is no command '", ChosenCommand(app), " ",
                        rest.front(), "'", Suggestion(rest.front(), names));
  }
  // Where commands may be left out, something else is missing.
  const bool needs_command = Chosen(app).get_require_subcommand_min() > 0;
  if (error.get_name() != "RequiredError" || !needs_command) return text;
  return absl::StrCat("'", ChosenCommand(app),
                      "' needs a command: ", absl::StrJoin(names, ", "));
}

}  // namespace warmup::cli
