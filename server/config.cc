#include "server/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/convert.h"
#include "server/yaml_message.h"

namespace warmup {
namespace {

constexpr int64_t kMib = int64_t{1} << 20;
// What a path of a Unix socket may have (sun_path, less the final zero).
constexpr size_t kMaxSocketPathBytes = 107;

std::string Get(const ConfigSources& sources, const char* name) {
  const char* value = sources.getenv(name);
  return value == nullptr ? "" : value;
}

v1::Config DefaultConfig(const ConfigSources& sources) {
  v1::Config config;
  const std::string run = Get(sources, "XDG_RUNTIME_DIR");
  config.mutable_listen()->set_unix_socket(
      run.empty() ? "/run/warmupd/warmupd.sock"
                  : absl::StrCat(run, "/warmupd.sock"));
  config.mutable_metrics()->set_address("127.0.0.1:9464");
  std::string state = Get(sources, "XDG_STATE_HOME");
  if (state.empty() && !sources.is_root) {
    state = absl::StrCat(Get(sources, "HOME"), "/.local/state");
  }
  config.mutable_store()->set_path(
      state.empty() ? "/var/lib/warmupd/warmupd.db"
                    : absl::StrCat(state, "/warmupd/warmupd.db"));
  config.mutable_log()->set_level("info");
  config.mutable_memory()->set_budget_mib(sources.machine_bytes / 2 / kMib);
  config.mutable_memory()->set_reserve_mib(sources.machine_bytes / 20 / kMib);
  const SwitchingPolicy policy;
  v1::PolicyConfig& to = *config.mutable_policy();
  to.set_max_concurrent_models(policy.max_concurrent_models);
  SetDuration(policy.switching_timeout, to.mutable_switching_timeout());
  to.set_resource_aware_switching(policy.resource_aware_switching);
  to.set_predictive_preloading(policy.predictive_preloading);
  to.set_max_concurrent_loads(policy.max_concurrent_loads);
  to.set_memory_price("eager");
  config.mutable_engines()->mutable_files();
  config.mutable_engines()->set_detect(true);
  return config;
}

absl::Status MergeFile(const std::string& path, v1::Config* config) {
  std::ifstream file(path);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    return MakeError(absl::StatusCode::kNotFound, "CONFIG_UNREADABLE",
                     absl::StrCat("cannot read the configuration '", path,
                                  "': ", std::strerror(file ? EISDIR : errno)),
                     {{"path", path}});
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return MergeYaml(path, text, config);
}

std::string VariableFor(const std::string& path) {
  std::string name = absl::StrCat("WARMUPD_", path);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '.' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

absl::Status MergeEnvironment(const ConfigSources& sources,
                              v1::Config* config) {
  absl::Status status;
  ForEachYamlField(*v1::Config::descriptor(), [&](const std::string& path) {
    const std::string variable = VariableFor(path);
    const char* value = sources.getenv(variable.c_str());
    if (value == nullptr || !status.ok()) return;
    status = SetYamlField(variable, path, value, config);
  });
  return status;
}

absl::Status MergeSets(const ConfigSources& sources, v1::Config* config) {
  for (const std::string& set : sources.sets) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return InvalidField("--set",
                          absl::StrCat("'", set, "' is not field=value"));
    }
    WARMUP_RETURN_IF_ERROR(SetYamlField("--set", set.substr(0, equals),
                                        set.substr(equals + 1), config));
  }
  return absl::OkStatus();
}

// By what it is, not by how it begins: 127.example.org is anybody's name.
bool IsLoopback(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) {
    return ntohl(address.s_addr) >> 24 == 127;
  }
  return host == "localhost" || host == "::1" || host == "[::1]";
}

absl::Status CheckAddresses(const v1::Config& config) {
  const std::string& socket = config.listen().unix_socket();
  if (socket.size() > kMaxSocketPathBytes) {
    return InvalidField("listen.unix_socket",
                        absl::StrCat("has ", socket.size(), " bytes, at most ",
                                     kMaxSocketPathBytes, " are possible"));
  }
  if (!absl::StartsWith(socket, "/")) {
    return InvalidField("listen.unix_socket",
                        absl::StrCat("'", socket, "' is not an absolute path"));
  }
  if (!config.listen().tcp_address().empty()) {
    WARMUP_ASSIGN_OR_RETURN(
        const HostPort tcp,
        ParseHostPort("listen.tcp_address", config.listen().tcp_address()));
    if (!IsLoopback(tcp.host)) {
      return InvalidField("listen.tcp_address",
                          absl::StrCat("'", tcp.host,
                                       "' is not a loopback address, and "
                                       "there is no authentication yet"));
    }
  }
  if (config.metrics().address() != "off") {
    WARMUP_ASSIGN_OR_RETURN(
        const HostPort metrics,
        ParseHostPort("metrics.address", config.metrics().address()));
    if (!IsLoopback(metrics.host) && !config.metrics().allow_remote()) {
      return InvalidField("metrics.address",
                          absl::StrCat("'", metrics.host,
                                       "' is not a loopback address: set "
                                       "metrics.allow_remote if you mean it"));
    }
  }
  return absl::OkStatus();
}

