#ifndef WARMUP_CORE_PORTS_ENGINE_FINDER_H_
#define WARMUP_CORE_PORTS_ENGINE_FINDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ports/engine.h"

namespace warmup {

// An inference server as somebody names it.
struct EngineSpec {
  std::string id;    // empty: of its kind, and its port where that is unusual
  std::string kind;  // empty: told by what answers there
  std::string endpoint;
  std::string token_file;  // holds a bearer token; empty: none

  bool operator==(const EngineSpec&) const = default;
};

// Something that listens where an engine might, and was not taken.
struct NotTaken {
  std::string endpoint;
  std::string why;  // for people

  bool operator==(const NotTaken&) const = default;
};

// What was found on this machine.
struct EngineSearch {
  std::vector<std::shared_ptr<Engine>> engines;  // that were not known
  std::vector<NotTaken> not_taken;
};

// Finds inference servers and makes the engines that speak with them.
//
// Calls block for seconds at most and are never made under a mutex; Find is not
// called twice at a time.
class EngineFinder {
 public:
  virtual ~EngineFinder() = default;
  // Looks for servers on this machine. Those at the endpoints of `known`, and
  // their ids, are taken already.
  virtual EngineSearch Find(const std::vector<EngineSpec>& known) = 0;
  // The engine for `spec`. Asks the server only where id or kind is empty:
  // UNAVAILABLE when nobody answers, FAILED_PRECONDITION when what answers is
  // no server that is known. INVALID_ARGUMENT names the field that is wrong.
  virtual absl::StatusOr<std::shared_ptr<Engine>> Make(
      const EngineSpec& spec) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_ENGINE_FINDER_H_
