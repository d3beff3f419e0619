// The command line itself: help, errors in it, words and options.
#include <set>

#include "absl/strings/str_split.h"
#include "clients/cli/client.h"
#include "clients/cli/commands.h"
#include "clients/cli/completion_tree.h"
#include "clients/cli/format.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

RunResult Run(std::vector<std::string> words) {
  words.insert(words.begin(), WARMUPCTL);
  return RunProgram(words);
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Usage: without a word it prints its help") {
  const RunResult result = Run({});
  CHECK(result.exit_code == kExitOk);
  CHECK(Has(result.out, "EXIT CODES"));
  CHECK(Run({"--help"}).out == result.out);
}

TEST_CASE("Usage: every command has a summary, options and an example") {
  Cli cli;
  CLI::App app;
  AddCommands(&app, cli);
  for (const CommandNode& node : CommandTree(app)) {
    CAPTURE(node.path);
    std::vector<std::string> words{"--help"};
    for (const std::string& word :
         std::vector<std::string>(absl::StrSplit(node.path, ' '))) {
      if (!word.empty()) words.insert(words.end() - 1, word);
    }
    const RunResult result = Run(words);
    CHECK(result.exit_code == kExitOk);
    CHECK(Has(result.out, node.description));
    CHECK(Has(result.out, "EXAMPLES\n  "));
    for (const OptionNode& option : node.options) {
      CHECK_FALSE(option.description.empty());
    }
    for (const std::string& line :
         std::vector<std::string>(absl::StrSplit(result.out, '\n'))) {
      CHECK(DisplayWidth(line) <= 100);
    }
  }
}

TEST_CASE("Usage: a wrong command line exits with 2 and says what is wrong") {
  const auto error = [](const std::vector<std::string>& words) {
    const RunResult result = Run(words);
    CHECK(result.exit_code == kExitUsage);
    CHECK(result.out.empty());
    CHECK(Has(result.err, "hint:  see `warmupctl"));
    return result.err.substr(0, result.err.find('\n'));
  };
  CHECK(error({"modls"}) ==
        "error: there is no command 'warmupctl modls'; did you mean "
        "'models'?");
  CHECK(error({"policy", "frobnicate"}) ==
        "error: there is no command 'warmupctl policy frobnicate': there is "
        "get, set");
  CHECK(error({"policy"}) ==
        "error: 'warmupctl policy' needs a command: get, set");
  CHECK(error({"load", "--bogus", "x"}) == "error: there is no option --bogus");
  CHECK(error({"load"}) == "error: MODEL is required");
  CHECK(error({"predict", "--user"}) == "error: --user needs a value");
  CHECK(error({"predict", "--priority", "urgent"}) ==
        "error: --priority: 'urgent' is none of low, medium, high, critical");
  CHECK(error({"predict", "--max-models", "9999999999"}) ==
        "error: --max-models: '9999999999' is not a whole number in range");
  CHECK(error({"events", "watch", "--from", "-1"}) ==
        "error: --from: '-1' is not a whole number in range");
  CHECK(Has(error({"health", "--timeout", "soon"}), "is not a duration"));
  CHECK(Has(error({"models", "register", "a", "b", "--size", "big"}),
            "is not a size"));
  CHECK(error({"session", "start", "--role", "chat"}) ==
        "error: --role: 'chat' is not ROLE=MODEL");
  CHECK(error({"activity"}) == "error: KIND is required");
  CHECK(error({"activity", "x", "--stdin"}) == "error: KIND excludes --stdin");
  CHECK(Has(error({"policy", "set"}), "one of its options is required"));
  CHECK(Has(error({"models", "update", "a"}), "one of its options"));
}

TEST_CASE("Usage: version needs no daemon") {
  CHECK(Run({"version"}).out.starts_with("warmupctl "));
  CHECK(Run({"version", "-o", "json"}).out.starts_with("{\n  \"version\": "));
}

TEST_CASE("Usage: without a daemon it fails at once, with 3") {
  const TempFolder folder;
  for (const char* command : {"health", "status", "models"}) {
    const RunResult result =
        Run({"--target", folder.File("none.sock"), command});
    CHECK(result.exit_code == kExitUnreachable);
    CHECK(result.out.empty());
    CHECK(Has(result.err, "no daemon answers at unix:"));
  }
}

}  // namespace
}  // namespace warmup::cli
