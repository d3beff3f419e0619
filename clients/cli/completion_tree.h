#ifndef WARMUP_CLIENTS_CLI_COMPLETION_TREE_H_
#define WARMUP_CLIENTS_CLI_COMPLETION_TREE_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace warmup::cli {

// What completion scripts need to know of one option.
struct OptionNode {
  std::vector<std::string> flags;  // "-o", "--output"; none: a positional
  bool has_value = true;
  // What to offer for its value: "MODEL", "ROLE=MODEL", "FILE", words with
  // spaces between, or nothing.
  std::string offers;
  std::string description;
};

// The same of one command.
struct CommandNode {
  std::string path;    // "models register"; "" for the program itself
  std::string parent;  // path of the command above
  std::string name;
  std::string description;
  std::vector<OptionNode> options;
  std::vector<std::string> children;  // their names
};

// The program itself first, a command before those below it.
std::vector<CommandNode> CommandTree(const CLI::App& app);

// 'text', safe in every POSIX shell.
std::string ShellQuoted(const std::string& text);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_COMPLETION_TREE_H_
