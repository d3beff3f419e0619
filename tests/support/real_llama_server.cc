#include "tests/support/real_llama_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const HttpCall kCall = {.timeout = kPatience};

}  // namespace

RealLlamaServer::RealLlamaServer(const Options& options)
    : port_(FreePort()),
      endpoint_(absl::StrCat("http://127.0.0.1:", port_)),
      process_({.command = CommandOf(options),
                .environment = {{"HOME", folder_.path()}},
                .folder = folder_.path(),
                .log_path = folder_.File("log"),
                .ready_url = endpoint_ + "/health"}) {
  auto http = HttpClient::Create(
      {.engine = "user", .endpoint = endpoint_, .bearer_token = {}});
  REQUIRE(http.ok());
  http_ = *std::move(http);
  process_.Start();
}

std::vector<std::string> RealLlamaServer::CommandOf(const Options& options) {
  // A folder that is named from where the server works, as users do it.
  const fs::path folder = folder_.File("models");
  fs::create_directories(folder);
  for (const char* name : {"tiny.gguf", "small.gguf", "embedder.gguf"}) {
    fs::copy_file(fs::path(options.models) / name, folder / name);
  }
  fs::copy_file(fs::path(options.models) / "tiny.gguf", folder / "broken.gguf");
  fs::resize_file(folder / "broken.gguf",
                  fs::file_size(folder / "broken.gguf") / 2);
  std::vector<std::string> command = {options.program,
                                      "--host",
                                      "127.0.0.1",
                                      "--port",
                                      std::to_string(port_),
                                      "--ctx-size",
                                      "512",
                                      "--parallel",
                                      "1",
                                      "--threads",
                                      "1"};
  if (options.single.empty()) {
    command.insert(command.end(),
                   {"--models-dir", "models", "--models-preset",
                    absl::StrCat(options.models, "/llama-server.ini")});
  } else {
    command.insert(command.end(),
                   {"--alias", options.single, "--model",
                    absl::StrCat("models/", options.single, ".gguf")});
  }
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return command;
}

void RealLlamaServer::HoldLoads(bool are_held) {
  for (const int fd : leases_) close(fd);
  leases_.clear();
  if (!are_held) return;
  for (const auto& entry : fs::directory_iterator(folder_.File("models"))) {
    const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    leases_.push_back(fd);
    // Whoever opens the file waits for us, who are told by a signal that does
    // nothing. It fails for a model that is in memory.
    REQUIRE(fcntl(fd, F_SETSIG, SIGURG) == 0);
    static_cast<void>(fcntl(fd, F_SETLEASE, F_WRLCK));
  }
}

std::string RealLlamaServer::StatusOf(const std::string& model) {
  for (const json& entry : Get("/models").value("data", json::array())) {
    if (entry.value("id", "") != model) continue;
    if (entry.contains("status")) return entry["status"].value("value", "");
    // A server of one model.
    return Get("/props").value("is_sleeping", false) ? "sleeping" : "loaded";
  }
  return {};
}

json RealLlamaServer::Get(const std::string& path) {
  const auto answer = http_->Get(path, kCall);
  if (!answer.ok() || answer->status != 200) return json::object();
  json body = json::parse(answer->body, nullptr, false);
  return body.is_object() ? body : json::object();
}

absl::Status RealLlamaServer::Post(const std::string& path,
                                   const std::string& json) {
  const auto answer = http_->Post(path, json, kCall);
  if (!answer.ok()) return answer.status();
  return answer->status == 200 ? absl::OkStatus()
                               : absl::UnknownError(answer->body);
}

absl::Status RealLlamaServer::Use(const std::string& model) {
  if (model == "embedder") {
    return Post("/v1/embeddings", R"({"model":"embedder","input":"hello"})");
  }
  return Post("/v1/completions",
              absl::StrCat(R"({"model":")", model, R"(","prompt":"hello",)",
                           R"("max_tokens":2})"));
}

std::string RealLlamaServer::StreamOf(const std::string& model, int tokens) {
  return absl::StrCat(R"({"model":")", model, R"(","prompt":"hello",)",
                      R"("stream":true,"ignore_eos":true,"temperature":0,)",
                      R"("n_predict":)", tokens, "}");
}

}  // namespace warmup
