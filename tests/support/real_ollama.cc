#include "tests/support/real_ollama.h"

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

RealOllama::RealOllama(const std::string& program, std::string models)
    : models_(std::move(models)),
      address_(absl::StrCat("127.0.0.1:", FreePort())),
      endpoint_("http://" + address_),
      process_({.command = {program, "serve"},
                .environment = {{"HOME", folder_.path()},
                                {"OLLAMA_HOST", address_},
                                {"OLLAMA_MODELS", folder_.File("models")},
                                {"OLLAMA_NO_CLOUD", "1"}},
                .folder = folder_.path(),
                .log_path = folder_.File("log"),
                .ready_url = endpoint_ + "/api/version"}) {
  auto http = HttpClient::Create(
      {.engine = "user", .endpoint = endpoint_, .bearer_token = {}});
  REQUIRE(http.ok());
  http_ = *std::move(http);
  Start();
}

void RealOllama::Import(const std::string& stem) {
  Make(stem, absl::StrCat(models_, "/", stem, ".gguf"));
}

void RealOllama::ImportCopy(const std::string& stem, const std::string& name) {
  // Made longer, it is another file to Ollama.
  const std::string path = folder_.File(name);
  std::filesystem::copy_file(absl::StrCat(models_, "/", stem, ".gguf"), path);
  const auto bytes = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, bytes + 64 * (digests_.size() + 1));
  Make(name, path);
}

void RealOllama::ImportDamaged(const std::string& stem,
                               const std::string& name) {
  ImportCopy(stem, name);
  const std::string blob = BlobOf(digests_.at(name));
  std::filesystem::resize_file(blob, std::filesystem::file_size(blob) / 2);
}

void RealOllama::Make(const std::string& name, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  REQUIRE_FALSE(bytes.empty());
  const std::string hash = Sha256(path);
  const auto blob =
      http_->Post("/api/blobs/sha256:" + hash, bytes, {.timeout = kPatience});
  REQUIRE(blob.ok());
  REQUIRE(blob->status == 201);
  Post("/api/create",
       absl::StrCat(R"({"model":")", name, R"(","files":{"x.gguf":"sha256:)",
                    hash, R"("},"stream":false})"));
  digests_[name] = hash;
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
