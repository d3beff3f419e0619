#ifndef WARMUP_SERVER_CONFIG_H_
#define WARMUP_SERVER_CONFIG_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/model.h"
#include "warmup/v1/config.pb.h"

namespace warmup {

// Where the configuration comes from, weakest first: the defaults, the file,
// the environment, `--set`.
struct ConfigSources {
  std::string file;               // empty: no file
  std::vector<std::string> sets;  // "path.to.field=value"
  // As std::getenv.
  std::function<const char*(const char*)> getenv;
  bool is_root = false;       // whose defaults are the system's
  int64_t machine_bytes = 0;  // memory that models could have at all
};

// Read, merged and checked. INVALID_ARGUMENT with file, line and column, or
// the name of the variable or flag; NOT_FOUND for a file that is not there.
absl::StatusOr<v1::Config> LoadConfig(const ConfigSources& sources);

SwitchingPolicy PolicyFromConfig(const v1::PolicyConfig& config);

// "127.0.0.1:9464" in its parts. INVALID_ARGUMENT naming `field`.
struct HostPort {
  std::string host;
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(const std::string& field,
                                       const std::string& address);

}  // namespace warmup

#endif  // WARMUP_SERVER_CONFIG_H_
