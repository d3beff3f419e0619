#include "clients/cli/target.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace warmup::cli {
namespace {

constexpr char kSystemSocket[] = "/run/warmupd/warmupd.sock";

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsPath(std::string_view text) {
  return text.starts_with("/") || text.starts_with("./") ||
         text.starts_with("../");
}

}  // namespace

std::string ResolveTarget(const std::string& flag) {
  std::string target = flag;
  if (target.empty()) target = FromEnvironment("WARMUP_TARGET");
  if (target.empty()) {
    const std::string folder = FromEnvironment("XDG_RUNTIME_DIR");
    target = kSystemSocket;
    if (!folder.empty()) {
      const std::string own = absl::StrCat(folder, "/warmupd.sock");
      const bool is_system_only =
          access(own.c_str(), F_OK) != 0 && access(kSystemSocket, F_OK) == 0;
      if (!is_system_only) target = own;
    }
  }
  return IsPath(target) ? absl::StrCat("unix:", target) : target;
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  // Also the time that one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1);
  // The daemon is here or near: a web proxy of the environment is not asked.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace warmup::cli
