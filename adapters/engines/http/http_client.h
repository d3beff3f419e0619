#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CLIENT_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/endpoint.h"
#include "adapters/engines/http/sse_reader.h"
#include "adapters/engines/http/stop_signal.h"
#include "core/base/mutex.h"

namespace warmup {

class HttpConnection;

// Bounds of every call; beyond the last two the answer is refused.
inline constexpr absl::Duration kConnectTimeout = absl::Seconds(1);
inline constexpr absl::Duration kCancelLatency = absl::Milliseconds(20);
inline constexpr size_t kMaxAnswerBytes = size_t{8} << 20;
inline constexpr size_t kMaxAnswerHeaderBytes = size_t{64} << 10;
// Idle connections that are kept for the next call.
inline constexpr size_t kMaxIdleConnections = 4;

// What a server answered, whatever its status.
struct HttpResponse {
  int status = 0;
  std::string body;
  // What it says of when to come again (Retry-After); 0: nothing.
  absl::Duration retry_after;
};

// How long one call may take.
struct HttpCall {
  absl::Duration timeout = absl::Seconds(5);
  // Asked every kCancelLatency; true ends the call and its connection.
  // Empty: never.
  std::function<bool()> is_cancelled;
};

// How to listen to a stream of server-sent events. The callbacks run on the
// thread that listens.
struct HttpFeed {
  absl::Duration answer_timeout = absl::Seconds(5);  // until the stream begins
  // Without a byte, comments included. A silent stream is no dead one where the
  // server sends nothing to keep it alive; the kernel notices a dead peer.
  absl::Duration idle_timeout = absl::InfiniteDuration();
  size_t max_event_bytes = kMaxSseEventBytes;  // see SseReader
  std::function<void()> on_open = [] {};       // the stream has begun
  std::function<void(const SseEvent& event)> on_event;
};

// Calls one HTTP server: an engine. Each call blocks until the answer is whole,
// the time is over or it is cancelled. Redirects are not followed, a proxy is
// never used for this machine, and answers are bounded.
//
// Errors name the engine and its endpoint; the stable reasons are
//   UNAVAILABLE        ENGINE_UNAVAILABLE  no connection, none that lasted, or
//                                          not HTTP
//                      ENGINE_ANSWER_CUT   the answer ended too early
//                      ENGINE_ANSWER_TOO_LONG
//                      ENGINE_REDIRECTS
//   DEADLINE_EXCEEDED  ENGINE_TOO_SLOW
//   CANCELLED          CANCELLED
//
// Thread-safe. Keeps connections alive between calls; a call on one that the
// server has closed meanwhile is sent again on a new one.
class HttpClient {
 public:
  struct Options {
    std::string engine;        // the engine's id, for messages
    std::string endpoint;      // as ParseEndpoint reads it
    std::string bearer_token;  // empty: none
  };

  // INVALID_ARGUMENT naming the option that is wrong.
  static absl::StatusOr<std::unique_ptr<HttpClient>> Create(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const std::string& engine() const { return engine_; }
  const std::string& endpoint() const { return endpoint_.text; }
  // On this machine, as far as its address tells.
  bool is_local() const { return endpoint_.is_local; }

  // `path` begins with a slash and may hold a query.
  absl::StatusOr<HttpResponse> Get(std::string_view path, const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // `body` is JSON.
  absl::StatusOr<HttpResponse> Post(std::string_view path,
                                    const std::string& body,
                                    const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Gets `path`, a stream of server-sent events, and hands them on until `stop`
  // is given or the stream ends, and says why: never OK. Uses a connection of
  // its own, and no CPU while nothing comes. Besides the errors above:
  //   UNAVAILABLE          ENGINE_ANSWER_CUT  the stream has ended
  //                        ENGINE_FAILED      a status that may pass
  //   FAILED_PRECONDITION  NO_EVENT_STREAM    there is no such stream
  //   DEADLINE_EXCEEDED    ENGINE_TOO_SLOW    no answer within its time
  //                        ENGINE_SILENT      nothing came for the idle time
  absl::Status Listen(std::string_view path, const HttpFeed& feed,
                      const StopSignal& stop);

  // An error of this engine with the given reason: "engine X at Y: what".
  absl::Status Error(absl::StatusCode code, std::string_view reason,
                     std::string_view what) const;
  // The same about one of its models: "engine X at Y: model Z: what". `retry`:
  // when trying again may help.
  absl::Status ModelError(absl::StatusCode code, std::string_view reason,
                          const std::string& model, std::string_view what,
                          std::optional<absl::Duration> retry) const;

 private:
  HttpClient(std::string engine, Endpoint endpoint,
             std::vector<std::string> headers);
  // A null `body` makes it a GET.
  absl::StatusOr<HttpResponse> Call(std::string_view path,
                                    const std::string* body,
                                    const HttpCall& call)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // OK unless the call failed.
  absl::Status Judge(const HttpConnection& connection, const std::string& what,
                     absl::Duration timeout) const;
  std::unique_ptr<HttpConnection> Connect(const char* accept) const;
  std::unique_ptr<HttpConnection> Take() ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveBack(std::unique_ptr<HttpConnection> connection)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string engine_;
  const Endpoint endpoint_;
  const std::vector<std::string> headers_;
  Mutex mutex_;
  std::vector<std::unique_ptr<HttpConnection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CLIENT_H_
