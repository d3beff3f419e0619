#ifndef WARMUP_BENCH_ENGINES_KINDS_H_
#define WARMUP_BENCH_ENGINES_KINDS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/engines/inference_server.h"
#include "bench/engines/places.h"

namespace warmup::bench {

// A kind of server, with the models "tiny" and "large", and whatever else is
// needed to make a pause.
struct ServerKind {
  std::string name;
  std::function<std::unique_ptr<InferenceServer>(const std::string& folder)>
      start;
};

std::vector<ServerKind> ServerKinds(const Places& places);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_KINDS_H_
