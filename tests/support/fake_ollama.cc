#include "tests/support/fake_ollama.h"

#include <httplib.h>

#include <utility>

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
// How often a waiting call looks whether its caller is still there.
constexpr absl::Duration kLookAround = absl::Milliseconds(2);

}  // namespace

FakeOllama::FakeOllama() : server_(std::make_unique<httplib::Server>()) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(16); };
  server_->set_tcp_nodelay(true);
  const auto serve = [this](const Request& request, Response& response) {
    Serve(request, response);
  };
  server_->Get(".*", serve);
  server_->Post(".*", serve);
  const int port = server_->bind_to_any_port("127.0.0.1");
  REQUIRE(port > 0);
  endpoint_ = absl::StrCat("http://127.0.0.1:", port);
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  REQUIRE(Eventually([this] { return server_->is_running(); }));
}

FakeOllama::~FakeOllama() { Stop(); }

void FakeOllama::Stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.NotifyAll();
  }
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

void FakeOllama::Add(Model model) {
  if (model.digest.empty()) model.digest = "sha256:" + model.name;
  if (model.blob.empty()) model.blob = "/blobs/" + model.digest;
  MutexLock lock(mutex_);
  models_[model.name] = std::move(model);
}

void FakeOllama::Delete(const std::string& name) {
  MutexLock lock(mutex_);
  models_.erase(name);
}

void FakeOllama::Use(const std::string& name, absl::Duration keep_alive) {
  MutexLock lock(mutex_);
  Begin(name, keep_alive);
  End(name);
}

void FakeOllama::BeginStream(const std::string& name,
                             absl::Duration keep_alive) {
  MutexLock lock(mutex_);
  Begin(name, keep_alive);
}

void FakeOllama::EndStream(const std::string& name) {
  MutexLock lock(mutex_);
  End(name);
}

void FakeOllama::Drop(const std::string& name) {
  MutexLock lock(mutex_);
  runners_.erase(DigestOf(name));
}

void FakeOllama::SetExpiry(const std::string& name, absl::Time expires_at) {
  MutexLock lock(mutex_);
  runners_.at(DigestOf(name)).expires_at = expires_at;
}

void FakeOllama::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_loads_held_ = are_held;
  changed_.NotifyAll();
}

void FakeOllama::AwaitLoading(const std::string& name) {
  MutexLock lock(mutex_);
  while (loading_[name] == 0) changed_.Wait(mutex_);
}

void FakeOllama::AwaitAborted(int count) {
  MutexLock lock(mutex_);
  while (aborted_ < count) changed_.Wait(mutex_);
}

void FakeOllama::FailLoad(const std::string& name, int status,
                          const std::string& body) {
  MutexLock lock(mutex_);
  failures_[name] = {status, body};
}

void FakeOllama::LieAboutLoads() {
  MutexLock lock(mutex_);
  is_lying_ = true;
}

void FakeOllama::IgnoreDisconnects() {
  MutexLock lock(mutex_);
  ignores_disconnects_ = true;
}

void FakeOllama::ShowExpiryLate() {
  MutexLock lock(mutex_);
  is_expiry_late_ = true;
}

void FakeOllama::HoldUnloads() {
  MutexLock lock(mutex_);
  are_unloads_held_ = true;
}

void FakeOllama::Answer(const std::string& path, int status,
                        const std::string& body, const std::string& location) {
  MutexLock lock(mutex_);
  faults_[path] = [=](Response& response) {
    response.status = status;
    if (!location.empty()) response.set_header("Location", location);
    response.set_content(body, kJson);
  };
}

void FakeOllama::Hang(const std::string& path) {
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

void FakeOllama::CutAnswers(const std::string& path) {
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

void FakeOllama::AnswerWithoutEnd(const std::string& path) {
  MutexLock lock(mutex_);
  faults_[path] = [](Response& response) {
    response.set_chunked_content_provider(kJson, [](size_t, DataSink& sink) {
      static const std::string kBlock(65'536, '[');
      return sink.write(kBlock.data(), kBlock.size());
    });
  };
}

void FakeOllama::Heal() {
  MutexLock lock(mutex_);
  faults_.clear();
  failures_.clear();
}

void FakeOllama::Restart() {
  MutexLock lock(mutex_);
  runners_.clear();
}

int FakeOllama::CallCount(const std::string& path) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(path);
  return it == calls_.end() ? 0 : it->second;
}

std::vector<json> FakeOllama::Bodies(const std::string& path) const {
  MutexLock lock(mutex_);
  const auto it = bodies_.find(path);
  return it == bodies_.end() ? std::vector<json>() : it->second;
}

bool FakeOllama::IsLoaded(const std::string& name) const {
  MutexLock lock(mutex_);
  return runners_.contains(DigestOf(name));
}

absl::Time FakeOllama::ExpiryOf(const std::string& name) const {
  MutexLock lock(mutex_);
  return runners_.at(DigestOf(name)).expires_at;
}

std::string FakeOllama::Authorization() const {
  MutexLock lock(mutex_);
  return authorization_;
}

const FakeOllama::Model* FakeOllama::FindModel(const std::string& name) const {
  auto it = models_.find(name);
  if (it == models_.end()) it = models_.find(name + ":latest");
  return it == models_.end() ? nullptr : &it->second;
}

std::string FakeOllama::DigestOf(const std::string& name) const {
  const Model* model = FindModel(name);
  return model == nullptr ? "sha256:" + name : model->digest;
}

void FakeOllama::Begin(const std::string& name, absl::Duration keep_alive) {
  Runner& runner = runners_[DigestOf(name)];
  if (runner.shown.empty()) {
    const Model* model = FindModel(name);
    runner.shown = model == nullptr ? name : model->name;
  }
  runner.keep_alive = keep_alive;
  ++runner.requests;
}

void FakeOllama::End(const std::string& name) {
  Runner& runner = runners_.at(DigestOf(name));
  if (--runner.requests > 0) return;
  if (is_expiry_late_ && runner.has_expiry) {
    runner.shown_expiry = runner.expires_at;
    runner.late_looks = 1;
  }
  runner.expires_at = absl::Now() + runner.keep_alive;
  runner.has_expiry = true;
}

}  // namespace warmup
