#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LOCAL_AI_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LOCAL_AI_SAMPLES_H_

// Answers as LocalAI 4.9 gives them.
namespace warmup::local_ai {

inline constexpr char kModels[] = R"({"object":"list","data":[
{"id":"qwen3-4b","object":"model"},{"id":"whisper-1","object":"model"}]})";

inline constexpr char kSystem[] = R"({"backends":["llama-cpp","whisper"],
"loaded_models":[{"id":"qwen3-4b","backend":"llama-cpp"},
{"id":"whisper-1"}]})";

inline constexpr char kLoaded[] =
    R"({"loaded":["silero-vad","whisper-1"],"message":"model loaded"})";

inline constexpr char kVersion[] = R"({"version":"v4.9.0 4f5b6c7"})";

inline constexpr char kEstimate[] = R"({"size_bytes":4368438272,
"size_display":"4.4 GB","vram_bytes":6123456789,"vram_display":"6.1 GB",
"context_note":"Estimate used default context_size=8192.",
"model_max_context":131072})";

}  // namespace warmup::local_ai

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LOCAL_AI_SAMPLES_H_
