#include "clients/cli/completion.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace warmup::cli {
namespace {

// What the three scripts need to know of one command, without CLI11.
struct OptionNode {
  std::vector<std::string> flags;  // "-o", "--output"; empty: a positional
  std::string hint;                // the type name; empty for a plain flag
  std::string description;
};
struct CommandNode {
  std::string path;  // "models register"; "" for the program itself
  std::string name;
  std::string description;
  std::vector<OptionNode> options;
  std::vector<std::string> children;  // their names
};

std::string FirstSentence(const std::string& text) {
  const size_t end = text.find_first_of(".\n;");
  return text.substr(0, end);
}

void Collect(const CLI::App& app, const std::string& path,
             std::vector<CommandNode>* nodes) {
  CommandNode node{
      path, app.get_name(), FirstSentence(app.get_description()), {}, {}};
  for (const CLI::Option* option :
       app.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_group().empty()) continue;
    OptionNode found;
    for (const std::string& name : option->get_snames()) {
      found.flags.push_back(absl::StrCat("-", name));
    }
    for (const std::string& name : option->get_lnames()) {
      found.flags.push_back(absl::StrCat("--", name));
    }
    if (option->get_expected_max() > 0) found.hint = option->get_type_name();
    found.description = FirstSentence(option->get_description());
    node.options.push_back(std::move(found));
  }
  std::vector<const CLI::App*> children;
  for (const CLI::App* child :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_group().empty()) continue;
    node.children.push_back(child->get_name());
    children.push_back(child);
  }
  nodes->push_back(std::move(node));
  for (const CLI::App* child : children) {
    Collect(*child,
            path.empty() ? child->get_name()
                         : absl::StrCat(path, " ", child->get_name()),
            nodes);
  }
}

std::string Quoted(std::string_view text) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(std::string(text), {{"'", "'\\''"}}), "'");
}

// "a|b" -> "a b"; MODEL, FILE and DIR stay; other hints offer nothing.
std::string Offers(const std::string& hint) {
  if (hint == "MODEL" || hint == "FILE" || hint == "DIR") return hint;
  if (hint.find('|') == std::string::npos) return "";
  return absl::StrReplaceAll(hint, {{"|", " "}});
}

// The tables that the bash and the zsh script share: words after a command,
// flags of a command, what follows a flag, what a positional is. The program
// itself has the key ".".
std::string ShellTables(const std::vector<CommandNode>& nodes) {
  std::string text;
  for (const char* table : {"commands", "flags", "values", "positionals"}) {
    absl::StrAppend(&text, "typeset -gA _warmupctl_", table, "\n");
  }
  for (const CommandNode& node : nodes) {
    const std::string key = node.path.empty() ? "." : node.path;
    std::vector<std::string> flags;
    std::string values;
    std::string positional;
    for (const OptionNode& option : node.options) {
      flags.insert(flags.end(), option.flags.begin(), option.flags.end());
      const std::string offers = Offers(option.hint);
      if (option.flags.empty() && positional.empty()) positional = offers;
      for (const std::string& flag : option.flags) {
        if (option.hint.empty()) continue;
        absl::StrAppend(&values, "_warmupctl_values[", Quoted(key + " " + flag),
                        "]=", Quoted(offers.empty() ? "-" : offers), "\n");
      }
    }
    absl::StrAppend(&text, "_warmupctl_commands[", Quoted(key),
                    "]=", Quoted(absl::StrJoin(node.children, " ")), "\n");
    absl::StrAppend(&text, "_warmupctl_flags[", Quoted(key),
                    "]=", Quoted(absl::StrJoin(flags, " ")), "\n", values);
    if (!positional.empty()) {
      absl::StrAppend(&text, "_warmupctl_positionals[", Quoted(key),
                      "]=", Quoted(positional), "\n");
    }
  }
  return text;
}

constexpr char kBashFunction[] = R"(
_warmupctl() {
  local cur prev key word offers i
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local words cword
    _get_comp_words_by_ref -n := cur prev words cword
  else
    cur=${COMP_WORDS[COMP_CWORD]}
    prev=${COMP_WORDS[COMP_CWORD-1]}
    local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  key=.
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    if [[ " ${_warmupctl_commands[$key]} " == *" $word "* ]]; then
      if [[ $key == . ]]; then key=$word; else key="$key $word"; fi
    fi
  done
  offers=
  [[ $prev == -* ]] && offers=${_warmupctl_values["$key $prev"]}
  [[ $prev == -* && -z $offers ]] && offers=${_warmupctl_values[". $prev"]}
  if [[ -z $offers ]]; then
    if [[ $cur == -* ]]; then
      offers="${_warmupctl_flags[$key]} ${_warmupctl_flags[.]}"
    else
      offers=${_warmupctl_commands[$key]:-${_warmupctl_positionals[$key]}}
    fi
  fi
  case $offers in
    MODEL) offers=$(warmupctl models list --ids 2>/dev/null) ;;
    FILE) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    DIR) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    -) return ;;
  esac
  COMPREPLY=($(compgen -W "$offers" -- "$cur"))
  declare -F __ltrim_colon_completions >/dev/null &&
    __ltrim_colon_completions "$cur"
}
complete -F _warmupctl warmupctl
)";

