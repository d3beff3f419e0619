#include "adapters/engines/llama_server/processes.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::llama_server {
namespace {

// The command of this test.
std::vector<std::string> OwnCommand() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> command;
  for (std::string argument; std::getline(file, argument, '\0');) {
    command.push_back(argument);
  }
  return command;
}

}  // namespace

TEST_CASE("Processes: one is found by its command, and measured") {
  const std::vector<std::string> command = OwnCommand();
  // Another run of the same test may be found.
  const auto pid = FindProcess(command);
  REQUIRE(pid.has_value());
  CHECK(ResidentBytes(*pid, command).value_or(0) > 1'000'000);
  CHECK(ResidentBytes(getpid(), command).value_or(0) > 1'000'000);
}

TEST_CASE("Processes: one with another command is not meant") {
  std::vector<std::string> command = OwnCommand();
  command.emplace_back("--port");
  CHECK_FALSE(FindProcess(command).has_value());
  CHECK_FALSE(FindProcess({}).has_value());
  CHECK_FALSE(ResidentBytes(getpid(), command).has_value());
  CHECK_FALSE(ResidentBytes(-1, command).has_value());
}

TEST_CASE("Processes: the folder that a program works in") {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::vector<std::string> folders = FoldersOf(self);
  CHECK(std::find(folders.begin(), folders.end(),
                  std::filesystem::current_path().string()) != folders.end());
  CHECK(FoldersOf("/nobody/runs/this").empty());
}

}  // namespace warmup::llama_server
