#ifndef WARMUP_ADAPTERS_ENGINES_FINDER_LOCAL_ENGINE_FINDER_H_
#define WARMUP_ADAPTERS_ENGINES_FINDER_LOCAL_ENGINE_FINDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/finder/engine_kinds.h"
#include "adapters/host/listeners.h"
#include "core/base/mutex.h"
#include "core/ports/engine_finder.h"

namespace warmup {

// Finds the inference servers that run on this machine: where the environment
// says (OLLAMA_HOST, LLAMA_ARG_HOST and LLAMA_ARG_PORT, LOCALAI_ADDRESS), on
// the usual ports of each kind, and on the ports and Unix sockets of processes
// of our own user whose command lines sound like one.
//
// That only says whom to ask; what somebody is is told by what it answers. Who
// was asked and is none is asked again only when another one listens there,
// because a developer's own server may log each question. Children of a
// candidate are its workers, and our own are engines already.
//
// Thread-safe. Ids are made from nothing but the kind and the endpoint, so they
// mean the same server after a restart: "ollama", "llama-server-8081".
class LocalEngineFinder final : public EngineFinder {
 public:
  struct Options {
    bool is_detecting = true;  // else only Make works
    EngineHooks hooks;
    std::function<const char*(const char* name)> environment;
    std::function<absl::StatusOr<std::vector<Listener>>()> list_listeners = [] {
      return ListListeners();
    };
    int own_pid = 0;
    std::vector<EngineKind> kinds = EngineKinds();
  };

  explicit LocalEngineFinder(Options options) : options_(std::move(options)) {}

  EngineSearch Find(const std::vector<EngineSpec>& known) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::shared_ptr<Engine>> Make(const EngineSpec& spec) override;

 private:
  // Somebody to ask.
  struct Candidate {
    std::string address;  // "127.0.0.1:80", "[::1]:80", or a socket's path
    std::string scheme;   // empty: that of each kind
    const EngineKind* hint = nullptr;
    uint64_t inode = 0;  // 0: not known to be of this machine
    int pid = 0;
  };

  std::vector<Candidate> ListCandidates() const;
  void AddFromEnvironment(std::vector<Candidate>* candidates) const;
  void AddUsual(const absl::StatusOr<std::vector<Listener>>& listeners,
                std::vector<Candidate>* candidates) const;
  void AddFromProcesses(const std::vector<Listener>& listeners,
                        std::vector<Candidate>* candidates) const;
  const EngineKind* HintOf(const Listener& listener) const;
  bool MayBe(const Candidate& candidate, const EngineKind& kind) const;
  // Its kind, told by what it answers.
  absl::StatusOr<const EngineKind*> Identify(const Candidate& candidate,
                                             const EngineSpec& spec,
                                             const std::string& token) const;
  const EngineKind* FindKind(std::string_view kind) const;

  const Options options_;
  Mutex mutex_;
  // Why somebody is none, by address and inode.
  std::map<std::pair<std::string, uint64_t>, std::string> refused_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FINDER_LOCAL_ENGINE_FINDER_H_
