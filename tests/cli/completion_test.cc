#include "clients/cli/completion.h"

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "clients/cli/client.h"
#include "clients/cli/commands.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

// The real script in a real bash. The models come from a stand-in for
// warmupctl that is first on the path.
class BashFixture {
 public:
  BashFixture() {
    AddCommands(&app_, cli_);
    WriteFile(folder_.File("script"), BashCompletion(app_));
    WriteFile(folder_.File("warmupctl"),
              "#!/bin/sh\n"
              "printf '%s\\n' coder:1.5b llama3.1:8b '$(touch,evil)'\n");
    chmod((folder_.File("warmupctl")).c_str(), 0700);
  }

  // The words offered for a line, separated by spaces.
  std::string Offers(const std::string& line) {
    const std::string script =
        "cd \"$1\"; PATH=$1:$PATH; source ./script; COMP_LINE=$2; "
        "COMP_POINT=${#COMP_LINE}; _warmupctl; printf %s \"${COMPREPLY[*]}\"";
    const RunResult result = RunProgram(
        {"bash", "--norc", "-c", script, "bash", folder_.File(""), line});
    CHECK(result.err.empty());
    return result.out;
  }
  const TempFolder& folder() const { return folder_; }

 private:
  TempFolder folder_;
  Cli cli_;
  CLI::App app_;
};

TEST_CASE_METHOD(BashFixture, "Completion: bash completes commands") {
  CHECK(Offers("warmupctl mo") == "models");
  CHECK(Offers("warmupctl models ") == "list get register update remove watch");
  CHECK(Offers("warmupctl models re") == "register remove");
  CHECK(Offers("warmupctl lease a") == "acquire");
}

TEST_CASE_METHOD(BashFixture, "Completion: bash completes options") {
  CHECK(Offers("warmupctl predict --acc") == "--acceptable-latency");
  CHECK(Offers("warmupctl load coder:1.5b --no-w") == "--no-wait");
  CHECK(Offers("warmupctl models get x --tim") == "--timeout");
}

TEST_CASE_METHOD(BashFixture, "Completion: bash completes words of options") {
  CHECK(Offers("warmupctl predict --task ch") == "chat");
  CHECK(Offers("warmupctl predict --task=ch") == "chat");
  CHECK(Offers("warmupctl -o ") == "table json");
  CHECK(Offers("warmupctl predict --user ").empty());
  CHECK(Offers("warmupctl completion z") == "zsh");
}

TEST_CASE_METHOD(BashFixture, "Completion: bash takes a value for no command") {
  CHECK(Offers("warmupctl --target status mo") == "models");
}

TEST_CASE_METHOD(BashFixture, "Completion: bash asks the daemon for models") {
  CHECK(Offers("warmupctl load lla") == "llama3.1:8b");
  // readline replaces only what stands behind the colon.
  CHECK(Offers("warmupctl load llama3.1:") == "8b");
  CHECK(Offers("warmupctl session start --role chat=co") == "coder:1.5b");
}

TEST_CASE_METHOD(BashFixture,
                 "Completion: a model's name is never run as a command") {
  CHECK(Offers("warmupctl load $") == "\\$\\(touch\\,evil\\)");
  CHECK_FALSE(std::filesystem::exists(folder().File("evil")));
}

TEST_CASE_METHOD(BashFixture, "Completion: bash completes files") {
  CHECK(Offers("warmupctl models register x scr") == "script");
}

TEST_CASE("Completion: every command and option has a line in fish") {
  Cli cli;
  CLI::App app;
  AddCommands(&app, cli);
  const std::string script = FishCompletion(app);
  CHECK(script.find("__warmupctl_at 'models'\" -a register -d 'Add a model to "
                    "the catalogue'") != std::string::npos);
  CHECK(script.find("__warmupctl_at 'load'\" -l no-wait") != std::string::npos);
  CHECK(script.find("-l task -x -a 'completion chat") != std::string::npos);
}

}  // namespace
}  // namespace warmup::cli
