#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_SAMPLES_H_

// Answers as vLLM is documented to give them.
namespace warmup::vllm {

inline constexpr char kModels[] = R"({"object":"list","data":[
{"id":"qwen","object":"model","created":1770000000,"owned_by":"vllm",
 "root":"Qwen/Qwen3-0.6B","parent":null,"max_model_len":40960,
 "permission":[{"id":"modelperm-1","allow_sampling":true}]},
{"id":"qwen-alias","object":"model","owned_by":"vllm",
 "root":"Qwen/Qwen3-0.6B","parent":null,"max_model_len":40960},
{"id":"sql-lora","object":"model","owned_by":"vllm",
 "root":"/adapters/sql","parent":"qwen"}]})";

inline constexpr char kSleeping[] = R"({"is_sleeping":true})";

inline constexpr char kVersion[] = R"({"version":"0.11.0"})";

inline constexpr char kMetrics[] = R"(# HELP vllm:num_requests_running Running.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="qwen"} 2.0
vllm:num_requests_running{engine="1",model_name="qwen"} 1.0
vllm:num_requests_waiting{engine="0",model_name="qwen"} 4.0
vllm:engine_sleep_state{engine="0",model_name="qwen",sleep_state="awake"} 0.0
vllm:engine_sleep_state{engine="0",sleep_state="weights_offloaded"} 1.0
vllm:engine_sleep_state{engine="0",sleep_state="discard_all"} 0.0
# TYPE vllm:request_success_total counter
vllm:request_success_total{finished_reason="stop",model_name="qwen"} 40.0
vllm:request_success_total{finished_reason="length",model_name="qwen"} 2.0
vllm:request_success_created{finished_reason="stop"} 1.77e+09
)";

}  // namespace warmup::vllm

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_VLLM_SAMPLES_H_
