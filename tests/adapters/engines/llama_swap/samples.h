#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_SAMPLES_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_SAMPLES_H_

// Answers of a llama-swap v250, shortened.
namespace warmup::llama_swap {

inline constexpr char kModels[] = R"({"data":[
{"id":"coder","object":"model","created":1795531056,"owned_by":"llama-swap",
 "name":"Coder","capabilities":{"function_calling":true},"context_length":32768,
 "meta":{"llamaswap":{"aliases":["gpt-4o","aa"],"type":"model"},"n_ctx":32768},
 "status":{"value":"loaded"}},
{"id":"gpt-4o","object":"model","created":1795531056,"owned_by":"llama-swap",
 "meta":{"llamaswap":{"modelID":"coder","type":"alias"}},
 "status":{"value":"loaded"}},
{"id":"org/re ranker","object":"model","created":1795531056,
 "owned_by":"llama-swap","capabilities":{"reranker":true},
 "meta":{"llamaswap":{"type":"model"}},"status":{"value":"unloaded"}},
{"id":"box/far","object":"model","created":1795531056,"owned_by":"llama-swap",
 "name":"box: far","meta":{"llamaswap":{"peerID":"box","type":"peer"}},
 "status":{"value":"unloaded"}},
{"id":"old","object":"model","created":1795531056,"owned_by":"llama-swap"}],
"object":"list"})";

inline constexpr char kRunning[] = R"({"running":[
{"model":"coder","state":"ready","cmd":"llama-server --port 5800 -m /m/a.gguf",
 "proxy":"http://localhost:5800","ttl":300,"name":"","description":""},
{"model":"org/re ranker","state":"starting","cmd":"docker run -p 9:8 x",
 "proxy":"http://127.0.0.1:5801/v1","ttl":0,"name":"","description":""},
{"model":"far","state":"stopping","cmd":"ssh box",
 "proxy":"http://192.168.1.7:5800","ttl":-1,"name":"","description":""}]})";

inline constexpr char kStates[] =
    R"({"type":"modelStatus","data":"[{\"id\":\"a\",\"name\":\"\",)"
    R"(\"description\":\"\",\"state\":\"stopped\",\"unlisted\":false,)"
    R"(\"peerID\":\"\",\"aliases\":[\"aa\"]},{\"id\":\"b \\\"x\\\"\",)"
    R"(\"state\":\"ready\",\"unlisted\":true,\"peerID\":\"\"}]"})";

inline constexpr char kUpsert[] =
    R"({"type":"inflight","data":"{\"operation\":\"upsert\",\"request\":)"
    R"({\"id\":\"7\",\"timestamp\":\"2026-08-22T09:29:57.1-07:00\",)"
    R"(\"model\":\"a\",\"req_path\":\"/v1/chat/completions\",)"
    R"(\"method\":\"POST\",\"req_headers\":{\"A\":\"b\"},)"
    R"(\"remote_ip\":\"127.0.0.1\",\"resp_headers\":{},\"resp_bytes\":0,)"
    R"(\"elapsed_ms\":3}}"})";

inline constexpr char kRemove[] =
    R"({"type":"inflight","data":"{\"operation\":\"remove\",\"id\":\"7\"}"})";

inline constexpr char kSnapshot[] =
    R"({"type":"inflight","data":"{\"operation\":\"snapshot\",\"requests\":[)"
    R"({\"id\":\"7\",\"timestamp\":\"t\",\"model\":\"a\",)"
    R"(\"req_path\":\"/v1/completions\"},{\"id\":\"9\",\"model\":\"b\"}]}"})";

inline constexpr char kLog[] =
    R"({"type":"logData","data":"{\"data\":\"...\",\"source\":\"proxy\"}"})";

}  // namespace warmup::llama_swap

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SWAP_SAMPLES_H_
