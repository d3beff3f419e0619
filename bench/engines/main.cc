// warmupd beside the real Ollama and the real llama-server.

#include <CLI/CLI.hpp>
#include <set>
#include <string>

#include "bench/engines/day.h"
#include "bench/engines/habit.h"
#include "bench/engines/kinds.h"
#include "bench/engines/loads.h"
#include "bench/engines/places.h"
#include "bench/support/process.h"

namespace warmup::bench {
namespace {

int Main(int argc, char** argv) {
  CLI::App app{"Measures warmupd beside real inference servers"};
  Places places;
  places.build = BuildFolder(argv[0]);
  const auto add = [&](const char* name, std::string& path) {
    app.add_option(name, path)->required()->check(CLI::ExistingPath);
  };
  add("--ollama", places.ollama);
  add("--llama-server", places.llama_server);
  add("--tiny-models", places.tiny_models);
  add("--large-model", places.large_model);
  add("--day-models", places.day_models);
  add("--trace", places.trace);
  int rounds = 20;
  app.add_option("--rounds", rounds, "Of each; the day has five times as many")
      ->check(CLI::Range(1, 1'000));
  std::set<std::string> parts = {"habit", "loads", "day"};
  app.add_option("--parts", parts, "Only these")
      ->check(CLI::IsMember({"habit", "loads", "day"}));
  CLI11_PARSE(app, argc, argv);

  for (const ServerKind& kind : ServerKinds(places)) {
    if (parts.contains("habit")) MeasureHabit(places, kind, rounds);
    if (parts.contains("loads")) MeasureLoads(places, kind, rounds);
  }
  if (parts.contains("day")) MeasureDay(places, 5 * rounds);
  return 0;
}

}  // namespace
}  // namespace warmup::bench

int main(int argc, char** argv) { return warmup::bench::Main(argc, argv); }
