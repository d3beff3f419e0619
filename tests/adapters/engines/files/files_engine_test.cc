// The engine on real files on a real disk: what it says is compared with what
// mincore tells the test.

#include "adapters/engines/files/files_engine.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/adapters/engines/files/engine_fixture.h"
#include "tests/adapters/engines/files/header_samples.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

PageAccess AnyAccess() {
  return GENERATE(PageAccess::kFast, PageAccess::kPortable);
}

}  // namespace

TEST_CASE("FilesEngine: a load makes a model resident and says how it went") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({.page_access = AnyAccess()});
  const ModelSpec spec = Model("m", path);
  CHECK(engine.Measure(spec)->tier == Tier::kCold);
  CHECK(engine.Measure(spec)->total_bytes == kWeights);

  TestControl control;
  const auto result = engine.Load(spec, control);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  CHECK(result->read_bytes == kWeights);
  CHECK(result->residency.tier == Tier::kReady);
  CHECK(result->residency.resident_bytes == kWeights);
  CHECK(InMemory(path) == kWeights);
  CHECK(engine.Measure(spec)->tier == Tier::kReady);
  // From nothing to all, in steps that a person can watch.
  const std::vector<int64_t>& done = control.progress();
  CHECK(done.front() == 0);
  CHECK(done.back() == kWeights);
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(done.size() == 1 + (kWeights + kStep - 1) / kStep);
  CHECK(control.total() == kWeights);
}

TEST_CASE("FilesEngine: a second load reads nothing") {
  const TemporaryFolder folder;
  const ModelSpec spec = Model("m", folder.WriteWeights("m.bin", kWeights));
  FilesEngine engine({.page_access = AnyAccess()});
  REQUIRE(LoadOk(engine, spec).read_bytes == kWeights);
  CHECK(LoadOk(engine, spec).read_bytes == 0);
  // Neither does one by an engine that never heard of it.
  FilesEngine other({});
  CHECK(LoadOk(other, spec).read_bytes == 0);
}

TEST_CASE("FilesEngine: reads what is missing, and counts that") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  MakeWarm(path, kStep, kStep);
  const int64_t before = InMemory(path);
  REQUIRE(before >= kStep);
  FilesEngine engine({.page_access = AnyAccess()});
  CHECK(engine.Measure(Model("m", path))->tier == Tier::kHost);
  CHECK(LoadOk(engine, Model("m", path)).read_bytes == kWeights - before);
  CHECK(InMemory(path) == kWeights);
}

TEST_CASE("FilesEngine: an unload gives the memory back, again and again") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({.page_access = AnyAccess()});
  const ModelSpec spec = Model("m", path);
  for (int round = 0; round < 3; ++round) {
    CHECK(LoadOk(engine, spec).read_bytes == kWeights);
    CHECK(engine.Unload(spec).ok());
    CHECK(InMemory(path) == 0);
    CHECK(engine.Measure(spec)->tier == Tier::kCold);
    CHECK(engine.Unload(spec).ok());  // idempotent
  }
}

TEST_CASE("FilesEngine: warms and cools what somebody else left in memory") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  MakeWarm(path, 0, kWeights);
  FilesEngine engine({});
  CHECK(engine.Measure(Model("m", path))->tier == Tier::kReady);
  CHECK(engine.Unload(Model("m", path)).ok());
  CHECK(InMemory(path) == 0);
}

TEST_CASE("FilesEngine: pages that were just written are given back, too") {
  const TemporaryFolder folder;
  const std::string path = folder.Path("m.bin");
  std::ofstream(path) << std::string(static_cast<size_t>(kWeights), 'd');
  FilesEngine engine({});
  CHECK(LoadOk(engine, Model("m", path)).read_bytes == 0);
  CHECK(engine.Unload(Model("m", path)).ok());
  CHECK(InMemory(path) == 0);
}

TEST_CASE("FilesEngine: a split GGUF is loaded whole from any of its parts") {
  const TemporaryFolder folder;
  std::vector<std::string> parts;
  for (int i = 1; i <= 3; ++i) {
    GgufWriter writer = SampleGguf();
    writer.Tensor("data", {static_cast<uint64_t>(i) << 20});
    parts.push_back(folder.Write(
        "m-0000" + std::to_string(i) + "-of-00003.gguf", writer.Bytes()));
    MakeCold(parts.back());
  }
  FilesEngine engine({});
  const auto described = engine.Describe(Model("m", parts[1]));
  REQUIRE(described.ok());
  CHECK(described->format == "gguf");
  CHECK(described->labels.at("parameters") ==
        std::to_string(3 * 40 + (6 << 20)));
  int64_t total = 0;
  for (const std::string& part : parts) {
    total += static_cast<int64_t>(fs::file_size(part));
    MakeCold(part);
  }
  CHECK(described->size_bytes == total);
  const LoadResult result = LoadOk(engine, *described);
  CHECK(result.read_bytes == total);
  for (const std::string& part : parts) {
    CHECK(InMemory(part) == static_cast<int64_t>(fs::file_size(part)));
  }
  CHECK(engine.Unload(*described).ok());
  for (const std::string& part : parts) CHECK(InMemory(part) == 0);
}

