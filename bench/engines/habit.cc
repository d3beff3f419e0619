#include "bench/engines/habit.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/support/page_cache.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"
#include "bench/support/warmupd.h"

namespace warmup::bench {
namespace {

constexpr char kTiny[] = "tiny";
constexpr char kLarge[] = "large";
// How often the habit is seen before it counts.
constexpr int kLessons = 6;
// Of the pause, and from the tiny model's answer to the question to the large
// one.
constexpr absl::Duration kPause = absl::Seconds(3);
constexpr absl::Duration kThought = absl::Seconds(4);

enum class Disk { kCold, kCached };

// Milliseconds to the first token.
struct Samples {
  std::vector<double> warmed;  // with warmupd
  std::vector<double> alone;
  std::vector<double> loaded;
  int in_time = 0;  // of the first: it was loaded when it was asked
};

void Prepare(InferenceServer& server, Disk disk) {
  const std::string file = server.FileOf(kLarge);
  if (disk == Disk::kCold) {
    DropFromPageCache(file);
  } else {
    ReadIntoPageCache(file);
  }
}

double FirstTokenAlone(InferenceServer& server, Disk disk) {
  server.Pause();
  server.AwaitUnloaded(kLarge);
  Prepare(server, disk);
  server.FirstTokenMs(kTiny);
  return server.FirstTokenMs(kLarge);
}

double FirstTokenWarmed(InferenceServer& server, Disk disk, int* in_time) {
  server.Pause();
  // If warmupd has kept it, or brings it back already: so much the better.
  Prepare(server, disk);
  absl::SleepFor(kPause);
  server.FirstTokenMs(kTiny);
  absl::SleepFor(kThought);
  *in_time += server.IsLoaded(kLarge) ? 1 : 0;
  return server.FirstTokenMs(kLarge);
}

void PrintOne(const std::string& what, double percent, const Samples& samples) {
  const std::string which =
      absl::StrCat(what, percent == 50 ? ", median" : ", p95");
  const double ours = Percentile(samples.warmed, percent);
  Print({.what = which + "; bare: of a loaded model",
         .unit = "ms",
         .ours = ours,
         .bare = Percentile(samples.loaded, percent),
         .aim = {Aim::Kind::kRatioAtMost, 1.2}});
  Print({.what = which + "; bare: without warmupd",
         .unit = "ms",
         .ours = ours,
         .bare = Percentile(samples.alone, percent)});
}

}  // namespace

void MeasureHabit(const Places& places, const ServerKind& kind, int rounds) {
  const TemporaryFolder folder;
  const auto start = [&](const std::string& name) {
    const std::string below = absl::StrCat(folder.path(), "/", name);
    std::filesystem::create_directory(below);
    return kind.start(below);
  };
  const auto alone = start("alone");
  const auto warmed = start("warmed");
  Warmupd warmupd(places.build, folder.path(), {warmed->Setting()});
  Say(absl::StrCat(kind.name, ": warmupd watches"));
  for (int i = 0, in_time = 0; i < kLessons; ++i) {
    FirstTokenWarmed(*warmed, Disk::kCached, &in_time);
  }
  Samples cold, cached;
  for (int round = 0; round < rounds; ++round) {
    for (const Disk disk : {Disk::kCold, Disk::kCached}) {
      Samples& samples = disk == Disk::kCold ? cold : cached;
      samples.alone.push_back(FirstTokenAlone(*alone, disk));
      samples.loaded.push_back(alone->FirstTokenMs(kLarge));
      samples.warmed.push_back(
          FirstTokenWarmed(*warmed, disk, &samples.in_time));
      Say(absl::StrFormat(
          "%s %d/%d: alone %.0f ms, loaded %.0f ms, with warmupd %.0f ms "
          "(loaded in time: %d of %d)",
          kind.name, round + 1, rounds, samples.alone.back(),
          samples.loaded.back(), samples.warmed.back(), samples.in_time,
          round + 1));
    }
  }
  warmupd.process().MustBeAlive();
  for (const double percent : {50.0, 95.0}) {
    PrintOne(kind.name + ", first token after a pause, cold disk", percent,
             cold);
    PrintOne(kind.name + ", first token after a pause, page cache", percent,
             cached);
  }
}

}  // namespace warmup::bench
