#include "adapters/engines/http/http_client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// How much of a server's own words goes into a message.
constexpr size_t kMaxQuotedBytes = 200;

// Once a process, before any other use of libcurl.
bool InitCurl() {
  static const bool is_ready =
      curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return is_ready;
}

std::string Quoted(std::string_view text) {
  std::string result(text.substr(0, kMaxQuotedBytes));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; },
      '?');
  return result;
}

long Milliseconds(absl::Duration duration) {  // NOLINT(google-runtime-int)
  return static_cast<long>(absl::ToInt64Milliseconds(  // NOLINT
      std::clamp(duration, absl::Milliseconds(1), absl::Hours(24))));
}

// The answer as it comes in.
struct Inbox {
  HttpResponse response;
  size_t header_bytes = 0;
  bool has_whole_headers = false;
  bool is_too_long = false;
};

// Returning less than was handed over ends the transfer.
size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto& inbox = *static_cast<Inbox*>(user);
  inbox.is_too_long =
      size * count > kMaxAnswerBytes - inbox.response.body.size();
  if (inbox.is_too_long) return 0;
  inbox.response.body.append(data, size * count);
  return size * count;
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto& inbox = *static_cast<Inbox*>(user);
  const std::string_view line(data, size * count);
  inbox.has_whole_headers = line == "\r\n" || line == "\n";
  inbox.header_bytes += size * count;
  inbox.is_too_long = inbox.header_bytes > kMaxAnswerHeaderBytes;
  return inbox.is_too_long ? 0 : size * count;
}

// Our own children must not inherit a connection: it would stay open, and with
// it the load it asked for, after we have closed it.
curl_socket_t OpenSocket(void* /*user*/, curlsocktype /*purpose*/,
                         curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
}

}  // namespace

// One connection and what curl needs for a call on it. One call at a time.
// (A multi handle of our own, because curl's blocking call asks only once a
// second whether to go on.)
class HttpClient::Connection {
 public:
  Connection(const Endpoint& endpoint, const std::vector<std::string>& headers);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Prepare(const std::string& url, const std::string* body,
               absl::Duration timeout);
  // Leaves CURLE_ABORTED_BY_CALLBACK as the result when cancelled; the
  // connection is closed then.
  void Run(const HttpCall& call);
  CURLcode result() const { return result_; }

  Inbox& inbox() { return inbox_; }
  const Inbox& inbox() const { return inbox_; }
  std::string cause() const {
    return Quoted(error_[0] != '\0' ? error_.data()
                                    : curl_easy_strerror(result_));
  }
  absl::Duration elapsed() const {
    curl_off_t micros = 0;
    curl_easy_getinfo(easy_, CURLINFO_TOTAL_TIME_T, &micros);
    return absl::Microseconds(micros);
  }
  // Whether the call failed on a connection that the server had closed while
  // it was idle, before a word of an answer.
  bool WasStale() const {
    long connects = 0;  // NOLINT(google-runtime-int)
    curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connects);
    return connects == 0 && inbox_.header_bytes == 0 &&
           (result_ == CURLE_SEND_ERROR || result_ == CURLE_RECV_ERROR ||
            result_ == CURLE_GOT_NOTHING);
  }
  int status() const {
    long status = 0;  // NOLINT(google-runtime-int)
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }
  std::string redirect() const {
    const char* url = nullptr;
    curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &url);
    return url == nullptr ? "nowhere" : Quoted(url);
  }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    // Fails for options that this libcurl was built without: a bug of ours.
    [[maybe_unused]] const CURLcode code =
        curl_easy_setopt(easy_, option, value);
    WARMUP_DCHECK(code == CURLE_OK);
  }

  CURL* const easy_;
  CURLM* const multi_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  CURLcode result_ = CURLE_OK;
  Inbox inbox_;
};

HttpClient::Connection::Connection(const Endpoint& endpoint,
                                   const std::vector<std::string>& headers)
    : easy_(curl_easy_init()), multi_(curl_multi_init()) {
  WARMUP_DCHECK(easy_ != nullptr && multi_ != nullptr);
  for (const std::string& header : headers) {
    headers_ = curl_slist_append(headers_, header.c_str());
  }
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_HTTPHEADER, headers_);
  Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(kConnectTimeout));
  Set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(CURLOPT_ERRORBUFFER, error_.data());
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, &inbox_);
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, &inbox_);
  if (endpoint.is_local) Set(CURLOPT_PROXY, "");
  if (!endpoint.socket_path.empty()) {
    Set(CURLOPT_UNIX_SOCKET_PATH, endpoint.socket_path.c_str());
  }
}

HttpClient::Connection::~Connection() {
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
  curl_slist_free_all(headers_);
}

void HttpClient::Connection::Prepare(const std::string& url,
                                     const std::string* body,
                                     absl::Duration timeout) {
  inbox_ = {};
  error_[0] = '\0';
  Set(CURLOPT_URL, url.c_str());
  Set(CURLOPT_TIMEOUT_MS,
      timeout == absl::InfiniteDuration() ? 0L : Milliseconds(timeout));
  if (body == nullptr) {
    Set(CURLOPT_HTTPGET, 1L);
  } else {
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    Set(CURLOPT_COPYPOSTFIELDS, body->c_str());
  }
}