// Makes paths absolute that start with ~/.
absl::Status ExpandRoots(const ConfigSources& sources,
                         v1::FilesEngineConfig* files) {
  for (std::string& root : *files->mutable_roots()) {
    if (absl::StartsWith(root, "~/")) {
      root = absl::StrCat(Get(sources, "HOME"), root.substr(1));
    }
    if (!absl::StartsWith(root, "/")) {
      return InvalidField("engines.files.roots",
                          absl::StrCat("'", root, "' is not an absolute path"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckServers(const v1::EnginesConfig& engines) {
  for (int i = 0; i < engines.servers_size(); ++i) {
    const v1::ServerConfig& server = engines.servers(i);
    const std::string field = absl::StrCat("engines.servers[", i, "].");
    if (server.kind().empty()) {
      return InvalidField(field + "kind", "must not be empty");
    }
    if (server.endpoint().empty()) {
      return InvalidField(field + "endpoint", "must not be empty");
    }
    const std::string& token_file = server.token_file();
    if (!token_file.empty() && !absl::StartsWith(token_file, "/")) {
      return InvalidField(
          field + "token_file",
          absl::StrCat("'", token_file, "' is not an absolute path"));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const ConfigSources& sources, v1::Config* config) {
  WARMUP_RETURN_IF_ERROR(CheckAddresses(*config));
  if (config->store().path().empty()) {
    return InvalidField("store.path", "must not be empty");
  }
  const std::string& level = config->log().level();
  if (level != "debug" && level != "info" && level != "warning" &&
      level != "error") {
    return InvalidField(
        "log.level",
        absl::StrCat("'", level, "' is not debug, info, warning or error"));
  }
  constexpr int64_t kMaxMib = int64_t{1} << 30;
  for (const auto& [field, mib] :
       {std::pair{"memory.budget_mib", config->memory().budget_mib()},
        std::pair{"memory.reserve_mib", config->memory().reserve_mib()}}) {
    if (mib < 0 || mib > kMaxMib) {
      return InvalidField(field,
                          absl::StrCat("is ", mib, ", outside 0 to ", kMaxMib));
    }
  }
  WARMUP_RETURN_IF_ERROR(ReadDuration("policy.switching_timeout",
                                      config->policy().switching_timeout())
                             .status());
  WARMUP_RETURN_IF_ERROR(
      ReadMemoryPrice("policy.memory_price", config->policy().memory_price())
          .status());
  WARMUP_RETURN_IF_ERROR(ValidatePolicy(PolicyFromConfig(config->policy())));
  WARMUP_RETURN_IF_ERROR(CheckServers(config->engines()));
  return ExpandRoots(sources, config->mutable_engines()->mutable_files());
}

}  // namespace

absl::StatusOr<v1::Config> LoadConfig(const ConfigSources& sources) {
  v1::Config config = DefaultConfig(sources);
  const v1::MemoryConfig automatic = config.memory();
  const v1::ListenConfig listen = config.listen();
  const std::string store = config.store().path();
  if (!sources.file.empty()) {
    WARMUP_RETURN_IF_ERROR(MergeFile(sources.file, &config));
  }
  WARMUP_RETURN_IF_ERROR(MergeEnvironment(sources, &config));
  WARMUP_RETURN_IF_ERROR(MergeSets(sources, &config));
  // The API's way of saying "the default".
  if (config.memory().budget_mib() == 0) {
    config.mutable_memory()->set_budget_mib(automatic.budget_mib());
  }
  if (config.memory().reserve_mib() == 0) {
    config.mutable_memory()->set_reserve_mib(automatic.reserve_mib());
  }
  if (config.listen().unix_socket().empty()) {
    config.mutable_listen()->set_unix_socket(listen.unix_socket());
  }
  if (config.store().path().empty()) config.mutable_store()->set_path(store);
  WARMUP_RETURN_IF_ERROR(Check(sources, &config));
  return config;
}

SwitchingPolicy PolicyFromConfig(const v1::PolicyConfig& config) {
  SwitchingPolicy policy;
  policy.max_concurrent_models = config.max_concurrent_models();
  policy.switching_timeout =
      absl::Seconds(config.switching_timeout().seconds()) +
      absl::Nanoseconds(config.switching_timeout().nanos());
  policy.resource_aware_switching = config.resource_aware_switching();
  policy.predictive_preloading = config.predictive_preloading();
  policy.max_concurrent_loads = config.max_concurrent_loads();
  policy.memory_price =
      ReadMemoryPrice("policy.memory_price", config.memory_price())
          .value_or(policy.memory_price);  // what LoadConfig lets pass is one
  return policy;
}

absl::StatusOr<HostPort> ParseHostPort(const std::string& field,
                                       const std::string& address) {
  const size_t colon = address.rfind(':');
  HostPort parsed;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &parsed.port) ||
      parsed.port < 0 || parsed.port > 65535) {
    return InvalidField(field,
                        absl::StrCat("'", address, "' is not host:port"));
  }
  parsed.host = address.substr(0, colon);
  return parsed;
}

}  // namespace warmup
