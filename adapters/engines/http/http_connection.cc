#include "adapters/engines/http/http_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "adapters/engines/http/http_client.h"
#include "core/base/check.h"

namespace warmup {
namespace {

// How much of a server's own words goes into a message.
constexpr size_t kMaxQuotedBytes = 200;
// A server that wants to be left alone for longer is not believed.
constexpr absl::Duration kMaxRetryAfter = absl::Hours(1);
// How long a connection may be silent before the kernel asks whether the other
// side is still there.
constexpr long kKeepAliveSeconds = 60;  // NOLINT(google-runtime-int)

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

absl::Duration SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

// Our own children must not inherit a connection: it would stay open, and with
// it the load it asked for, after we have closed it.
curl_socket_t OpenSocket(void* /*user*/, curlsocktype /*purpose*/,
                         curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC,
                address->protocol);
}

}  // namespace

bool HttpConnection::InitCurl() {
  static const bool is_ready =
      curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return is_ready;
}

template <class Value>
void HttpConnection::Set(CURLoption option, Value value) {
  // Fails for options that this libcurl was built without: a bug of ours.
  [[maybe_unused]] const CURLcode code = curl_easy_setopt(easy_, option, value);
  WARMUP_DCHECK(code == CURLE_OK);
}

HttpConnection::HttpConnection(const Endpoint& endpoint,
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
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  if (endpoint.is_local) Set(CURLOPT_PROXY, "");
  if (!endpoint.socket_path.empty()) {
    Set(CURLOPT_UNIX_SOCKET_PATH, endpoint.socket_path.c_str());
  }
}

HttpConnection::~HttpConnection() {
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
  curl_slist_free_all(headers_);
}

void HttpConnection::Prepare(const std::string& url, const std::string* body,
                             absl::Duration timeout) {
  body_.clear();
  header_bytes_ = 0;
  has_whole_headers_ = false;
  is_too_long_ = false;
  is_open_ = false;
  is_silent_ = false;
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

void HttpConnection::Run(const std::function<bool()>& is_cancelled) {
  const absl::Duration patience =
      is_cancelled ? kCancelLatency : absl::Seconds(1);
  Begin();
  do {
    if (is_cancelled && is_cancelled()) {
      result_ = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
  } while (Step(patience, -1));
  End();
}

void HttpConnection::Listen(const Stream& stream, const StopSignal& stop) {
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  stream_ = &stream;
  last_byte_at_ = SteadyNow();
  const absl::Duration patience =
      stop.fd() >= 0 ? absl::InfiniteDuration() : kCancelLatency;
  absl::Duration left;
  Begin();
  do {
    left = (is_open_ ? stream.idle_timeout : stream.answer_timeout) -
           (SteadyNow() - last_byte_at_);
    is_silent_ = left <= absl::ZeroDuration();
    if (is_silent_ || stop.IsStopped()) {
      result_ = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
  } while (Step(std::min(left, patience), stop.fd()));
  End();
  stream_ = nullptr;
}

void HttpConnection::Begin() {
  result_ = CURLE_OK;
  curl_multi_add_handle(multi_, easy_);
}

bool HttpConnection::Step(absl::Duration patience, int wake) {
  int running = 0;
  CURLMcode code = curl_multi_perform(multi_, &running);
  if (code == CURLM_OK && running > 0) {
    curl_waitfd extra = {.fd = wake, .events = CURL_WAIT_POLLIN, .revents = 0};
    code = curl_multi_poll(multi_, &extra, wake >= 0 ? 1 : 0,
                           static_cast<int>(Milliseconds(patience)), nullptr);
  }
  if (code != CURLM_OK) result_ = CURLE_OUT_OF_MEMORY;  // all that may happen
  return code == CURLM_OK && running > 0;
}

void HttpConnection::End() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) result_ = message->data.result;
  }
  // Closes the connection when its answer has not ended.
  curl_multi_remove_handle(multi_, easy_);
}

bool HttpConnection::TakeHeader(std::string_view line) {
  header_bytes_ += line.size();
  is_too_long_ = header_bytes_ > kMaxAnswerHeaderBytes;
  has_whole_headers_ = line == "\r\n" || line == "\n";
  if (stream_ != nullptr && has_whole_headers_ && status() == 200 &&
      content_type() == stream_->content_type) {
    is_open_ = true;
    last_byte_at_ = SteadyNow();
    stream_->on_open();
  }
  return !is_too_long_;
}

bool HttpConnection::TakeBody(std::string_view bytes) {
  if (is_open_) {
    last_byte_at_ = SteadyNow();
    stream_->on_bytes(bytes);
    return true;
  }
  is_too_long_ = bytes.size() > kMaxAnswerBytes - body_.size();
  if (is_too_long_) return false;
  body_.append(bytes);
  return true;
}

// Returning less than was handed over ends the transfer.
size_t HttpConnection::OnHeader(char* data, size_t size, size_t count,
                                void* user) {
  auto& connection = *static_cast<HttpConnection*>(user);
  return connection.TakeHeader({data, size * count}) ? size * count : 0;
}

size_t HttpConnection::OnBody(char* data, size_t size, size_t count,
                              void* user) {
  auto& connection = *static_cast<HttpConnection*>(user);
  return connection.TakeBody({data, size * count}) ? size * count : 0;
}

int HttpConnection::status() const {
  long status = 0;  // NOLINT(google-runtime-int)
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::string HttpConnection::content_type() const {
  const char* type = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &type);
  if (type == nullptr) return {};
  const std::string_view whole = type;
  return Quoted(whole.substr(0, whole.find_first_of("; \t")));
}

bool HttpConnection::WasStale() const {
  long connects = 0;  // NOLINT(google-runtime-int)
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connects);
  return connects == 0 && !has_answer() &&
         (result_ == CURLE_SEND_ERROR || result_ == CURLE_RECV_ERROR ||
          result_ == CURLE_GOT_NOTHING);
}

absl::Duration HttpConnection::elapsed() const {
  curl_off_t micros = 0;
  curl_easy_getinfo(easy_, CURLINFO_TOTAL_TIME_T, &micros);
  return absl::Microseconds(micros);
}

std::string HttpConnection::cause() const {
  return Quoted(error_[0] != '\0' ? error_.data()
                                  : curl_easy_strerror(result_));
}

absl::Duration HttpConnection::retry_after() const {
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
  return std::clamp(absl::Seconds(seconds), absl::ZeroDuration(),
                    kMaxRetryAfter);
}

std::string HttpConnection::redirect() const {
  const char* url = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &url);
  return url == nullptr ? "nowhere" : Quoted(url);
}

}  // namespace warmup
