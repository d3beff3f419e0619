#include "bench/engines/day.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/engines/ide.h"
#include "bench/engines/llama_server.h"
#include "bench/support/page_cache.h"
#include "bench/support/table.h"
#include "bench/support/warmupd.h"
#include "demo/trace.h"

namespace warmup::bench {
namespace {

constexpr int kRoom = 3;

// Who decides what is loaded.
struct Regime {
  std::string name;
  int max_models = kRoom;
  // Unused for so long of the recorded time, a model goes.
  absl::Duration keep_alive = absl::InfiniteDuration();
  bool is_loaded_before = false;
  bool has_warmupd = false;
  bool has_ide = false;  // one that tells warmupd what happens
};

class Day {
 public:
  Day(const Places& places, const demo::Trace& trace, Regime regime)
      : trace_(trace), regime_(std::move(regime)) {
    std::vector<ModelFile> files;
    for (const std::string& model : trace.models) {
      const std::string name = absl::StrCat("day", files.size());
      names_[model] = name;
      files.push_back(
          {name, absl::StrCat(places.day_models, "/", name, ".gguf")});
    }
    server_ = std::make_unique<LlamaServer>(
        LlamaServer::Options{.program = places.llama_server,
                             .folder = folder_.path(),
                             .files = files,
                             .max_models = regime_.max_models,
                             .pastimes = {}});
    if (regime_.has_warmupd) {
      const std::string below = folder_.path() + "/warmupd";
      std::filesystem::create_directory(below);
      warmupd_ = std::make_unique<Warmupd>(
          places.build, below, std::vector<std::string>{server_->Setting()});
      AwaitModels(warmupd_->socket(), static_cast<int>(files.size()));
    }
    if (regime_.has_ide) ide_.emplace(warmupd_->socket());
    if (!regime_.is_loaded_before) return;
    for (const ModelFile& file : files) server_->FirstTokenMs(file.model);
  }

  double WaitedSeconds() {
    double waited_ms = 0;
    for (const demo::Step& step : trace_.steps) {
      absl::SleepFor(step.gap);
      const auto model = names_.find(step.item);
      switch (step.kind) {
        case demo::StepKind::kRequest:
          waited_ms += Request(model->second, step.recorded);
          break;
        case demo::StepKind::kSession:
          if (ide_.has_value()) ide_->OpenSession(model->second);
          break;
        case demo::StepKind::kActivity:
          if (ide_.has_value()) ide_->ReportActivity(step.item);
          break;
      }
    }
    return waited_ms / 1e3;
  }

 private:
  double Request(const std::string& model, absl::Time recorded) {
    Expire(recorded);
    // As if memory had room for no more than the models that are loaded.
    for (const auto& [item, name] : names_) {
      DropFromPageCache(server_->FileOf(name));
    }
    const double waited_ms = server_->FirstTokenMs(model);
    last_used_[model] = recorded;
    if (ide_.has_value()) ide_->RecordUsage(model);
    return waited_ms;
  }

  void Expire(absl::Time now) {
    for (auto it = last_used_.begin(); it != last_used_.end();) {
      const bool is_over = it->second + regime_.keep_alive < now;
      if (is_over && server_->IsLoaded(it->first)) server_->Unload(it->first);
      it = is_over ? last_used_.erase(it) : std::next(it);
    }
  }

  const demo::Trace& trace_;
  const Regime regime_;
  const TemporaryFolder folder_;
  std::map<std::string, std::string> names_;  // by the recording's
  std::unique_ptr<LlamaServer> server_;
  std::unique_ptr<Warmupd> warmupd_;
  std::optional<Ide> ide_;
  std::map<std::string, absl::Time> last_used_;
};

}  // namespace

void MeasureDay(const Places& places, int requests) {
  auto trace = demo::ReadTrace(places.trace);
  if (!trace.ok()) Fail(trace.status().ToString());
  if (requests > 0) demo::KeepFirst(requests, &*trace);
  const auto waited = [&](const Regime& regime) {
    Say(absl::StrCat("a day with ", regime.name));
    return Day(places, *trace, regime).WaitedSeconds();
  };
  const double loaded = waited(
      {.name = "all models loaded", .max_models = 0, .is_loaded_before = true});
  const double lru = waited({.name = "llama-server's LRU"});
  const double five_minutes =
      waited({.name = "five minutes", .keep_alive = absl::Minutes(5)});
  const double watched =
      waited({.name = "warmupd that only watches", .has_warmupd = true});
  const double told = waited({.name = "warmupd that an IDE tells",
                              .has_warmupd = true,
                              .has_ide = true});
  const auto print = [&](const std::string& who, double ours,
                         const std::string& against, double bare) {
    Print({.what = absl::StrCat("a developer's day, warmupd ", who,
                                "; bare: ", against),
           .unit = "s",
           .ours = ours,
           .bare = bare});
  };
  for (const auto& [who, ours] :
       {std::pair{"told by an IDE", told}, std::pair{"watching", watched}}) {
    print(who, ours, "llama-server's LRU", lru);
    print(who, ours, "unloaded after five minutes", five_minutes);
    print(who, ours, "all loaded", loaded);
  }
}

}  // namespace warmup::bench
