#ifndef WARMUP_BENCH_ENGINES_PLACES_H_
#define WARMUP_BENCH_ENGINES_PLACES_H_

#include <string>

namespace warmup::bench {

// Where things are that this benchmark needs.
struct Places {
  std::string build;         // the folder of this build
  std::string ollama;        // the program
  std::string llama_server;  // the program
  std::string tiny_models;   // a folder with tiny.gguf and small.gguf
  std::string large_model;   // a folder with large.gguf
  std::string day_models;    // a folder with day0.gguf and others
  std::string trace;         // demo/data/developer_llm_stretch.csv
};

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_PLACES_H_
