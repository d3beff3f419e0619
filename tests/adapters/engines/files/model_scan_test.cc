#include "adapters/engines/files/model_scan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/files/model_files.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

struct Scan {
  std::map<std::string, std::string> found;  // id to source
  // What was passed over: path to reason.
  std::vector<std::pair<std::string, std::string>> skipped;

  std::string ReasonFor(const std::string& path) const {
    for (const auto& [skipped_path, reason] : skipped) {
      if (skipped_path == path) return reason;
    }
    return "";
  }
};

Scan ScanRoots(const std::vector<std::string>& roots) {
  Scan scan;
  const auto models =
      ScanForModels(roots, [&](std::string_view path, const absl::Status& why) {
        CHECK_FALSE(why.ok());
        scan.skipped.emplace_back(path, GetErrorDetails(why).reason);
      });
  for (const FoundModel& model : models) {
    CHECK(ValidateId("id", model.id).ok());
    CHECK(ResolveModelFiles(model.source).ok());
    CHECK(scan.found.emplace(model.id, model.source).second);
  }
  return scan;
}

Scan ScanFolder(const TemporaryFolder& folder) {
  return ScanRoots({folder.Path("")});
}

using Found = std::map<std::string, std::string>;

constexpr char kDigest[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string Manifest(const std::string& digest) {
  return R"({"schemaVersion":2,"config":{"digest":"sha256:1"},"layers":[)"
         R"({"mediaType":"application/vnd.ollama.image.template",)"
         R"("digest":"sha256:2","size":1},)"
         R"({"mediaType":"application/vnd.ollama.image.model",)"
         R"("digest":")" +
         digest + R"(","size":5}]})";
}

}  // namespace

TEST_CASE("Scan: finds weights at any depth and names them by their stem") {
  const TemporaryFolder folder;
  const Found expected = {
      {"qwen2.5-coder-1.5b-q4_k_m",
       folder.Write("a/b/qwen2.5-coder-1.5b-q4_k_m.gguf", "w")},
      {"yolo", folder.Write("yolo.onnx", "w")}};
  folder.Write("readme.md", "no model");
  folder.Write("noextension", "no model");
  const Scan scan = ScanFolder(folder);
  CHECK(scan.found == expected);
  CHECK(scan.skipped.empty());
}

TEST_CASE("Scan: the parts of a split file are one model") {
  const TemporaryFolder folder;
  const std::string first = folder.Write("big-00001-of-00002.gguf", "w");
  folder.Write("big-00002-of-00002.gguf", "w");
  CHECK(ScanFolder(folder).found == Found{{"big", first}});
}

TEST_CASE("Scan: a folder with config.json and safetensors is one model") {
  const TemporaryFolder folder;
  folder.Write("bge-small/config.json", "{}");
  folder.Write("bge-small/model.safetensors", "w");
  folder.Write("bge-small/onnx/model.onnx", "w");
  CHECK(ScanFolder(folder).found ==
        Found{{"bge-small", folder.Path("bge-small")}});
}

TEST_CASE("Scan: GGUF files beside a config.json are models each") {
  const TemporaryFolder folder;
  folder.Write("repo/config.json", "{}");
  folder.Write("repo/m-q4.gguf", "w");
  folder.Write("repo/m-q8.gguf", "w");
  CHECK(ScanFolder(folder).found ==
        Found{{"m-q4", folder.Path("repo/m-q4.gguf")},
              {"m-q8", folder.Path("repo/m-q8.gguf")}});
}

