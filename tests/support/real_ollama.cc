#include "tests/support/real_ollama.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// One that is free now; a server that is told 0 does not say which it got.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

std::string Sha256(const std::string& path) {
  FILE* pipe = popen(absl::StrCat("sha256sum '", path, "'").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string digest(64, '0');
  const size_t got = fread(digest.data(), 1, digest.size(), pipe);
  REQUIRE(pclose(pipe) == 0);
  REQUIRE(got == digest.size());
  return digest;
}

}  // namespace

RealOllama::RealOllama(std::string program, std::string models)
    : program_(std::move(program)),
      models_(std::move(models)),
      endpoint_(absl::StrCat("http://127.0.0.1:", FreePort())) {
  auto http = HttpClient::Create(
      {.engine = "user", .endpoint = endpoint_, .bearer_token = {}});
  REQUIRE(http.ok());
  http_ = *std::move(http);
  Start();
}

RealOllama::~RealOllama() { Kill(); }

void RealOllama::Start() {
  const std::string log = folder_.File("log");
  const std::string home = folder_.File("home");
  std::filesystem::create_directories(home);
  const std::string host = endpoint_.substr(7);
  const std::string store = folder_.File("models");
  const int fd =
      open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execl("/usr/bin/env", "env", absl::StrCat("HOME=", home).c_str(),
          absl::StrCat("OLLAMA_HOST=", host).c_str(),
          absl::StrCat("OLLAMA_MODELS=", store).c_str(), "OLLAMA_NO_CLOUD=1",
          program_.c_str(), "serve", nullptr);
    _exit(127);
  }
  close(fd);
  REQUIRE(Eventually([&] { return http_->Get("/api/version", {}).ok(); }));
}

void RealOllama::Kill() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RealOllama::Import(const std::string& stem) {
  const std::string path = absl::StrCat(models_, "/", stem, ".gguf");
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  REQUIRE_FALSE(bytes.empty());
  const std::string digest = absl::StrCat("sha256:", Sha256(path));
  const auto blob =
      http_->Post("/api/blobs/" + digest, bytes, {.timeout = kPatience});
  REQUIRE(blob.ok());
  REQUIRE(blob->status == 201);
  Post("/api/create",
       absl::StrCat(R"({"model":")", stem, R"(","files":{")", stem,
                    R"(.gguf":")", digest, R"("},"stream":false})"));
}

std::string RealOllama::Post(const std::string& path, const std::string& json) {
  const auto response = http_->Post(path, json, {.timeout = kPatience});
  INFO(path << ": " << response.status().ToString());
  REQUIRE(response.ok());
  INFO(response->body);
  REQUIRE(response->status == 200);
  return response->body;
}

bool RealOllama::IsRunning(const std::string& model) {
  const auto response = http_->Get("/api/ps", {.timeout = kPatience});
  REQUIRE(response.ok());
  return response->body.find(absl::StrCat("\"", model, ":latest\"")) !=
         std::string::npos;
}

}  // namespace warmup
