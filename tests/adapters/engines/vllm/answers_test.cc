#include "adapters/engines/vllm/answers.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "tests/adapters/engines/vllm/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::vllm {
namespace {

constexpr int kRounds = 4'000;  // of each sample

// Reads a text as everything that it might be; true if it is an answer.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const auto model = ReadModel(text);
  if (model.ok() && (model->name.empty() || model->context_length < 0)) {
    FAIL(mutated);
  }
  const Metrics metrics = ReadMetrics(text);
  if (metrics.in_flight.value_or(0) < 0 || metrics.served.value_or(0) < 0) {
    FAIL(mutated);
  }
  return model.ok() || ReadIsSleeping(text).ok() ||
         !ReadVersion(text).empty() || metrics.served.has_value();
}

}  // namespace

TEST_CASE("VllmAnswers: each is read") {
  const auto model = ReadModel(kModels);
  INFO(model.status().ToString());
  REQUIRE(model.ok());
  CHECK(model->name == "qwen");
  CHECK(model->context_length == 40'960);
  CHECK(model->others == std::vector<std::string>{"qwen-alias", "sql-lora"});
  CHECK(*ReadIsSleeping(kSleeping));
  CHECK_FALSE(*ReadIsSleeping(R"({"is_sleeping":false})"));
  CHECK(ReadVersion(kVersion) == "0.11.0");
}

TEST_CASE("VllmAnswers: metrics are summed, what they lack is not told") {
  const Metrics metrics = ReadMetrics(kMetrics);
  CHECK(metrics.in_flight == 7);
  CHECK(metrics.served == 42);
  CHECK(metrics.sleep == Sleep::kLevel1);
  CHECK(ReadMetrics("vllm:num_requests_running 1").in_flight == 1);
  CHECK(ReadMetrics("vllm:engine_sleep_state{sleep_state=\"discard_all\"} 1")
            .sleep == Sleep::kLevel2);
  CHECK(ReadMetrics("vllm:engine_sleep_state{sleep_state=\"awake\"} 1").sleep ==
        Sleep::kUnknown);
  for (const char* text : {"", "<html>", "vllm:num_requests_running 1e300",
                           "vllm:num_requests_waiting 3"}) {
    CHECK_FALSE(ReadMetrics(text).in_flight.has_value());
    CHECK_FALSE(ReadMetrics(text).served.has_value());
  }
}

TEST_CASE("VllmAnswers: what is none of them is refused") {
  for (const char* text :
       {"", "<html>", "[]", "{}", "{\"data\":1}", "{\"data\":[]}",
        R"({"data":[{"id":"a","owned_by":"llamacpp"}]})",
        R"({"data":[{"id":"a","owned_by":"library"}]})",
        R"({"data":[{"id":"","owned_by":"vllm"}]})",
        R"({"data":[{"id":"a","owned_by":"vllm","parent":"b"}]})",
        R"({"data":[{"id":"a","owned_by":"vllm","root":"x"},
                    {"id":"b","owned_by":"vllm","root":"y"}]})",
        R"({"is_sleeping":"yes","version":1})"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadModel(text).ok());
    CHECK_FALSE(ReadIsSleeping(text).ok());
    CHECK(ReadVersion(text).empty());
  }
}

TEST_CASE("VllmAnswers: mutations are read or refused, never worse") {
  for (const std::string sample : {kModels, kSleeping, kVersion, kMetrics}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(accepted > kRounds / 50);
    if (sample == kMetrics) continue;  // read line by line
    CHECK(accepted < kRounds);
    for (size_t length = 0; length < sample.size(); ++length) {
      CHECK_FALSE(ReadAll(sample.substr(0, length)));
    }
  }
}

}  // namespace warmup::vllm