TEST_CASE("Scan: a Hugging Face cache is its main revisions") {
  const TemporaryFolder folder;
  const std::string model = "hub/models--BAAI--bge-small-en/";
  folder.Write(model + "blobs/aa", "{}");
  folder.Write(model + "blobs/bb", "weights");
  folder.Write(model + "refs/main", "rev2\n");
  for (const std::string revision : {"rev1", "rev2"}) {
    folder.Link(model + "snapshots/" + revision + "/config.json",
                "../../blobs/aa");
    folder.Link(model + "snapshots/" + revision + "/model.safetensors",
                "../../blobs/bb");
  }
  const std::string quants = "hub/models--org--quants-GGUF/";
  folder.Write(quants + "blobs/cc", "weights");
  folder.Write(quants + "refs/main", "r");
  folder.Link(quants + "snapshots/r/q4.gguf", "../../blobs/cc");
  folder.Write("hub/models--org--half/refs/main", "../../../etc");
  folder.Write("hub/models--org--gone/refs/main", "nowhere");
  folder.Write("hub/models--org--none/blobs/dd", "x");
  folder.Write("hub/.locks/x.gguf", "hidden");

  const Scan scan = ScanFolder(folder);
  CHECK(scan.found ==
        Found{{"BAAI/bge-small-en", folder.Path(model + "snapshots/rev2")},
              {"q4", folder.Path(quants + "snapshots/r/q4.gguf")}});
  CHECK(scan.skipped.size() == 3);
  CHECK(scan.ReasonFor(folder.Path("hub/models--org--half")) == "NO_REVISION");
  CHECK(scan.ReasonFor(folder.Path(
            "hub/models--org--gone/snapshots/nowhere")) == "FILE_NOT_FOUND");
  CHECK(scan.ReasonFor(folder.Path("hub/models--org--none")) ==
        "FILE_NOT_FOUND");
}

TEST_CASE("Scan: an Ollama store is what `ollama list` shows") {
  const TemporaryFolder folder;
  const std::string manifests = "models/manifests/";
  const std::string blob =
      folder.Write(std::string("models/blobs/sha256-") + kDigest, "weights");
  const std::string good = Manifest(std::string("sha256:") + kDigest);
  folder.Write(manifests + "registry.ollama.ai/library/llama3.1/8b", good);
  folder.Write(manifests + "registry.ollama.ai/ann/tuned/latest", good);
  folder.Write(manifests + "hf.co/org/repo/Q4_K_M", good);
  // What is none must not become a path.
  const std::string odd = manifests + "registry.ollama.ai/library/odd/";
  folder.Write(odd + "missing", Manifest("sha256:" + std::string(64, 'a')));
  folder.Write(odd + "escape", Manifest("sha256:../../../../etc/passwd"));
  folder.Write(odd + "text", "not json");
  folder.Write(odd + "list", "[]");
  folder.Write(odd + "layers", R"({"layers":{"mediaType":5}})");
  folder.Write(odd + "large",
               std::string(static_cast<size_t>(kMaxManifestBytes) + 1, ' '));
  folder.Write(odd + "deep/er", good);

  const Scan scan = ScanFolder(folder);
  CHECK(scan.found == Found{{"llama3.1:8b", blob},
                            {"ann/tuned:latest", blob},
                            {"hf.co/org/repo:Q4_K_M", blob}});
  CHECK(scan.skipped.size() == 6);
  CHECK(scan.ReasonFor(folder.Path("models/blobs/sha256-" +
                                   std::string(64, 'a'))) == "BLOB_MISSING");
  for (const char* name : {"escape", "text", "list", "layers"}) {
    CHECK(scan.ReasonFor(folder.Path(odd + name)) == "MANIFEST_UNFIT");
  }
  CHECK(scan.ReasonFor(folder.Path(odd + "large")) == "FILE_TOO_LARGE");
}

TEST_CASE("Scan: two models of one name are told apart by their folders") {
  const TemporaryFolder folder;
  const Found expected = {{"m", folder.Write("a/m.gguf", "w")},
                          {"b/m", folder.Write("b/m.gguf", "w")},
                          {"c/b/m", folder.Write("c/b/m.gguf", "w")}};
  CHECK(ScanFolder(folder).found == expected);
  // Names do not depend on the order in which a folder lists its entries.
  CHECK(ScanFolder(folder).found == expected);
  CHECK(
      ScanRoots({folder.Path("b"), folder.Path("a")}).found ==
      Found{{"m", folder.Path("b/m.gguf")}, {"a/m", folder.Path("a/m.gguf")}});
}

