#include "tests/support/fake_vllm.h"

#include <httplib.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;

bool IsDevPath(const std::string& path) {
  return path == "/sleep" || path == "/wake_up" || path == "/is_sleeping" ||
         path == "/collective_rpc";
}

}  // namespace

void FakeVllm::WithoutDevMode() {
  MutexLock lock(mutex_);
  has_dev_mode_ = false;
}

void FakeVllm::WithoutMetrics() {
  MutexLock lock(mutex_);
  has_metrics_ = false;
}

void FakeVllm::ShowLevels() {
  MutexLock lock(mutex_);
  shows_levels_ = true;
}

void FakeVllm::RequireToken(const std::string& token) {
  MutexLock lock(mutex_);
  token_ = token;
}

void FakeVllm::AddEntry(const json& entry) {
  MutexLock lock(mutex_);
  entries_.push_back(entry);
}

void FakeVllm::BeginUse() {
  MutexLock lock(mutex_);
  ++running_;
}

void FakeVllm::EndUse() {
  MutexLock lock(mutex_);
  if (running_ == 0) return;  // it was aborted
  --running_;
  ++served_;
}

void FakeVllm::SleepByHand(int level) {
  MutexLock lock(mutex_);
  Sleep(level);
}

void FakeVllm::WakeByHand() {
  MutexLock lock(mutex_);
  has_weights_ = has_cache_ = are_weights_right_ = true;
  level_ = 0;
}

void FakeVllm::Restart() {
  WakeByHand();
  MutexLock lock(mutex_);
  running_ = 0;
  served_ = 0;
}

void FakeVllm::HoldLoads(bool are_held) {
  MutexLock lock(mutex_);
  are_wakes_held_ = are_held;
  changed_.NotifyAll();
}

void FakeVllm::AwaitLoading(const std::string& /*model*/) {
  MutexLock lock(mutex_);
  while (waking_ == 0) changed_.Wait(mutex_);
}

void FakeVllm::LieAboutLoads(bool is_lying) {
  MutexLock lock(mutex_);
  is_lying_ = is_lying;
}

void FakeVllm::NeverSleep() {
  MutexLock lock(mutex_);
  never_sleeps_ = true;
}

bool FakeVllm::IsAwake() const {
  MutexLock lock(mutex_);
  return IsWhollyAwake();
}

bool FakeVllm::HasRightWeights() const {
  MutexLock lock(mutex_);
  return are_weights_right_;
}

int FakeVllm::aborted() const {
  MutexLock lock(mutex_);
  return aborted_;
}

std::vector<std::string> FakeVllm::Changes() const {
  MutexLock lock(mutex_);
  return changes_;
}

void FakeVllm::Serve(const Request& request, const json& body,
                     Response& response) {
  MutexLock lock(mutex_);
  const std::string& path = request.path;
  if (path.starts_with("/v1/") && !token_.empty() &&
      request.get_header_value("Authorization") != "Bearer " + token_) {
    AnswerStatus(401, {{"error", "Unauthorized"}}, response);
  } else if (path == "/v1/models") {
    ServeModels(response);
  } else if (path == "/version") {
    AnswerJson({{"version", "0.11.0"}}, response);
  } else if (path == "/health") {
    response.status = 200;
  } else if (path == "/metrics") {
    response.set_content(MetricsText(), "text/plain; version=0.0.4");
  } else if (has_dev_mode_ && IsDevPath(path)) {
    ServeDev(request, body, response);
  } else {
    AnswerStatus(404, {{"detail", "Not Found"}}, response);
  }
}

void FakeVllm::ServeModels(Response& response) {
  json data = json::array({{{"id", "m"},
                            {"object", "model"},
                            {"created", 1'700'000'000},
                            {"owned_by", "vllm"},
                            {"root", "org/m"},
                            {"parent", nullptr},
                            {"max_model_len", 32'768}}});
  for (const json& entry : entries_) data.push_back(entry);
  AnswerJson({{"object", "list"}, {"data", std::move(data)}}, response);
}

std::string FakeVllm::MetricsText() const {
  std::string text = "python_info{version=\"3.12\"} 1.0\n";
  if (!has_metrics_) return text;
  constexpr char kLabels[] = "{engine=\"0\",model_name=\"m\"";
  absl::StrAppend(&text, "vllm:num_requests_running", kLabels, "} ", running_,
                  ".0\nvllm:num_requests_waiting", kLabels, "} 0.0\n");
  absl::StrAppend(&text, "vllm:request_success_total", kLabels,
                  ",finished_reason=\"stop\"} ", served_ / 2,
                  "\nvllm:request_success_total", kLabels,
                  ",finished_reason=\"length\"} ", served_ - served_ / 2, "\n");
  if (!shows_levels_) return text;
  for (const auto& [state, level] :
       {std::pair("awake", 0), std::pair("weights_offloaded", 1),
        std::pair("discard_all", 2)}) {
    absl::StrAppend(&text, "vllm:engine_sleep_state", kLabels,
                    ",sleep_state=\"", state, "\"} ", level == level_ ? 1 : 0,
                    "\n");
  }
  return text;
}

void FakeVllm::ServeDev(const Request& request, const json& body,
                        Response& response) {
  const std::string& path = request.path;
  if (path != "/is_sleeping") {
    std::string change = path;
    for (const auto& [key, value] : request.params) {
      absl::StrAppend(&change, "?", key, "=", value);
    }
    changes_.push_back(change);
  }
  while (waking_ > 0 && !is_stopping_) changed_.Wait(mutex_);
  if (path == "/is_sleeping") {
    return AnswerJson({{"is_sleeping", !IsWhollyAwake()}}, response);
  }
  response.status = 200;
  if (path == "/sleep") {
    return Sleep(std::stoi(request.get_param_value("level")));
  }
  ++waking_;
  changed_.NotifyAll();
  while (are_wakes_held_ && !is_stopping_) changed_.Wait(mutex_);
  --waking_;
  changed_.NotifyAll();
  if (is_lying_) return;
  if (path == "/collective_rpc") {
    if (body.value("method", "") != "reload_weights" || !has_weights_) {
      return AnswerStatus(500, {{"error", "no memory for the weights"}},
                          response);
    }
    are_weights_right_ = true;
    return AnswerJson({{"results", {nullptr}}}, response);
  }
  const std::string tag = request.get_param_value("tags");
  if (tag != "kv_cache") {
    has_weights_ = true;
    if (level_ == 1) are_weights_right_ = true;
  }
  if (tag != "weights") has_cache_ = true;
  if (IsWhollyAwake()) level_ = 0;
}

void FakeVllm::Sleep(int level) {
  if (!IsWhollyAwake() || never_sleeps_) return;
  aborted_ += running_;
  running_ = 0;
  has_weights_ = has_cache_ = are_weights_right_ = false;
  level_ = level;
}

}  // namespace warmup
