#include "adapters/engines/http/http_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/http_connection.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kEventStream[] = "text/event-stream";

}  // namespace

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(
    Options options) {
  if (!HttpConnection::InitCurl())
    return absl::InternalError("libcurl cannot be initialised");
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
                                      "Expect:"};
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
  std::unique_ptr<HttpConnection> connection = Take();
  connection->Prepare(url, body, call.timeout);
  connection->Run(call.is_cancelled);
  if (connection->WasStale()) {
    connection = Connect(kJson);
    connection->Prepare(url, body, call.timeout);
    connection->Run(call.is_cancelled);
  }
  const std::string what =
      absl::StrCat(body == nullptr ? "GET " : "POST ", std::string(path), ": ");
  WARMUP_RETURN_IF_ERROR(Judge(*connection, what, call.timeout));
  HttpResponse response{.status = connection->status(),
                        .body = std::move(connection->body()),
                        .retry_after = connection->retry_after()};
  GiveBack(std::move(connection));
  return response;
}

absl::Status HttpClient::Listen(std::string_view path, const HttpFeed& feed,
                                const StopSignal& stop) {
  const std::string what = absl::StrCat("GET ", std::string(path), ": ");
  SseReader reader(feed.on_event, feed.max_event_bytes);
  const std::unique_ptr<HttpConnection> connection = Connect(kEventStream);
  connection->Prepare(endpoint_.base_url + std::string(path), nullptr,
                      absl::InfiniteDuration());
  connection->Listen(
      {.content_type = kEventStream,
       .answer_timeout = feed.answer_timeout,
       .idle_timeout = feed.idle_timeout,
       .on_open = feed.on_open,
       .on_bytes = [&](std::string_view bytes) { reader.Read(bytes); }},
      stop);
  if (connection->is_silent()) {
    const bool is_open = connection->is_open();
    return Error(
        absl::StatusCode::kDeadlineExceeded,
        is_open ? "ENGINE_SILENT" : "ENGINE_TOO_SLOW",
        absl::StrCat(what, is_open ? "nothing came for " : "no answer within ",
                     absl::FormatDuration(is_open ? feed.idle_timeout
                                                  : feed.answer_timeout)));
  }
  WARMUP_RETURN_IF_ERROR(Judge(*connection, what, absl::InfiniteDuration()));
  if (connection->is_open()) {
    return Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_CUT",
                 what + "the stream of events ended");
  }
  const int status = connection->status();
  // What may pass: it is asked to wait, or something is broken.
  const bool is_passing = status == 429 || (status >= 500 && status != 501);
  return Error(is_passing ? absl::StatusCode::kUnavailable
                          : absl::StatusCode::kFailedPrecondition,
               is_passing ? "ENGINE_FAILED" : "NO_EVENT_STREAM",
               absl::StrCat(what, "no stream of events but status ", status,
                            " and \"", connection->content_type(), "\" ",
                            json_answer::ReadError(connection->body())));
}

absl::Status HttpClient::Judge(const HttpConnection& connection,
                               const std::string& what,
                               absl::Duration timeout) const {
  const auto unavailable = [&](std::string_view reason, std::string_view why) {
    return Error(absl::StatusCode::kUnavailable, reason,
                 what + std::string(why));
  };
  const CURLcode code = connection.result();
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return Error(absl::StatusCode::kCancelled, "CANCELLED", what + "cancelled");
  }
  if (connection.is_too_long()) {
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
  if (connection.has_answer() && code != CURLE_OK) {
    return unavailable("ENGINE_ANSWER_CUT",
                       "the answer ended too early: " + connection.cause());
  }
  if (code != CURLE_OK) {
    return unavailable("ENGINE_UNAVAILABLE", connection.cause());
  }
  if (!connection.has_whole_headers()) {  // which curl takes for an answer
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

std::unique_ptr<HttpConnection> HttpClient::Connect(const char* accept) const {
  std::vector<std::string> headers = headers_;
  headers.push_back(absl::StrCat("Accept: ", accept));
  return std::make_unique<HttpConnection>(endpoint_, headers);
}

std::unique_ptr<HttpConnection> HttpClient::Take() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<HttpConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return Connect(kJson);
}

void HttpClient::GiveBack(std::unique_ptr<HttpConnection> connection) {
  MutexLock lock(mutex_);
  if (idle_.size() < kMaxIdleConnections) {
    idle_.push_back(std::move(connection));
  }
}

}  // namespace warmup
