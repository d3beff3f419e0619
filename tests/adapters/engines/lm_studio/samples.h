#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LM_STUDIO_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LM_STUDIO_SAMPLES_H_

// Answers as LM Studio's API v1 is documented to give them.
namespace warmup::lm_studio {

inline constexpr char kModels[] = R"({"models":[
{"type":"llm","publisher":"google","key":"google/gemma-4-26b-a4b",
 "display_name":"Gemma 4 26B A4B","architecture":"gemma4",
 "quantization":{"name":"Q4_K_M","bits_per_weight":4},
 "size_bytes":17990911801,"params_string":"26B-A4B",
 "loaded_instances":[{"id":"google/gemma-4-26b-a4b",
  "config":{"context_length":4096,"parallel":4}},
  {"id":"google/gemma-4-26b-a4b:2","config":{"context_length":8192}}],
 "max_context_length":262144,"format":"gguf",
 "capabilities":{"vision":true,"trained_for_tool_use":true},
 "description":null,"selected_variant":"google/gemma-4-26b-a4b@q4_k_m"},
{"type":"embedding","publisher":"gaianet","key":"text-embedding-nomic",
 "display_name":"Nomic","quantization":null,"size_bytes":274290560,
 "params_string":null,"loaded_instances":[],"max_context_length":2048,
 "format":null}]})";

inline constexpr char kLoaded[] =
    R"({"type":"llm","instance_id":"openai/gpt-oss-20b",
"load_time_seconds":9.099,"status":"loaded"})";

inline constexpr char kUnexpected[] = R"x({"error":
"Unexpected endpoint or method. (GET /api/v1/models)"})x";

}  // namespace warmup::lm_studio

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LM_STUDIO_SAMPLES_H_
