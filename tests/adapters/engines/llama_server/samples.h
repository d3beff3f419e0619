#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_SAMPLES_H_

// Answers of a llama-server b11434, shortened.
namespace warmup::llama_server {

// A router's /models.
inline constexpr char kModels[] = R"({"data":[
{"id":"coder","aliases":["code"],"tags":[],"object":"model",
 "owned_by":"llamacpp","created":1795529624,
 "status":{"value":"loaded","args":["/opt/llama.cpp/llama-server","--host",
  "127.0.0.1","--metrics","--port","38755","--sleep-idle-seconds","300",
  "--alias","coder","--ctx-size","8192","--model","/models/coder.gguf"],
  "preset":"[coder]\nmetrics = 1\n\n"},
 "architecture":{"input_modalities":["text"],"output_modalities":["text"]},
 "source":"models_dir","can_remove":false,
 "meta":{"vocab_type":1,"n_vocab":354,"n_ctx":8192,"n_ctx_train":32768,
  "n_embd":64,"n_params":119360,"size":477440,"ftype":"all F32"}},
{"id":"embedder","aliases":[],"object":"model",
 "status":{"value":"sleeping","args":["llama-server","--embeddings","--port",
  "43693","--model","models/embedder.gguf"]}},
{"id":"damaged","aliases":[],"object":"model",
 "status":{"value":"unloaded","exit_code":1,"failed":true,"args":[
  "llama-server","--port","0","--reranking","--sleep-idle-seconds","-1"]}},
{"id":"coming","object":"model","status":{"value":"loading"}},
{"id":"far","object":"model","status":{"value":"downloading"}}],
"object":"list"})";

// The same of a server of one model.
inline constexpr char kModel[] = R"({"models":[{"name":"models/large.gguf",
 "model":"models/large.gguf","modified_at":"","size":"","digest":"",
 "type":"model","capabilities":["completion"],"details":{"format":"gguf"}}],
"object":"list","data":[{"id":"models/large.gguf",
 "aliases":["models/large.gguf"],"tags":[],"object":"model",
 "created":1795529949,"owned_by":"llamacpp","meta":{"n_ctx":256,
 "n_ctx_train":512,"n_params":126571520,"size":506286080}}]})";

inline constexpr char kRouterProps[] = R"({"role":"router","max_instances":2,
"models_autoload":true,"model_alias":"llama-server","model_path":"none",
"default_generation_settings":{"params":null,"n_ctx":0},
"build_info":"b11434-unknown","cors_proxy_enabled":false})";

inline constexpr char kModelProps[] = R"({"default_generation_settings":
{"params":{"seed":4294967295},"n_ctx":512},"total_slots":1,
"model_alias":"tiny","model_path":"models/tiny.gguf","endpoint_slots":true,
"endpoint_metrics":true,"build_info":"b11434-unknown","is_sleeping":true})";

inline constexpr char kMetrics[] =
    R"(# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed
# TYPE llamacpp:prompt_tokens_total counter
llamacpp:prompt_tokens_total 8
# TYPE llamacpp:prompt_tokens_cached_total counter
llamacpp:prompt_tokens_cached_total 6
# TYPE llamacpp:prompt_tokens_seconds gauge
llamacpp:prompt_tokens_seconds 1105.67
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 1
llamacpp:requests_deferred 0
)";

inline constexpr char kSlots[] =
    R"([{"id":0,"n_ctx":256,"speculative":false,"is_processing":false},
{"id":1,"n_ctx":256,"speculative":false,"is_processing":true,"id_task":217,
 "n_prompt_tokens":42,"params":{"seed":4294967295,"stream":true}}])";

inline constexpr char kError[] =
    R"({"error":{"code":400,"message":"model is already running",
"type":"invalid_request_error"}})";

}  // namespace warmup::llama_server

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_SAMPLES_H_
