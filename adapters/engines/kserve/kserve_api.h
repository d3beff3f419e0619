#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_API_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_API_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/kserve/answers.h"
#include "adapters/engines/kserve/rpc_status.h"
#include "core/base/mutex.h"

namespace warmup::kserve {

// Bounds of every call; an answer that is longer is refused.
inline constexpr absl::Duration kCancelLatency = absl::Milliseconds(20);
inline constexpr int kMaxAnswerBytes = 8 << 20;
// The words of an error may hold a backtrace.
inline constexpr int kMaxErrorBytes = 64 << 10;

// How long one call may take.
struct RpcCall {
  absl::Duration timeout = absl::Seconds(5);
  // Asked every kCancelLatency; true ends the call. Empty: never.
  std::function<bool()> is_cancelled;
};

// What a server is.
struct Server {
  Flavour flavour = Flavour::kTriton;
  std::string version;  // "triton 2.51.0"
};

// The calls of the open inference protocol, one function each. They block.
// Proxies are never used. Errors: see ToStatus, and UNAVAILABLE
// (ENGINE_ANSWER_UNREADABLE).
//
// Thread-safe. It keeps one connection. When that is lost the next call makes a
// new one; one that only asks does so itself.
class KserveApi {
 public:
  // `endpoint` is "grpc://host:port" or "unix:/path"; INVALID_ARGUMENT for
  // anything else. Connects with the first call.
  static absl::StatusOr<std::unique_ptr<KserveApi>> Create(
      const std::string& engine, const std::string& endpoint);
  ~KserveApi();
  KserveApi(const KserveApi&) = delete;
  KserveApi& operator=(const KserveApi&) = delete;

  const Speaker& speaker() const { return speaker_; }

  // FAILED_PRECONDITION (NOT_KSERVE) unless it is one that can load models.
  absl::StatusOr<Server> Identify(const RpcCall& call);
  absl::Status CheckLive(const RpcCall& call);
  // False also of one that the server does not know.
  absl::StatusOr<bool> IsReady(const std::string& model, const RpcCall& call);
  absl::StatusOr<Index> List(const RpcCall& call);
  // Of all models that are loaded.
  absl::StatusOr<StatisticsByModel> Use(const RpcCall& call);
  // Blocks until the server says that the model is loaded; what was asked of
  // it may go on when the call has ended without an answer.
  absl::Status Load(Flavour flavour, const std::string& model,
                    const RpcCall& call);
  // May return before the model is gone. NOT_FOUND: it is not loaded.
  absl::Status Unload(Flavour flavour, const std::string& model,
                      const RpcCall& call);

 private:
  struct Connection;

  KserveApi(Speaker speaker, std::string target);
  // The one that is there, or a new one.
  std::shared_ptr<Connection> Take() ABSL_LOCKS_EXCLUDED(mutex_);
  // It is lost.
  void Drop(const std::shared_ptr<Connection>& connection)
      ABSL_LOCKS_EXCLUDED(mutex_);
  template <class Method, class Request, class Response>
  absl::Status Ask(Method method, const Request& request, Response& response,
                   const RpcCall& call, Operation operation,
                   const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);
  template <class Method, class Request, class Response>
  absl::Status AskOn(Connection& connection, Method method,
                     const Request& request, Response& response,
                     const RpcCall& call, Operation operation,
                     const std::string& model);

  const Speaker speaker_;
  const std::string target_;
  Mutex mutex_;
  std::shared_ptr<Connection> connection_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup::kserve

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_KSERVE_API_H_
