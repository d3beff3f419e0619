#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CONNECTION_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CONNECTION_H_

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/http/endpoint.h"
#include "adapters/engines/http/stop_signal.h"

namespace warmup {

// Of HttpClient: one connection and what curl needs for a call on it. One call
// at a time, each begun with Prepare.
// (A multi handle of our own, because curl's blocking call asks only once a
// second whether to go on.)
class HttpConnection {
 public:
  // An answer that is handed on as it comes.
  struct Stream {
    std::string_view content_type;  // without parameters
    absl::Duration answer_timeout;  // until its headers are there
    absl::Duration idle_timeout;    // then, from one byte to the next
    std::function<void()> on_open;
    std::function<void(std::string_view bytes)> on_bytes;
  };

  // Once a process, before any other use of libcurl. False: it is unusable.
  static bool InitCurl();

  HttpConnection(const Endpoint& endpoint,
                 const std::vector<std::string>& headers);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // A null `body` makes it a GET.
  void Prepare(const std::string& url, const std::string* body,
               absl::Duration timeout);
  // Keeps the answer. Both of these leave CURLE_ABORTED_BY_CALLBACK as the
  // result when they were told to end; the connection is closed then.
  void Run(const std::function<bool()>& is_cancelled);
  // Hands the answer on, if it has the status 200 and the right type; keeps it
  // otherwise. Returns when it ends.
  void Listen(const Stream& stream, const StopSignal& stop);

  CURLcode result() const { return result_; }
  int status() const;
  std::string content_type() const;
  // Of a Retry-After; 0: there is none.
  absl::Duration retry_after() const;
  std::string& body() { return body_; }
  bool has_answer() const { return header_bytes_ > 0; }
  bool has_whole_headers() const { return has_whole_headers_; }
  bool is_too_long() const { return is_too_long_; }
  // Whether the answer was handed on, and whether Listen gave it up.
  bool is_open() const { return is_open_; }
  bool is_silent() const { return is_silent_; }
  // Whether the call failed on a connection that the server had closed while
  // it was idle, before a word of an answer.
  bool WasStale() const;
  absl::Duration elapsed() const;
  // In words, of printable characters.
  std::string cause() const;
  std::string redirect() const;

 private:
  template <class Value>
  void Set(CURLoption option, Value value);
  void Begin();
  // Waits until there was something to do or to read from `wake`; false when
  // the call is over.
  bool Step(absl::Duration patience, int wake);
  void End();
  // Bytes of the answer; false ends the call.
  bool TakeHeader(std::string_view line);
  bool TakeBody(std::string_view bytes);
  static size_t OnHeader(char* data, size_t size, size_t count, void* user);
  static size_t OnBody(char* data, size_t size, size_t count, void* user);

  CURL* const easy_;
  CURLM* const multi_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  CURLcode result_ = CURLE_OK;
  // The answer as it comes in.
  std::string body_;
  size_t header_bytes_ = 0;
  bool has_whole_headers_ = false;
  bool is_too_long_ = false;
  // Of a call of Listen.
  const Stream* stream_ = nullptr;
  bool is_open_ = false;
  bool is_silent_ = false;
  absl::Duration last_byte_at_;  // on a clock that does not jump
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_HTTP_CONNECTION_H_
