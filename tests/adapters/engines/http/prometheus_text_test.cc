#include "adapters/engines/http/prometheus_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup {
namespace {

// As vLLM, llama-server and MLServer write them.
constexpr char kMetrics[] = R"(# HELP vllm:num_requests_running In flight.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a/b c"} 2.0
vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 4.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="m"} 3.0
vllm:request_success_created{engine="0",model_name="m"} 1.7e+09
llamacpp:requests_processing 1
llamacpp:requests_processing_max 9
model_infer_request_success_total{model="q\"u\\o}, {te\n",version="v1"} 5 1700000000000
  spaced  { a = "1" , b = "2" , }   7
# EOF
)";

}  // namespace

TEST_CASE("Prometheus text: sums the samples of a metric by its whole name") {
  CHECK(SumMetric(kMetrics, "vllm:request_success_total") == 7.0);
  CHECK(SumMetric(kMetrics, "vllm:num_requests_running") == 2.0);
  CHECK(SumMetric(kMetrics, "llamacpp:requests_processing") == 1.0);
  CHECK(SumMetric(kMetrics, "spaced") == 7.0);
  CHECK_FALSE(SumMetric(kMetrics, "vllm:request_success").has_value());
  CHECK_FALSE(SumMetric(kMetrics, "requests_processing").has_value());
  CHECK_FALSE(SumMetric(kMetrics, "").has_value());
  CHECK_FALSE(SumMetric("", "a").has_value());
}

TEST_CASE("Prometheus text: counts only samples that have all given labels") {
  const std::string name = "vllm:request_success_total";
  CHECK(SumMetric(kMetrics, name, {{"finished_reason", "stop"}}) == 4.0);
  CHECK(SumMetric(kMetrics, name, {{"model_name", "m"}, {"engine", "0"}}) ==
        7.0);
  CHECK_FALSE(SumMetric(kMetrics, name, {{"model_name", "x"}}).has_value());
  CHECK_FALSE(SumMetric(kMetrics, name, {{"model", "m"}}).has_value());
  CHECK_FALSE(
      SumMetric(kMetrics, "llamacpp:requests_processing", {{"model", "m"}})
          .has_value());
  CHECK(SumMetric(kMetrics, "spaced", {{"b", "2"}, {"a", "1"}}) == 7.0);
}

TEST_CASE(
    "Prometheus text: reads escapes, and signs within quotes, in labels") {
  CHECK(SumMetric(kMetrics, "model_infer_request_success_total",
                  {{"model", "q\"u\\o}, {te\n"}}) == 5.0);
}

TEST_CASE("Prometheus text: passes over lines that are no sample") {
  CHECK(SumMetric("a 1\r\na 2 # {id=\"x\"} 9\na\t4", "a") == 7.0);
  for (const char* line :
       {"a", "a ", "a x", "a NaN", "a +Inf", "a -1", "a{", "a{b} 1", "a{b= 1",
        "a{b=\"c 1", "a{b=\"c\" 1", "a{b=\"c\"d=\"e\"} 1", "a{,} 1", "#a 1",
        "a\\ 1", "a{b=\"c\\"}) {
    CAPTURE(line);
    CHECK_FALSE(SumMetric(line, "a").has_value());
    CHECK(SumMetric(std::string(line) + "\na 3\n", "a") == 3.0);
  }
  CHECK_FALSE(SumMetric("a 1e308\na 1e308\na 1e308", "a").has_value());
}

TEST_CASE("Prometheus text: mutations are read or passed over, never worse") {
  for (int seed = 0; seed < 20'000; ++seed) {
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    const std::string mutated = Mutated(kMetrics, random);
    // A copy of exactly that size, so that ASan sees the first byte too far.
    const std::unique_ptr<char[]> copy(new char[mutated.size()]);
    std::copy(mutated.begin(), mutated.end(), copy.get());
    const std::string_view text(copy.get(), mutated.size());
    for (const char* name : {"vllm:request_success_total", "spaced",
                             "model_infer_request_success_total"}) {
      const auto all = SumMetric(text, name);
      const auto some = SumMetric(text, name, {{"engine", "0"}});
      if (all.has_value() && (!std::isfinite(*all) || *all < 0)) FAIL(*all);
      if (some.value_or(0) > all.value_or(0)) FAIL(seed);
    }
  }
}

}  // namespace warmup
