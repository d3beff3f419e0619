#include "clients/cli/completion_tree.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/help.h"

namespace warmup::cli {
namespace {

std::string OffersOf(const std::string& type) {
  if (type == "MODEL" || type == "ROLE=MODEL" || type == "FILE") return type;
  if (type == "ADDRESS") return "FILE";  // most are sockets
  if (type.find('|') == std::string::npos) return "";
  return absl::StrReplaceAll(type, {{"|", " "}});
}

OptionNode NodeOf(const CLI::Option& option) {
  OptionNode node;
  for (const std::string& name : option.get_snames()) {
    node.flags.push_back(absl::StrCat("-", name));
  }
  for (const std::string& name : option.get_lnames()) {
    node.flags.push_back(absl::StrCat("--", name));
  }
  node.has_value = option.get_expected_max() > 0;
  if (node.has_value) node.offers = OffersOf(option.get_type_name());
  const std::string& text = option.get_description();
  node.description = text.substr(0, text.find_first_of(";(:"));
  while (node.description.ends_with(" ")) node.description.pop_back();
  return node;
}

void Collect(const CLI::App& app, const std::string& path,
             const std::string& parent, std::vector<CommandNode>* nodes) {
  CommandNode node{path, parent, app.get_name(), SummaryOf(app), {}, {}};
  for (const CLI::Option* option : app.get_options([](const CLI::Option* each) {
         return !each->get_group().empty();
       })) {
    node.options.push_back(NodeOf(*option));
  }
  const std::vector<const CLI::App*> children = app.get_subcommands(
      [](const CLI::App* each) { return !each->get_group().empty(); });
  for (const CLI::App* child : children) {
    node.children.push_back(child->get_name());
  }
  nodes->push_back(std::move(node));
  for (const CLI::App* child : children) {
    Collect(*child,
            path.empty() ? child->get_name()
                         : absl::StrCat(path, " ", child->get_name()),
            path, nodes);
  }
}

}  // namespace

std::vector<CommandNode> CommandTree(const CLI::App& app) {
  std::vector<CommandNode> nodes;
  Collect(app, "", "", &nodes);
  return nodes;
}

std::string ShellQuoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace warmup::cli
