// The paths of the fake llama-swap.

#include <httplib.h>

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_llama_swap.h"

namespace warmup {
namespace {

using httplib::DataSink;
using httplib::Response;
using nlohmann::json;

constexpr char kReady[] = R"({"status":"ok"})";
constexpr std::string_view kUpstream = "/upstream/";
constexpr std::string_view kUnload = "/api/models/unload/";

// As the feed has it: JSON in a string in JSON, with the type first.
std::string Event(const std::string& type, const json& data) {
  return absl::StrCat("event:message\ndata:{\"type\":\"", type,
                      "\",\"data\":", json(data.dump()).dump(), "}\n\n");
}

}  // namespace

void FakeLlamaSwap::Serve(const httplib::Request& request, const json& body,
                          Response& response) {
  static_cast<void>(body);
  const std::string& path = request.path;
  const bool is_post = request.method == "POST";
  if (path == "/health" && !is_post) {
    response.set_content("OK", "text/plain");
  } else if (path == "/api/version" && !is_post) {
    AnswerJson({{"version", "250"}, {"commit", "0bdb372"}}, response);
  } else if (path == "/v1/models" && !is_post) {
    ServeModels(response);
  } else if (path == "/running" && !is_post) {
    ServeRunning(response);
  } else if (path.starts_with(kUpstream)) {
    ServeUpstream(path.substr(kUpstream.size()), response);
  } else if (path.starts_with(kUnload) && is_post) {
    ServeUnload(path.substr(kUnload.size()), response);
  } else if (path == "/api/events" && !is_post) {
    ServeFeed(response);
  } else {
    response.status = 404;
    response.set_content("404 page not found\n", "text/plain");
  }
}

void FakeLlamaSwap::ServeModels(Response& response) {
  MutexLock lock(mutex_);
  json data = json::array();
  for (const auto& [name, model] : models_) {
    if (model.is_unlisted) continue;
    json own = {{"type", model.type}};
    if (!model.aliases.empty()) own["aliases"] = model.aliases;
    data.push_back(
        {{"id", name},
         {"object", "model"},
         {"created", 1'790'000'000},
         {"owned_by", "llama-swap"},
         {"meta", {{"llamaswap", own}}},
         {"status",
          {{"value",
            processes_[name].state == "stopped" ? "unloaded" : "loaded"}}}});
  }
  AnswerJson({{"object", "list"}, {"data", std::move(data)}}, response);
}

void FakeLlamaSwap::ServeRunning(Response& response) {
  MutexLock lock(mutex_);
  ExpireIdle();
  json running = json::array();
  for (const auto& [name, model] : models_) {
    if (processes_[name].state == "stopped") continue;
    running.push_back({{"model", name},
                       {"state", processes_[name].state},
                       {"cmd", "llama-server --port 1"},
                       {"proxy", model.proxy},
                       {"ttl", absl::ToInt64Seconds(model.ttl)},
                       {"name", ""},
                       {"description", ""}});
  }
  AnswerJson({{"running", std::move(running)}}, response);
}

void FakeLlamaSwap::ServeUpstream(const std::string& path, Response& response) {
  const size_t slash = path.rfind('/');
  MutexLock lock(mutex_);
  const Model* model = FindModel(path.substr(0, std::min(slash, path.size())));
  if (model == nullptr) return AnswerError(404, "model not found", response);
  const std::string name = model->name;
  Process& process = processes_[name];
  if (RequestsOn(name) + process.waiting >= kRequestLimit) {
    return AnswerError(429, "Too many requests", response);
  }
  if (is_lying_) return response.set_content(kReady, "application/json");
  const int ends = process.ends;
  Want(name);
  if (process.is_wanted) return ServeQueued(name, response);
  ++process.waiting;
  changed_.NotifyAll();
  while (!is_stopping_ && process.state != "ready" && process.ends == ends) {
    changed_.Wait(mutex_);
  }
  --process.waiting;
  changed_.NotifyAll();
  if (process.ends == ends) {
    response.status = health_status_;
    return response.set_content(kReady, "application/json");
  }
  AnswerError(500, process.why, response);
}

// A load that has not begun is dropped when nobody waits for it any more.
void FakeLlamaSwap::ServeQueued(const std::string& name, Response& response) {
  ++processes_[name].waiting;
  changed_.NotifyAll();
  response.set_chunked_content_provider(
      "application/json", [this, name](size_t, DataSink& sink) {
        MutexLock lock(mutex_);
        Process& process = processes_[name];
        const bool is_there = !is_stopping_ && sink.is_writable();
        if (is_there && process.state != "ready") {
          changed_.WaitFor(mutex_, kLookAround);
          return true;
        }
        if (!is_there && process.waiting == 1 && RequestsOn(name) == 0) {
          process.is_wanted = false;
        }
        --process.waiting;
        changed_.NotifyAll();
        if (!is_there) return false;
        sink.write(kReady, sizeof(kReady) - 1);
        sink.done();
        return true;
      });
}

void FakeLlamaSwap::ServeUnload(const std::string& path, Response& response) {
  MutexLock lock(mutex_);
  const Model* model = FindModel(path);
  if (model == nullptr) return AnswerError(404, "model not found", response);
  const std::string name = model->name;
  Unload(name);
  while (!is_stopping_ && processes_[name].state == "stopping") {
    changed_.Wait(mutex_);
  }
  response.set_content("OK", "text/plain");
}

void FakeLlamaSwap::ServeFeed(Response& response) {
  MutexLock lock(mutex_);
  if (feed_ == Feed::kNone) {
    response.status = 404;
    response.set_content("404 page not found\n", "text/plain");
    return;
  }
  std::string begin = Event("logData", {{"source", "proxy"}, {"data", "a\nb"}});
  begin += Event("logData", {{"source", "upstream"}, {"data", ""}});
  begin += Event("modelStatus", States());
  begin += Event("uiConfig", json::object());
  begin += Event("inflight", feed_ == Feed::kCounts
                                 ? json{{"total", requests_.size()}}
                                 : Requests());
  // What it was sent, and where it is in what all are sent.
  struct Listener {
    std::string begin;
    size_t at = 0;
    int feed_number = 0;
  };
  const auto listener = std::make_shared<Listener>(
      Listener{std::move(begin), sent_.size(), feed_number_});
  response.set_chunked_content_provider(
      "text/event-stream",
      [this, listener](size_t, DataSink& sink) {
        std::string text = listener->begin;
        if (!text.empty()) {
          if (!sink.write(text.data(), text.size())) return false;
          listener->begin.clear();
          MutexLock feed_lock(mutex_);
          ++listeners_;
          changed_.NotifyAll();
          return true;
        }
        {
          MutexLock feed_lock(mutex_);
          if (listener->at == sent_.size()) {
            changed_.WaitFor(mutex_, kLookAround);
          }
          text = sent_.substr(listener->at);
          listener->at = sent_.size();
          if (is_stopping_ || listener->feed_number != feed_number_ ||
              !sink.is_writable()) {
            return false;
          }
        }
        return text.empty() || sink.write(text.data(), text.size());
      },
      [this, listener](bool) {
        MutexLock feed_lock(mutex_);
        if (listener->begin.empty()) --listeners_;
        changed_.NotifyAll();
      });
}

void FakeLlamaSwap::Emit(const std::string& type, const json& data) {
  sent_ += Event(type, data);
  changed_.NotifyAll();
}

void FakeLlamaSwap::AnswerError(int status, const std::string& words,
                                Response& response) const {
  AnswerStatus(
      status,
      {{"src", "llama-swap"},
       {"error",
        {{"message", words}, {"type", "server_error"}, {"param", nullptr}}}},
      response);
}

}  // namespace warmup
