#include "adapters/engines/kserve/answers.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapters/engines/http/json_answer.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::kserve {
namespace {

// As MLServer answers.
constexpr char kMetrics[] =
    R"(# HELP model_infer_request_success_total Model infer request success count
# TYPE model_infer_request_success_total counter
model_infer_request_success_total{model="a",version=""} 2.0
model_infer_request_success_total{version="1",model="b"} 3.0 1395066363000
model_infer_request_success_total{version="2",model="b"} 1e+01
model_infer_request_success_total{model="a \"b\" \\ c",version=""} 7
model_infer_request_success_created{model="a",version=""} 1.7e+09
model_infer_request_failure_total{model="a",version=""} 5.0
)";

}  // namespace

TEST_CASE("Open inference answers: a server is told by its extensions") {
  CHECK(ReadFlavour({"classification", "model_repository", "statistics"}) ==
        Flavour::kTriton);
  CHECK(ReadFlavour({}) == Flavour::kMlServer);
  CHECK(ReadFlavour({"model_repository_extension"}) == Flavour::kKserve);
}

TEST_CASE("Open inference answers: states are read in either spelling") {
  CHECK(ReadState("") == ModelState::kUnloaded);
  CHECK(ReadState("UNAVAILABLE") == ModelState::kUnloaded);
  CHECK(ReadState("LOADING") == ModelState::kLoading);
  CHECK(ReadState("READY") == ModelState::kReady);
  CHECK(ReadState("UNLOADING") == ModelState::kUnloading);
  CHECK(ReadState("State.READY") == ModelState::kReady);
  CHECK(ReadState("State.UNAVAILABLE") == ModelState::kUnloaded);
  for (const char* word : {"UNKNOWN", "State.UNKNOWN", "ready", "READY ",
                           "State.State.READY", "\xff"}) {
    CHECK(ReadState(word) == ModelState::kUnknown);
  }
}

TEST_CASE("Open inference answers: a model is as warm as its warmest version") {
  IndexedModel model;
  AddVersion("UNAVAILABLE", "unloaded", model);
  AddVersion("READY", "", model);
  AddVersion("LOADING", "", model);
  CHECK(model.state == ModelState::kReady);
  IndexedModel failed;
  AddVersion("UNAVAILABLE", "Internal: no such file", failed);
  CHECK(failed.state == ModelState::kUnloaded);
  CHECK_FALSE(failed.was_unloaded);
}

TEST_CASE("Open inference answers: MLServer's metrics tell each model's uses") {
  const StatisticsByModel models = ReadMetrics(kMetrics);
  REQUIRE(models.size() == 3);
  CHECK(models.at("a").successes == 2);
  CHECK(models.at("b").successes == 13);
  CHECK(models.at(R"(a "b" \ c)").successes == 7);
  for (const char* text : {"", "model_infer_request_success_total 1",
                           "model_infer_request_success_total{model=\"a",
                           "model_infer_request_success_total{model=\"a\"",
                           "model_infer_request_success_total{model=\"a\\",
                           "model_infer_request_success_total{version=\"1\"} 4",
                           "model_infer_request_success_total{model=a} 4"}) {
    CHECK(ReadMetrics(text).empty());
  }
  for (const char* value : {"NaN", "+Inf", "-1", "1e300", "x", ""}) {
    const std::string line =
        std::string("model_infer_request_success_total{model=\"a\"} ") + value;
    CHECK(ReadMetrics(line).at("a").successes == 0);
  }
}

TEST_CASE("Open inference answers: mutated metrics are read, never worse") {
  int64_t models = 0;
  for (uint64_t seed = 0; seed < 10'000; ++seed) {
    std::mt19937_64 random(seed);
    const std::string mutated = Mutated(kMetrics, random);
    // A copy of exactly that size, so that ASan sees the first byte too far.
    const std::unique_ptr<char[]> copy(new char[mutated.size()]);
    std::copy(mutated.begin(), mutated.end(), copy.get());
    const std::string_view text(copy.get(), mutated.size());
    for (const auto& [name, statistics] : ReadMetrics(text)) {
      if (statistics.successes < 0) FAIL(mutated);
      ++models;
    }
    ReadState(text);
    if (Words(text).size() > 300) FAIL(mutated);
  }
  CHECK(models > 10'000);
}

TEST_CASE("Open inference answers: metrics of too many models are cut off") {
  std::string text;
  for (int i = 0; i < 30'000; ++i) {
    text += "model_infer_request_success_total{model=\"" + std::to_string(i) +
            "\"} 1\n";
  }
  CHECK(ReadMetrics(text).size() == json_answer::kMaxListed);
}

TEST_CASE("Open inference answers: memory counts where the model is warmed") {
  const Statistics both = {.host_bytes = 10, .device_bytes = 20};
  ModelSpec spec;
  CHECK(HeldBytes(both, spec) == 10);
  spec.device = "gpu0";
  CHECK(HeldBytes(both, spec) == 20);
  CHECK(HeldBytes({.host_bytes = 10}, spec) == 10);
  CHECK(HeldBytes({}, spec) == 0);
}

TEST_CASE("Open inference answers: a server's words are made fit to print") {
  CHECK(Words("") == "no reason given");
  CHECK(Words("RuntimeError: no\n\tfile\n\n") == "RuntimeError: no  file");
  CHECK(Words(std::string(1'000, 'x')).size() == 300);
}

}  // namespace warmup::kserve