constexpr char kZshFunction[] = R"(
_warmupctl() {
  local key=. word offers prev=${words[CURRENT-1]} cur=${words[CURRENT]}
  for word in ${words[2,CURRENT-1]}; do
    if [[ " ${_warmupctl_commands[$key]} " == *" $word "* ]]; then
      if [[ $key == . ]]; then key=$word; else key="$key $word"; fi
    fi
  done
  [[ $prev == -* ]] && offers=${_warmupctl_values[$key $prev]}
  [[ $prev == -* && -z $offers ]] && offers=${_warmupctl_values[. $prev]}
  if [[ -z $offers ]]; then
    if [[ $cur == -* ]]; then
      offers="${_warmupctl_flags[$key]} ${_warmupctl_flags[.]}"
    else
      offers=${_warmupctl_commands[$key]:-${_warmupctl_positionals[$key]}}
    fi
  fi
  case $offers in
    MODEL) offers=$(warmupctl models list --ids 2>/dev/null) ;;
    FILE) _files; return ;;
    DIR) _files -/; return ;;
    -) return ;;
  esac
  compadd -- ${=offers}
}
if [[ $funcstack[1] == _warmupctl ]]; then
  _warmupctl "$@"
else
  compdef _warmupctl warmupctl
fi
)";

std::string BashScript(const std::vector<CommandNode>& nodes) {
  // `declare -gA`, not `typeset`: the same in bash, but said as bash says it.
  return absl::StrCat(
      "# bash completion for warmupctl\n",
      absl::StrReplaceAll(ShellTables(nodes), {{"typeset", "declare"}}),
      kBashFunction);
}

std::string ZshScript(const std::vector<CommandNode>& nodes) {
  // zsh takes the quotes inside a subscript literally: write the tables with
  // bare keys in a list instead.
  std::string tables = absl::StrReplaceAll(ShellTables(nodes),
                                           {{"['", "+=('"}, {"']='", "' '"}});
  std::string text = "#compdef warmupctl\n";
  for (size_t begin = 0; begin < tables.size();) {
    const size_t end = tables.find('\n', begin);
    const std::string line = tables.substr(begin, end - begin);
    const bool is_entry = line.find("+=('") != std::string::npos;
    absl::StrAppend(&text, line, is_entry ? ")\n" : "\n");
    begin = end + 1;
  }
  return absl::StrCat(text, kZshFunction);
}

constexpr char kFishFunction[] = R"(
function __warmupctl_at
  set -l words (commandline -opc)
  set -e words[1]
  set -l path
  for word in $words
    string match -q -- '-*' $word; or set -a path $word
  end
  set -l wanted (string split ' ' -- "$argv[1]")
  test "$argv[1]" = ''; and test (count $path) -eq 0; and return 0
  test "$argv[1]" = ''; and return 1
  test (count $path) -ge (count $wanted); or return 1
  for i in (seq (count $wanted))
    test "$path[$i]" = "$wanted[$i]"; or return 1
  end
end
function __warmupctl_models
  warmupctl models list --ids 2>/dev/null
end
complete -c warmupctl -f
)";

std::string FishOffers(const std::string& hint) {
  const std::string offers = Offers(hint);
  if (offers == "MODEL") return " -x -a '(__warmupctl_models)'";
  if (offers == "FILE") return " -r -F";
  if (offers == "DIR") return " -x -a '(__fish_complete_directories)'";
  if (offers.empty()) return hint.empty() ? "" : " -x";
  return absl::StrCat(" -x -a ", Quoted(offers));
}

std::string FishScript(const std::vector<CommandNode>& nodes) {
  std::string text =
      absl::StrCat("# fish completion for warmupctl", kFishFunction);
  for (const CommandNode& node : nodes) {
    if (!node.path.empty()) {
      const size_t space = node.path.rfind(' ');
      const std::string parent =
          space == std::string::npos ? "" : node.path.substr(0, space);
      absl::StrAppend(&text, "complete -c warmupctl -n \"__warmupctl_at ",
                      Quoted(parent), "\" -a ", Quoted(node.name), " -d ",
                      Quoted(node.description), "\n");
    }
    const std::string where =
        node.path.empty()
            ? ""
            : absl::StrCat(" -n \"__warmupctl_at ", Quoted(node.path), "\"");
    for (const OptionNode& option : node.options) {
      std::string flags;
      for (const std::string& flag : option.flags) {
        absl::StrAppend(&flags, flag.starts_with("--") ? " -l " : " -s ",
                        flag.substr(flag.find_first_not_of('-')));
      }
      const std::string offers = FishOffers(option.hint);
      if (flags.empty() && Offers(option.hint).empty()) continue;
      absl::StrAppend(&text, "complete -c warmupctl", where, flags, offers,
                      " -d ", Quoted(option.description), "\n");
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> CompletionScript(const CLI::App& app,
                                             std::string_view shell) {
  std::vector<CommandNode> nodes;
  Collect(app, "", &nodes);
  if (shell == "bash") return BashScript(nodes);
  if (shell == "zsh") return ZshScript(nodes);
  if (shell == "fish") return FishScript(nodes);
  return absl::InvalidArgumentError(
      absl::StrCat("no completion for the shell '", std::string(shell),
                   "' (bash, zsh and fish there are)"));
}

}  // namespace warmup::cli
