#include "clients/cli/completion.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/completion_tree.h"

namespace warmup::cli {
namespace {

// How bash and zsh write `table[key]=value`.
std::string BashEntry(const std::string& table, const std::string& key,
                      const std::string& value) {
  return absl::StrCat("_warmupctl_", table, "[", ShellQuoted(key),
                      "]=", ShellQuoted(value), "\n");
}
std::string ZshEntry(const std::string& table, const std::string& key,
                     const std::string& value) {
  return absl::StrCat("_warmupctl_", table, "+=(", ShellQuoted(key), " ",
                      ShellQuoted(value), ")\n");
}

// Four tables, keyed by a command's path ("." for the program itself): the
// commands below it, its flags, by "path flag" what is offered for a flag's
// value ("-": it has one, but nothing is known), and what is offered for an
// argument.
template <class Entry>
std::string ShellTables(const CLI::App& app, const Entry& entry) {
  std::string text;
  for (const char* table : {"commands", "flags", "values", "arguments"}) {
    absl::StrAppend(&text, "typeset -gA _warmupctl_", table, "=()\n");
  }
  for (const CommandNode& node : CommandTree(app)) {
    const std::string key = node.path.empty() ? "." : node.path;
    std::vector<std::string> flags;
    std::vector<std::string> arguments;
    for (const OptionNode& option : node.options) {
      if (option.flags.empty()) arguments.push_back(option.offers);
      flags.insert(flags.end(), option.flags.begin(), option.flags.end());
      if (!option.has_value) continue;
      for (const std::string& flag : option.flags) {
        absl::StrAppend(&text,
                        entry("values", absl::StrCat(key, " ", flag),
                              option.offers.empty() ? "-" : option.offers));
      }
    }
    absl::StrAppend(&text,
                    entry("commands", key, absl::StrJoin(node.children, " ")),
                    entry("flags", key, absl::StrJoin(flags, " ")));
    // The one that knows most: `models register` takes a name and a file.
    for (const std::string& offers : arguments) {
      if (offers.empty()) continue;
      absl::StrAppend(&text, entry("arguments", key, offers));
      break;
    }
  }
  return text;
}

// Splits the line itself, because readline splits words at ':' and '=', which
// models' names contain; puts back only what readline replaces. Offers are
// never expanded: a model's name may look like a command substitution.
constexpr char kBashFunction[] = R"(
_warmupctl() {
  local line=${COMP_LINE:0:COMP_POINT} words list cur prev= key=. word i offers=
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local last=$((${#words[@]} - 1))
  cur=${words[last]}
  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    prev=
    if [[ $word == -* ]]; then
      if [[ -n ${_warmupctl_values["$key $word"]}${_warmupctl_values[". $word"]} ]]; then
        prev=$word
        ((++i))
      fi
    elif [[ " ${_warmupctl_commands[$key]} " == *" $word "* ]]; then
      [[ $key == . ]] && key=$word || key="$key $word"
    fi
  done
  ((i == last)) && prev=
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
  if [[ -n $prev ]]; then
    offers=${_warmupctl_values["$key $prev"]:-${_warmupctl_values[". $prev"]}}
  elif [[ $cur == -* ]]; then
    offers="${_warmupctl_flags[$key]} ${_warmupctl_flags[.]}"
  else
    offers=${_warmupctl_commands[$key]:-${_warmupctl_arguments[$key]}}
  fi
  COMPREPLY=()
  if [[ $offers == ROLE=MODEL ]]; then
    [[ $cur == *=* ]] || return
    cur=${cur#*=}
    offers=MODEL
  fi
  case $offers in
    -) return ;;
    FILE)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
    MODEL) mapfile -t list < <(warmupctl models list --ids 2>/dev/null) ;;
    *) read -ra list <<<"$offers" ;;
  esac
  local replaced=
  [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] && replaced=${cur%"${cur##*:}"}
  for word in "${list[@]}"; do
    [[ $word == "$cur"* ]] || continue
    printf -v word %q "${word#"$replaced"}"
    [[ " ${COMPREPLY[*]} " == *" $word "* ]] || COMPREPLY+=("$word")
  done
}
complete -F _warmupctl warmupctl
)";

constexpr char kZshFunction[] = R"zsh(
_warmupctl() {
  local key=. word prev= offers= cur=${words[CURRENT]}
  local -a list
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    prev=
    if [[ $word == -* ]]; then
      if [[ -n ${_warmupctl_values[$key $word]}${_warmupctl_values[. $word]} ]]; then
        prev=$word
        ((++i))
      fi
    elif [[ " ${_warmupctl_commands[$key]} " == *" $word "* ]]; then
      if [[ $key == . ]]; then key=$word; else key="$key $word"; fi
    fi
  done
  ((i == CURRENT)) && prev=
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
    compset -P 1 '*='
  fi
  if [[ -n $prev ]]; then
    offers=${_warmupctl_values[$key $prev]:-${_warmupctl_values[. $prev]}}
  elif [[ $cur == -* ]]; then
    offers="${_warmupctl_flags[$key]} ${_warmupctl_flags[.]}"
  else
    offers=${_warmupctl_commands[$key]:-${_warmupctl_arguments[$key]}}
  fi
  if [[ $offers == ROLE=MODEL ]]; then
    [[ $cur == *=* ]] || return 1
    compset -P 1 '*='
    offers=MODEL
  fi
  case $offers in
    -) return 1 ;;
    FILE) _files; return ;;
    MODEL) list=(${(f)"$(warmupctl models list --ids 2>/dev/null)"}) ;;
    *) list=(${=offers}) ;;
  esac
  compadd -- $list
}
if [[ $funcstack[1] == _warmupctl ]]; then
  _warmupctl "$@"
