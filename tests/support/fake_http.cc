#include "tests/support/fake_http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

using httplib::DataSink;
using httplib::Request;
using httplib::Response;
using nlohmann::json;

constexpr char kJson[] = "application/json";

// httplib's own SO_REUSEPORT would let another test's fake take over a port
// while we listen on it, and answer half of the calls.
void LeavePortToOne(socket_t fd) {
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

FakeHttp::FakeHttp() : server_(std::make_unique<httplib::Server>()) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(16); };
  server_->set_socket_options(LeavePortToOne);
  server_->set_tcp_nodelay(true);
  // Stop waits for idle connections as long.
  server_->set_keep_alive_timeout(1);
  const auto take = [this](const Request& request, Response& response) {
    Take(request, response);
  };
  server_->Get(".*", take);
  server_->Post(".*", take);
  port_ = server_->bind_to_any_port("127.0.0.1");
  REQUIRE(port_ > 0);
  endpoint_ = absl::StrCat("http://127.0.0.1:", port_);
}

FakeHttp::~FakeHttp() { Stop(); }

void FakeHttp::Start() { Listen(); }

void FakeHttp::StartAgain() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = false;
  }
  REQUIRE(server_->bind_to_port("127.0.0.1", port_));
  Listen();
}

void FakeHttp::Listen() {
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  REQUIRE(Eventually([this] { return server_->is_running(); }));
}

void FakeHttp::Stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.NotifyAll();
  }
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

void FakeHttp::Take(const Request& request, Response& response) {
  const json body = json::parse(request.body, nullptr, false);
  Handler fault;
  {
    MutexLock lock(mutex_);
    ++calls_[request.path];
    if (!body.is_discarded()) bodies_[request.path].push_back(body);
    authorization_ = request.get_header_value("Authorization");
    auto it = faults_.find(request.path);
    if (it == faults_.end()) it = faults_.find(kEveryPath);
    if (it != faults_.end()) fault = it->second;
    changed_.NotifyAll();
    const absl::Time due = absl::Now() + delay_;
    while (!is_stopping_ && absl::Now() < due) {
      changed_.WaitFor(mutex_, due - absl::Now());
    }
  }
  fault ? fault(response) : Serve(request, body, response);
}

void FakeHttp::Answer(const std::string& path, int status,
                      const std::string& body, const std::string& location) {
  MutexLock lock(mutex_);
  faults_[path] = [=](Response& response) {
    response.status = status;
    if (!location.empty()) response.set_header("Location", location);
    response.set_content(body, kJson);
  };
}

void FakeHttp::Hang(const std::string& path) {
  MutexLock lock(mutex_);
  faults_[path] = [this](Response& response) {
    response.set_chunked_content_provider(
        kJson, [this](size_t, DataSink& sink) {
          MutexLock hang_lock(mutex_);
          changed_.WaitFor(mutex_, kLookAround);
          return !is_stopping_ && sink.is_writable();
        });
  };
}

void FakeHttp::CutAnswers(const std::string& path) {
  MutexLock lock(mutex_);
  faults_[path] = [](Response& response) {
    static constexpr std::string_view kBegin = "{\"models\":[";
    response.set_content_provider(2 * kBegin.size(), kJson,
                                  [](size_t offset, size_t, DataSink& sink) {
                                    if (offset == 0)
                                      sink.write(kBegin.data(), kBegin.size());
                                    return offset == 0;
                                  });
  };
}

void FakeHttp::AnswerWithoutEnd(const std::string& path) {
  MutexLock lock(mutex_);
  faults_[path] = [](Response& response) {
    response.set_chunked_content_provider(kJson, [](size_t, DataSink& sink) {
      static const std::string kBlock(65'536, '[');
      return sink.write(kBlock.data(), kBlock.size());
    });
  };
}

void FakeHttp::AnswerAfter(absl::Duration delay) {
  MutexLock lock(mutex_);
  delay_ = delay;
}

void FakeHttp::Heal() {
  MutexLock lock(mutex_);
  delay_ = absl::ZeroDuration();
  faults_.clear();
}

int FakeHttp::CallCount(const std::string& path) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(path);
  return it == calls_.end() ? 0 : it->second;
}

std::vector<json> FakeHttp::Bodies(const std::string& path) const {
  MutexLock lock(mutex_);
  const auto it = bodies_.find(path);
  return it == bodies_.end() ? std::vector<json>() : it->second;
}

std::string FakeHttp::Authorization() const {
  MutexLock lock(mutex_);
  return authorization_;
}

void FakeHttp::AnswerJson(const json& body, Response& response) {
  response.set_content(body.dump(), kJson);
}

void FakeHttp::AnswerStatus(int status, const json& body, Response& response) {
  response.status = status;
  AnswerJson(body, response);
}

}  // namespace warmup