TEST_CASE("Scan: what cannot be an id becomes one") {
  const TemporaryFolder folder;
  folder.Write("my model (v2).gguf", "w");
  folder.Write(
      "grö\xc3\x9f"
      "e/gr\xc3\xb6\xc3\x9f"
      "e.gguf",
      "w");
  const Scan scan = ScanFolder(folder);
  CHECK(scan.found.contains("my-model-(v2)"));
  CHECK(scan.found.contains("gr----e"));
  CHECK(SanitiseId("") == "model");
  CHECK(SanitiseId(std::string(1'000, 'x')).size() == limits::kMaxIdBytes);
}

TEST_CASE("Scan: links are followed, loops end, nothing is found twice") {
  const TemporaryFolder folder;
  const std::string elsewhere = folder.Write("real/m.gguf", "w");
  folder.Link("root/linked", "../real");
  folder.Link("root/again", "../real");
  folder.Link("root/loop", ".");
  folder.Link("root/up", "..");
  const Scan scan = ScanRoots(
      {folder.Path("root"), folder.Path("root"), folder.Path("real")});
  REQUIRE(scan.found.size() == 1);
  CHECK(fs::equivalent(scan.found.at("m"), elsewhere));
  CHECK(scan.skipped.empty());
}

TEST_CASE("Scan: everything it passes over is told") {
  const TemporaryFolder folder;
  folder.Write("root/ok.gguf", "w");
  folder.Write("root/empty.gguf", "");
  folder.Link("root/dangling.gguf", "nowhere");
  folder.Write("root/bad\xff.gguf", "w");
  folder.Write("root/new\nline.gguf", "w");
  folder.Write("root/.hidden/m.gguf", "not told: hidden");
  const Scan scan = ScanRoots(
      {folder.Path("none"), folder.Path("root/ok.gguf"), folder.Path("root")});
  CHECK(scan.found == Found{{"ok", folder.Path("root/ok.gguf")}});
  CHECK(scan.ReasonFor(folder.Path("none")) == "FILE_NOT_FOUND");
  CHECK(scan.ReasonFor(folder.Path("root/ok.gguf")) == "NOT_A_FOLDER");
  CHECK(scan.ReasonFor(folder.Path("root/empty.gguf")) == "MODEL_EMPTY");
  CHECK(scan.ReasonFor(folder.Path("root/dangling.gguf")) == "FILE_NOT_FOUND");
  CHECK(scan.ReasonFor(folder.Path("root/bad\xff.gguf")) == "PATH_UNFIT");
  CHECK(scan.ReasonFor(folder.Path("root/new\nline.gguf")) == "PATH_UNFIT");
  CHECK(scan.skipped.size() == 6);
}

TEST_CASE("Scan: depth and the number of models are bounded, and told") {
  const TemporaryFolder folder;
  std::string deep = "deep";
  for (int i = 0; i <= kMaxScanDepth; ++i) deep += "/d";
  folder.Write(deep + "/m.gguf", "w");
  Scan scan = ScanRoots({folder.Path("deep")});
  CHECK(scan.found.empty());
  REQUIRE(scan.skipped.size() == 1);
  CHECK(scan.skipped[0].second == "SCAN_LIMIT");

  const std::string one = folder.Write("many/m.gguf", "w");
  for (size_t i = 0; i < limits::kMaxModels; ++i) {
    fs::create_hard_link(one,
                         folder.Path("many/" + std::to_string(i) + ".gguf"));
  }
  scan = Scan();
  const auto found = ScanForModels(
      {folder.Path("many")}, [&](std::string_view, const absl::Status& why) {
        scan.skipped.emplace_back("", GetErrorDetails(why).metadata["limit"]);
      });
  CHECK(found.size() == limits::kMaxModels);
  REQUIRE(scan.skipped.size() == 1);
  CHECK(scan.skipped[0].second == "kMaxModels");
}

}  // namespace warmup