else
  compdef _warmupctl warmupctl
fi
)zsh";

constexpr char kFishFunctions[] = R"(
function __warmupctl_at -d 'The command typed so far is this one'
  set -l words (commandline -opc)
  set -l path
  set -l is_value 0
  for word in $words[2..]
    if test $is_value = 1
      set is_value 0
    else if contains -- $word $__warmupctl_valued
      set is_value 1
    else if contains -- (string trim -- "$path $word") $__warmupctl_commands
      set path (string trim -- "$path $word")
    end
  end
  test "$path" = "$argv[1]"
end
function __warmupctl_models
  warmupctl models list --ids 2>/dev/null
end
function __warmupctl_roles
  string match -qr '^(?<role>[^=]+=)' -- (commandline -ct); or return
  printf "$role%s\n" (__warmupctl_models)
end
complete -c warmupctl -f
)";

std::string FishOffers(const OptionNode& option) {
  if (!option.has_value) return "";
  if (option.offers == "MODEL") return " -x -a '(__warmupctl_models)'";
  if (option.offers == "ROLE=MODEL") return " -x -a '(__warmupctl_roles)'";
  if (option.offers == "FILE") return " -r -F";
  if (option.offers.empty()) return " -x";
  return absl::StrCat(" -x -a ", ShellQuoted(option.offers));
}

// "complete -c warmupctl -n ..." for where the command is `path`.
std::string FishAt(const std::string& path) {
  return absl::StrCat("complete -c warmupctl -n \"__warmupctl_at '", path,
                      "'\"");
}

std::string FishOption(const CommandNode& node, const OptionNode& option) {
  if (option.flags.empty() && option.offers.empty()) return "";
  // The options of the program itself are good everywhere.
  std::string line =
      node.path.empty() ? "complete -c warmupctl" : FishAt(node.path);
  for (const std::string& flag : option.flags) {
    absl::StrAppend(&line, flag.starts_with("--") ? " -l " : " -s ",
                    flag.substr(flag.find_first_not_of('-')));
  }
  return absl::StrCat(line, FishOffers(option), " -d ",
                      ShellQuoted(option.description), "\n");
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  return absl::StrCat("# bash completion for warmupctl\n",
                      absl::StrReplaceAll(ShellTables(app, BashEntry),
                                          {{"typeset -gA", "declare -gA"}}),
                      kBashFunction);
}

std::string ZshCompletion(const CLI::App& app) {
  return absl::StrCat("#compdef warmupctl\n", ShellTables(app, ZshEntry),
                      kZshFunction);
}

std::string FishCompletion(const CLI::App& app) {
  std::string commands = "set -g __warmupctl_commands";
  std::string valued = "set -g __warmupctl_valued";
  std::string rules;
  for (const CommandNode& node : CommandTree(app)) {
    if (!node.path.empty()) {
      absl::StrAppend(&commands, " ", ShellQuoted(node.path));
      absl::StrAppend(&rules, FishAt(node.parent), " -a ", node.name, " -d ",
                      ShellQuoted(node.description), "\n");
    }
    for (const OptionNode& option : node.options) {
      absl::StrAppend(&rules, FishOption(node, option));
      if (!option.has_value) continue;
      for (const std::string& flag : option.flags) {
        absl::StrAppend(&valued, " ", flag);
      }
    }
  }
  return absl::StrCat("# fish completion for warmupctl\n", commands, "\n",
                      valued, "\n", kFishFunctions, rules);
}

}  // namespace warmup::cli
