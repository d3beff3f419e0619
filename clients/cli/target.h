#ifndef WARMUP_CLIENTS_CLI_TARGET_H_
#define WARMUP_CLIENTS_CLI_TARGET_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace warmup::cli {

// Where the daemon is: `flag` if not empty, else $WARMUP_TARGET, else the
// socket that exists of $XDG_RUNTIME_DIR/warmupd.sock and
// /run/warmupd/warmupd.sock, else the first. A bare path becomes "unix:path".
std::string ResolveTarget(const std::string& flag);

// A channel that gives up on an address that does not answer after 2 s.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_TARGET_H_