void HttpClient::Connection::Run(const HttpCall& call) {
  curl_multi_add_handle(multi_, easy_);
  const absl::Duration patience =
      call.is_cancelled ? kCancelLatency : absl::Seconds(1);
  result_ = CURLE_OK;
  for (int running = 1; running > 0;) {
    if (call.is_cancelled && call.is_cancelled()) {
      result_ = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
    CURLMcode code = curl_multi_perform(multi_, &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_multi_poll(multi_, nullptr, 0,
                             static_cast<int>(Milliseconds(patience)), nullptr);
    }
    if (code != CURLM_OK) {
      result_ = CURLE_OUT_OF_MEMORY;  // nothing else goes wrong there
      break;
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) result_ = message->data.result;
  }
  // Closes the connection when its answer has not ended.
  curl_multi_remove_handle(multi_, easy_);
}

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(
    Options options) {
  if (!InitCurl()) return absl::InternalError("libcurl cannot be initialised");
  if (options.engine.empty()) {
    return InvalidField("engine", "must not be empty");
  }
  WARMUP_ASSIGN_OR_RETURN(Endpoint endpoint, ParseEndpoint(options.endpoint));
  const std::string& token = options.bearer_token;
  if (std::any_of(token.begin(), token.end(),
                  [](char c) { return c <= ' ' || c > '~'; })) {
    return InvalidField("bearer_token",
                        "must be printable ASCII without spaces");
  }
  // An empty Expect: no waiting for a "100 Continue" before a body.
  std::vector<std::string> headers = {"Content-Type: application/json",
                                      "Accept: application/json", "Expect:"};
  if (!token.empty()) headers.push_back("Authorization: Bearer " + token);
  return std::unique_ptr<HttpClient>(new HttpClient(
      std::move(options.engine), std::move(endpoint), std::move(headers)));
}

HttpClient::HttpClient(std::string engine, Endpoint endpoint,
                       std::vector<std::string> headers)
    : engine_(std::move(engine)),
      endpoint_(std::move(endpoint)),
      headers_(std::move(headers)) {}

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpResponse> HttpClient::Get(std::string_view path,
                                             const HttpCall& call) {
  return Call(path, nullptr, call);
}

absl::StatusOr<HttpResponse> HttpClient::Post(std::string_view path,
                                              const std::string& body,
                                              const HttpCall& call) {
  return Call(path, &body, call);
}

absl::StatusOr<HttpResponse> HttpClient::Call(std::string_view path,
                                              const std::string* body,
                                              const HttpCall& call) {
  const std::string url = endpoint_.base_url + std::string(path);
  std::unique_ptr<Connection> connection = Take();
  connection->Prepare(url, body, call.timeout);
  connection->Run(call);
  if (connection->WasStale()) {
    connection = std::make_unique<Connection>(endpoint_, headers_);
    connection->Prepare(url, body, call.timeout);
    connection->Run(call);
  }
  const std::string what =
      absl::StrCat(body == nullptr ? "GET " : "POST ", std::string(path), ": ");
  WARMUP_RETURN_IF_ERROR(Judge(*connection, what, call.timeout));
  HttpResponse response = std::move(connection->inbox().response);
  response.status = connection->status();
  GiveBack(std::move(connection));
  return response;
}

absl::Status HttpClient::Judge(const Connection& connection,
                               const std::string& what,
                               absl::Duration timeout) const {
  const auto unavailable = [&](std::string_view reason, std::string_view why) {
    return Error(absl::StatusCode::kUnavailable, reason,
                 what + std::string(why));
  };
  const Inbox& inbox = connection.inbox();
  const CURLcode code = connection.result();
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return Error(absl::StatusCode::kCancelled, "CANCELLED", what + "cancelled");
  }
  if (inbox.is_too_long) {
    return unavailable(
        "ENGINE_ANSWER_TOO_LONG",
        absl::StrCat("the answer has more than ", kMaxAnswerBytes,
                     " bytes, or ", kMaxAnswerHeaderBytes, " of headers"));
  }
  if (code == CURLE_OPERATION_TIMEDOUT &&
      connection.elapsed() >= timeout - absl::Milliseconds(1)) {
    return Error(
        absl::StatusCode::kDeadlineExceeded, "ENGINE_TOO_SLOW",
        absl::StrCat(what, "no answer within ", absl::FormatDuration(timeout)));
  }
  if (inbox.header_bytes > 0 && code != CURLE_OK) {
    return unavailable("ENGINE_ANSWER_CUT",
                       "the answer ended too early: " + connection.cause());
  }
  if (code != CURLE_OK) {
    return unavailable("ENGINE_UNAVAILABLE", connection.cause());
  }
  if (!inbox.has_whole_headers) {  // which curl takes for an answer
    return unavailable("ENGINE_ANSWER_CUT", "the headers ended too early");
  }
  if (connection.status() < 300 || connection.status() >= 400) {
    return absl::OkStatus();
  }
  return unavailable(
      "ENGINE_REDIRECTS",
      absl::StrCat("wants to send us elsewhere, to ", connection.redirect(),
                   " (status ", connection.status(), "), where we do not go"));
}

absl::Status HttpClient::Error(absl::StatusCode code, std::string_view reason,
                               std::string_view what) const {
  return MakeError(code, reason,
                   absl::StrCat("engine \"", engine_, "\" at ", endpoint_.text,
                                ": ", std::string(what)),
                   {{"engine", engine_}, {"endpoint", endpoint_.text}});
}

absl::Status HttpClient::ModelError(absl::StatusCode code,
                                    std::string_view reason,
                                    const std::string& model,
                                    std::string_view what,
                                    std::optional<absl::Duration> retry) const {
  return MakeError(
      code, reason,
      absl::StrCat("engine \"", engine_, "\" at ", endpoint_.text, ": model \"",
                   model, "\": ", std::string(what)),
      {{"engine", engine_}, {"endpoint", endpoint_.text}, {"model", model}},
      retry);
}

std::unique_ptr<HttpClient::Connection> HttpClient::Take() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<Connection>(endpoint_, headers_);
}

void HttpClient::GiveBack(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  if (idle_.size() < kMaxIdleConnections) {
    idle_.push_back(std::move(connection));
  }
}

}  // namespace warmup