TEST_CASE("FilesEngine: a folder with config.json is loaded whole") {
  const TemporaryFolder folder;
  folder.Write("m/config.json", R"({"model_type":"bert",
      "architectures":["BertModel"],"max_position_embeddings":512})");
  const std::string weights =
      folder.Write("m/model.safetensors",
                   SafetensorsBytes(R"({"w":{"dtype":"F16","shape":[1500000],)"
                                    R"("data_offsets":[0,3000000]}})",
                                    3'000'000));
  MakeCold(weights);
  FilesEngine engine({});
  const auto spec = engine.Describe(Model("m", folder.Path("m")));
  REQUIRE(spec.ok());
  CHECK(spec->format == "safetensors");
  CHECK(spec->architecture == "bert");
  CHECK(spec->type == ModelType::kEmbedding);
  CHECK(spec->context_length == 512);
  CHECK(spec->labels.at("parameters") == "1500000");
  LoadOk(engine, *spec);
  CHECK(InMemory(weights) == static_cast<int64_t>(fs::file_size(weights)));
  CHECK(engine.Unload(*spec).ok());
  CHECK(InMemory(weights) == 0);
}

TEST_CASE("FilesEngine: a description fills in, and measures over opinions") {
  const TemporaryFolder folder;
  ModelSpec spec = Model("m", folder.Write("m.gguf", SampleGguf().Bytes()));
  spec.type = ModelType::kCompletion;
  spec.context_length = 100;
  spec.size_bytes = 5;
  const auto described = FilesEngine({}).Describe(spec);
  REQUIRE(described.ok());
  CHECK(described->type == ModelType::kCompletion);
  CHECK(described->context_length == 100);
  CHECK(described->architecture == "llama");
  CHECK(described->size_bytes ==
        static_cast<int64_t>(SampleGguf().Bytes().size()));
  CHECK(described->peak_bytes == described->size_bytes);
}

TEST_CASE(
    "FilesEngine: files that two models share stay while one needs them") {
  const TemporaryFolder folder;
  const std::string shared = folder.WriteWeights("blobs/shared", kWeights);
  const std::string own = folder.WriteWeights("a/own", kStep);
  folder.Link("a/base", "../blobs/shared");
  folder.Link("b/base", "../blobs/shared");
  FilesEngine engine({});
  const ModelSpec a = Model("a", folder.Path("a"));
  const ModelSpec b = Model("b", folder.Path("b"));
  CHECK(LoadOk(engine, a).read_bytes == kWeights + kStep);
  CHECK(LoadOk(engine, b).read_bytes == 0);
  CHECK(engine.Unload(a).ok());
  CHECK(InMemory(own) == 0);
  CHECK(InMemory(shared) == kWeights);
  CHECK(engine.Measure(b)->tier == Tier::kReady);
  CHECK(engine.Unload(b).ok());
  CHECK(InMemory(shared) == 0);
}

TEST_CASE("FilesEngine: offers what lies under its roots, tells the damaged") {
  const TemporaryFolder folder;
  folder.Write("good.gguf", SampleGguf().Bytes());
  std::string cut = SampleGguf().Bytes();
  cut.pop_back();
  const std::string bad = folder.Write("cut.gguf", cut);
  std::vector<std::string> skipped;
  FilesEngine engine(
      {.id = "disk",
       .roots = {folder.Path("")},
       .on_skipped = [&](std::string_view path, const absl::Status&) {
         skipped.emplace_back(path);
       }});
  const auto specs = engine.Discover();
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 1);
  CHECK((*specs)[0].id == "good");
  CHECK((*specs)[0].engine == "disk");
  CHECK((*specs)[0].type == ModelType::kChat);
  CHECK(ValidateSpec((*specs)[0]).ok());
  CHECK(skipped == std::vector<std::string>{bad});
}

TEST_CASE("FilesEngine: with mlock a ready model cannot be driven out") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kStep + 5);
  FilesEngine engine({.mlock = true, .page_access = AnyAccess()});
  TestControl control;
  const auto result = engine.Load(Model("m", path), control);
  if (absl::IsResourceExhausted(result.status())) {
    WARN("skipped: " << result.status());
    return;
  }
  REQUIRE(result.ok());
  CHECK_THROWS(MakeCold(path));
  CHECK(engine.Measure(Model("m", path))->tier == Tier::kReady);
  CHECK(engine.Unload(Model("m", path)).ok());
  CHECK(InMemory(path) == 0);
}

TEST_CASE(
    "FilesEngine: keeps no descriptors, and no mappings but its models'") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  const Handles before = CountHandles(path);
  FilesEngine engine({});
  LoadOk(engine, Model("m", path));
  CHECK(CountHandles(path).descriptors == before.descriptors);
  CHECK(CountHandles(path).mappings == 1);
  CHECK(engine.Unload(Model("m", path)).ok());
  TestControl control([](int64_t done) { return done >= 2 * kStep; });
  CHECK(absl::IsCancelled(engine.Load(Model("m", path), control).status()));
  CHECK(CountHandles(path) == before);
}

TEST_CASE("FilesEngine: many threads at once leave nothing behind") {
  const TemporaryFolder folder;
  folder.WriteWeights("shared", 3 * kStep);
  constexpr int kThreads = 4;
  std::vector<ModelSpec> specs;
  for (int t = 0; t < kThreads; ++t) {
    const std::string name = "m" + std::to_string(t);
    folder.WriteWeights(name + "/own", kStep + t);
    folder.Link(name + "/shared", "../shared");
    specs.push_back(Model(name, folder.Path(name)));
  }
  FilesEngine engine({});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        const bool is_cancelled = (round + t) % 3 == 0;
        TestControl control(
            [&](int64_t done) { return is_cancelled && done > kStep; });
        static_cast<void>(engine.Load(specs[t], control));
        static_cast<void>(engine.Measure(specs[(t + 1) % kThreads]));
        static_cast<void>(engine.Unload(specs[t]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const ModelSpec& spec : specs) {
    CHECK(engine.Unload(spec).ok());
    CHECK(engine.Measure(spec)->resident_bytes == 0);
  }
  CHECK(CountHandles(folder.Path("")).mappings == 0);
}

}  // namespace warmup
