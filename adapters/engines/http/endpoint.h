#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_ENDPOINT_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_ENDPOINT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace warmup {

// Where an engine listens.
struct Endpoint {
  std::string text;         // as it was written, for messages
  std::string base_url;     // what a request's path is appended to
  std::string socket_path;  // of a Unix socket; empty: TCP
  bool is_local = false;    // on this machine: never through a proxy
};

// Reads "http://host:port", "https://host:port" or "unix:/path".
// INVALID_ARGUMENT for anything else: a path, a query, or a user and password,
// which would end up in messages.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_ENDPOINT_H_
