#include "bench/engines/inference_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

using nlohmann::json;

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kAskAgain = absl::Milliseconds(2);

}  // namespace

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Fail("no port is free");
  }
  close(fd);
  return ntohs(address.sin_port);
}

void Await(const std::string& what, const std::function<bool()>& is_so) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!is_so()) {
    if (absl::Now() > deadline) Fail(absl::StrCat("in vain waited for ", what));
    absl::SleepFor(kAskAgain);
  }
}

InferenceServer::InferenceServer(std::string kind, int port,
                                 const std::vector<std::string>& command,
                                 const std::string& folder)
    : kind_(std::move(kind)), process_(command, folder + "/log") {
  auto http =
      HttpClient::Create({.engine = kind_,
                          .endpoint = absl::StrCat("http://127.0.0.1:", port),
                          .bearer_token = {}});
  if (!http.ok()) Fail(http.status().ToString());
  http_ = *std::move(http);
}

std::string InferenceServer::Setting() const {
  return absl::StrCat("engines.servers=[{kind: ", kind_, ", endpoint: '",
                      http_->endpoint(), "'}]");
}

double InferenceServer::FirstTokenMs(const std::string& model) {
  // Its beginning is another one each time.
  const std::string prompt = absl::StrCat(++requests_, " lines of code");
  const double start = MonotonicSeconds();
  AskForOneToken(model, prompt);
  return 1e3 * (MonotonicSeconds() - start);
}

void InferenceServer::AwaitUnloaded(const std::string& model) {
  Await(model + " to be unloaded", [&] { return !IsLoaded(model); });
}

void InferenceServer::AwaitUp(const std::string& path) {
  Await(kind_, [&] {
    process_.MustBeAlive();
    const auto answer = http_->Get(path, {.timeout = kPatience});
    return answer.ok() && answer->status == 200;
  });
}

json InferenceServer::Get(const std::string& path) {
  return Read(path, http_->Get(path, {.timeout = kPatience}));
}

json InferenceServer::Post(const std::string& path, const json& body) {
  return Read(path, http_->Post(path, body.dump(), {.timeout = kPatience}));
}

void InferenceServer::PostBytes(const std::string& path,
                                const std::string& bytes) {
  const auto answer = http_->Post(path, bytes, {.timeout = kPatience});
  if (!answer.ok()) Fail(answer.status().ToString());
  if (answer->status >= 300) Fail(absl::StrCat(path, ": ", answer->body));
}

json InferenceServer::Read(const std::string& path,
                           const absl::StatusOr<HttpResponse>& answer) {
  if (!answer.ok()) Fail(answer.status().ToString());
  json body = json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || body.is_discarded()) {
    Fail(absl::StrCat(kind_, ": ", path, ": ", answer->status, " ",
                      answer->body));
  }
  return body;
}

}  // namespace warmup::bench
