#include "server/engines.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/engines/exec/cgroup.h"
#include "adapters/engines/exec/exec_engine.h"
#include "adapters/engines/files/files_engine.h"
#include "adapters/engines/finder/local_engine_finder.h"
#include "adapters/host/host_memory.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/log.h"

namespace warmup {
namespace {

constexpr int64_t kMib = int64_t{1} << 20;

FilesEngine::Options FilesOptions(const v1::FilesEngineConfig& config) {
  FilesEngine::Options options;
  options.roots.assign(config.roots().begin(), config.roots().end());
  options.mlock = config.mlock();
  options.on_skipped = [](std::string_view path, const absl::Status& why) {
    Log(LogLevel::kWarning, "skipped while looking for models",
        {{"path", std::string(path)}, {"why", std::string(why.message())}});
  };
  return options;
}

absl::StatusOr<int> ReadSignal(const std::string& name) {
  for (const auto& [text, signal] :
       {std::pair{"", SIGTERM}, std::pair{"SIGTERM", SIGTERM},
        std::pair{"SIGINT", SIGINT}, std::pair{"SIGQUIT", SIGQUIT},
        std::pair{"SIGHUP", SIGHUP}}) {
    if (name == text) return signal;
  }
  return InvalidField("stop_signal",
                      absl::StrCat("'", name,
                                   "' is not SIGTERM, SIGINT, SIGQUIT or "
                                   "SIGHUP"));
}

absl::StatusOr<Command> ReadCommand(const v1::CommandConfig& config) {
  Command command;
  command.model = config.model_id();
  command.argv.assign(config.command().begin(), config.command().end());
  for (const std::string& variable : config.environment()) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return InvalidField("environment",
                          absl::StrCat("'", variable, "' is not NAME=value"));
    }
    command.environment[variable.substr(0, equals)] =
        variable.substr(equals + 1);
  }
  command.working_directory = config.working_directory();
  command.ready = {.url = config.ready_url(),
                   .port = config.ready_port(),
                   .line = config.ready_line()};
  WARMUP_ASSIGN_OR_RETURN(command.stop_signal,
                          ReadSignal(config.stop_signal()));
  if (config.has_grace()) {
    WARMUP_ASSIGN_OR_RETURN(command.grace,
                            ReadDuration("grace", config.grace()));
  }
  if (config.size_mib() < 0 ||
      config.size_mib() > std::numeric_limits<int64_t>::max() / kMib) {
    return InvalidField("size_mib", "must be 0 or more, and a size");
  }
  command.size_bytes = config.size_mib() * kMib;
  return command;
}

absl::StatusOr<std::shared_ptr<Engine>> MakeExec(
    const v1::EnginesConfig& config) {
  ExecEngine::Options options;
  options.id = "exec";
  for (int i = 0; i < config.commands_size(); ++i) {
    auto command = ReadCommand(config.commands(i));
    if (!command.ok()) {
      return InvalidField(absl::StrCat("engines.commands[", i, "]"),
                          std::string(command.status().message()));
    }
    options.commands.push_back(*std::move(command));
  }
  options.inherited = InheritableEnvironment();
  if (auto cgroup = exec::TakeDelegatedCgroup(); cgroup.ok()) {
    options.cgroup = *std::move(cgroup);
  } else {
    Log(LogLevel::kInfo, "the memory of commands is measured by process",
        {{"why", std::string(cgroup.status().message())}});
  }
  options.on_ended = [](std::string_view model, const absl::Status& why) {
    Log(LogLevel::kWarning, "a command has ended by itself",
        {{"model", std::string(model)}, {"why", std::string(why.message())}});
  };
  auto engine = ExecEngine::Create(std::move(options));
  if (!engine.ok()) {
    return InvalidField("engines.commands",
                        std::string(engine.status().message()));
  }
  return std::shared_ptr<Engine>(*std::move(engine));
}

}  // namespace

std::unique_ptr<EngineFinder> MakeEngineFinder(bool is_detecting) {
  LocalEngineFinder::Options options;
  options.is_detecting = is_detecting;
  options.own_pid = ::getpid();
  options.environment = [](const char* name) -> const char* {
    return std::getenv(name);
  };
  options.hooks.on_skipped = [](std::string_view engine, std::string_view model,
                                const absl::Status& why) {
    Log(LogLevel::kWarning, "skipped a model of an engine",
        {{"engine", std::string(engine)},
         {"name", std::string(model)},
         {"why", std::string(why.message())}});
  };
  options.hooks.host_free_bytes = [] {
    const auto memory = HostMemory(HostMemory::Options{}).Measure();
    return memory.ok() ? memory->free_bytes : 0;
  };
  return std::make_unique<LocalEngineFinder>(std::move(options));
}

absl::StatusOr<Engines> MakeEngines(const v1::EnginesConfig& config,
                                    EngineFinder& finder) {
  Engines engines;
  engines["files"] =
      std::make_shared<FilesEngine>(FilesOptions(config.files()));
  if (config.commands_size() > 0) {
    WARMUP_ASSIGN_OR_RETURN(engines["exec"], MakeExec(config));
  }
  for (int i = 0; i < config.servers_size(); ++i) {
    const v1::ServerConfig& server = config.servers(i);
    const std::string field = absl::StrCat("engines.servers[", i, "]");
    auto engine = finder.Make({.id = server.engine_id(),
                               .kind = server.kind(),
                               .endpoint = server.endpoint(),
                               .token_file = server.token_file()});
    if (!engine.ok()) {
      return InvalidField(field, std::string(engine.status().message()));
    }
    const std::string id = (*engine)->info().id;
    if (!engines.emplace(id, *std::move(engine)).second) {
      return InvalidField(
          field, absl::StrCat("there is an engine \"", id, "\" already"));
    }
  }
  return engines;
}

}  // namespace warmup
