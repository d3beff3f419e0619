#include "clients/cli/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/cli/format.h"

namespace warmup::cli {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

constexpr int kMaxNameWidth = 34;
// A longer list of words is told in the text, not in the column.
constexpr size_t kMaxTypeSize = 12;

// Words in lines of at most `width` cells, all but the first line indented.
// Lines that begin with white space are left as they are.
std::string Wrap(const std::string& text, int indent, int width) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  std::vector<std::string> lines;
  for (const std::string& paragraph :
       std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (paragraph.starts_with(" ")) {
      lines.push_back(paragraph);
      continue;
    }
    std::string line;
    for (const std::string& word :
         std::vector<std::string>(absl::StrSplit(paragraph, ' '))) {
      if (!line.empty() &&
          DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
        lines.push_back(std::exchange(line, ""));
      }
      absl::StrAppend(&line, line.empty() ? "" : " ", word);
    }
    lines.push_back(line);
  }
  return absl::StrJoin(lines, "\n" + margin);
}

// "-o, --output table|json"
std::string NameOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  std::string text =
      names.empty() ? option.get_name(true) : absl::StrJoin(names, ", ");
  const bool has_value = option.get_expected_max() > 0;
  if (!names.empty() && has_value) {
    const std::string type = option.get_type_name();
    absl::StrAppend(&text, " ", type.size() > kMaxTypeSize ? "WORD" : type);
  }
  return text;
}

std::string TextOf(const CLI::Option& option) {
  std::string text = option.get_description();
  const std::string type = option.get_type_name();
  if (option.get_expected_max() > 0 && type.size() > kMaxTypeSize &&
      type.find('|') != std::string::npos) {
    absl::StrAppend(
        &text, ": ",
        absl::StrJoin(std::vector<std::string>(absl::StrSplit(type, '|')),
                      ", "));
  }
  return text;
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App& app,
                                          bool is_positional) {
  return app.get_options([is_positional](const CLI::Option* option) {
    return !option->get_group().empty() &&
           option->get_positional() == is_positional;
  });
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands(
      [](const CLI::App* command) { return !command->get_group().empty(); });
}

// "EXIT CODES"
bool IsHeading(const std::string& line) {
  return !line.empty() &&
         line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ ") ==
             std::string::npos;
}

int WidthOf(const Entries& entries) {
  int width = 0;
  for (const auto& [name, text] : entries) {
    width = std::max(width, DisplayWidth(name));
  }
  return std::min(width, kMaxNameWidth);
}

}  // namespace

std::string SummaryOf(const CLI::App& app) {
  const std::string text = app.get_description();
  return text.substr(0, text.find("\n\n"));
}

std::string HelpFormatter::Heading(const std::string& text) const {
  return absl::StrCat("\n", style_.Bold(text), "\n");
}

std::string HelpFormatter::Entry(const std::string& name,
                                 const std::string& text,
                                 int name_width) const {
  const int indent = name_width + 4;
  const std::string wrapped =
      Wrap(text, indent, std::max(20, columns_ - indent));
  if (DisplayWidth(name) > name_width) {
    return absl::StrCat("  ", style_.Cyan(name), "\n",
                        std::string(static_cast<size_t>(indent), ' '), wrapped,
                        "\n");
  }
  return absl::StrCat("  ", Fit(style_.Cyan(name), name_width), "  ", wrapped,
                      "\n");
}

std::string HelpFormatter::Usage(const CLI::App& app,
                                 const std::string& name) const {
  std::string text = absl::StrCat(Heading("USAGE"), "  ", name);
  for (const CLI::Option* option : OptionsOf(app, true)) {
    std::string word = option->get_name(true);
    if (option->get_expected_max() > 1) word += "...";
    absl::StrAppend(
        &text, " ",
        option->get_required() ? word : absl::StrCat("[", word, "]"));
  }
  const bool may_stand_alone = app.get_require_subcommand_min() == 0;
  if (!CommandsOf(app).empty()) {
    absl::StrAppend(&text, may_stand_alone ? " [COMMAND]" : " COMMAND");
  }
  return absl::StrCat(text, " [OPTIONS]\n");
}

std::string HelpFormatter::Commands(const CLI::App& app) const {
  std::vector<std::string> groups;
  Entries all;
  for (const CLI::App* command : CommandsOf(app)) {
    const std::string group = command->get_group();
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
      groups.push_back(group);
    }
    all.emplace_back(command->get_name(), "");
  }
  std::string text;
  for (const std::string& group : groups) {
    absl::StrAppend(&text,
                    Heading(group == "Subcommands" ? "COMMANDS" : group));
    for (const CLI::App* command : CommandsOf(app)) {
      if (command->get_group() != group) continue;
      absl::StrAppend(
          &text, Entry(command->get_name(), SummaryOf(*command), WidthOf(all)));
    }
  }
  return text;
}

std::string HelpFormatter::Options(const CLI::App& app) const {
  std::string text;
  for (const bool is_positional : {true, false}) {
    Entries entries;
    for (const CLI::Option* option : OptionsOf(app, is_positional)) {
      entries.emplace_back(NameOf(*option), TextOf(*option));
    }
    if (entries.empty()) continue;
    absl::StrAppend(&text, Heading(is_positional ? "ARGUMENTS" : "OPTIONS"));
    for (const auto& [name, help] : entries) {
      absl::StrAppend(&text, Entry(name, help, WidthOf(entries)));
    }
  }
  if (app.get_parent() != nullptr) {
    absl::StrAppend(&text,
                    "\n  --target, --timeout, -o and --no-color as in "
                    "`warmupctl --help`\n");
  }
  return text;
}

std::string HelpFormatter::Examples(const CLI::App& app) const {
  const std::string examples = app.get_footer();
  if (examples.empty()) return "";
  std::string text = Heading("EXAMPLES");
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(examples, '\n'))) {
    if (IsHeading(line)) {
      absl::StrAppend(&text, Heading(line));
    } else {
      absl::StrAppend(&text, "  ",
                      line.starts_with("#") ? style_.Dim(line) : line, "\n");
    }
  }
  return text;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode /*mode*/) const {
  const std::string summary = SummaryOf(*app);
  const std::string all = app->get_description();
  std::string details;
  if (all.size() > summary.size()) details = all.substr(summary.size() + 2);
  std::string text =
      absl::StrCat(style_.Bold(name), ": ",
                   Wrap(summary, 0, columns_ - DisplayWidth(name) - 2), "\n",
                   Usage(*app, name));
  if (!details.empty()) {
    absl::StrAppend(&text, Heading("DESCRIPTION"), "  ",
                    Wrap(details, 2, columns_ - 2), "\n");
  }
  absl::StrAppend(&text, Commands(*app), Options(*app), Examples(*app));
  return text;
}

}  // namespace warmup::cli
