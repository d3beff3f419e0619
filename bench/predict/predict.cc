// What one decision costs in the core: no server, no I/O, no lock.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bench/support/habits.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"
#include "core/runtime/director.h"

namespace warmup::bench {
namespace {

constexpr int kPeople = 50;
// A week of work: a use every half minute among all of them.
constexpr int kUses = 20'000;
constexpr absl::Duration kGap = absl::Seconds(30);
constexpr int64_t kModelBytes = int64_t{1} << 30;

const absl::Time kStart = absl::FromCivil(
    absl::CivilSecond(2025, 3, 3, 8, 0, 0), absl::UTCTimeZone());

// Processor microseconds of one call: the median of some rounds' means.
double MicrosecondsOf(const std::function<void()>& call) {
  constexpr int kRounds = 9;
  constexpr int kCalls = 1'000;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double start = ThreadCpuSeconds();
    for (int i = 0; i < kCalls; ++i) call();
    rounds.push_back(1e6 * (ThreadCpuSeconds() - start) / kCalls);
  }
  return Median(std::move(rounds));
}

void PrintCost(std::string_view what, int models, double us, double aim_us) {
  Print({.what = absl::StrCat(std::string(what), ", ", models, " models"),
         .unit = "us",
         .ours = us,
         .aim = aim_us > 0 ? Aim{Aim::Kind::kBelow, aim_us} : Aim{}});
}

// A director in the middle of its work: models on one device that holds 32 of
// them, sessions with roles, and a history. Its loads are done at once.
class Work {
 public:
  explicit Work(int models) : habits_(models, kPeople) {
    DeviceSample host;
    host.id = "host";
    host.memory = {64 * kModelBytes, 64 * kModelBytes};
    director_.OnDevices({host}, {});
    for (int i = 0; i < models; ++i) Register(i);
    for (int i = 0; i < kPeople; ++i) StartSession(i);
    for (int i = 0; i < models; ++i) {
      Record({.model = ModelName(i)});
      now_ += absl::Seconds(1);
    }
    for (int i = 0; i < kUses; ++i) Use(kGap);
  }

  void Use(absl::Duration gap) {
    const auto [person, model] = habits_.Next();
    now_ += gap;
    Record({.model = ModelName(model), .session = SessionName(person)});
  }
  void Predict() {
    now_ += absl::Milliseconds(50);
    person_ = (person_ + 1) % kPeople;
    Effects fx;
    const auto prediction = director_.Predict(
        now_, {.task = ModelType::kChat, .session = SessionName(person_)}, &fx);
    if (!prediction.ok()) Fail(prediction.status().ToString());
  }

 private:
  static Director::Options Options() {
    Director::Options options;
    options.devices["host"] = {.budget_bytes = 32 * kModelBytes};
    options.engines = {"files"};
    return options;
  }
  void Register(int index) {
    Effects fx;
    const ModelSpec spec{
        .id = ModelName(index),
        .type = index % 2 == 0 ? ModelType::kChat : ModelType::kCompletion,
        .engine = "files",
        .source = "/models/" + ModelName(index),
        .size_bytes = kModelBytes};
    const auto view = director_.RegisterModel(now_, spec, &fx);
    if (!view.ok()) Fail(view.status().ToString());
  }
  void StartSession(int index) {
    Effects fx;
    const std::vector<int>& favourites = habits_.FavouritesOf(index);
    const auto session = director_.StartSession(
        now_,
        {.id = SessionName(index),
         .user = SessionName(index),
         .roles = {{"chat", ModelName(favourites[0])},
                   {"completion", ModelName(favourites[1])}},
         .lease = absl::Hours(24)},
        &fx);
    if (!session.ok()) Fail(session.status().ToString());
    Finish(std::move(fx));
  }
  void Record(UsageReport usage) {
    // Nobody's lease ends while time is made to fly.
    if (now_ > renew_at_) RenewAll();
    if (now_ > tick_at_) Tick();
    Effects fx;
    const absl::Status status = director_.RecordUsage(now_, {usage}, &fx);
    if (!status.ok()) Fail(status.ToString());
    Finish(std::move(fx));
  }
  void Tick() {
    tick_at_ = now_ + absl::Seconds(1);
    Effects fx;
    director_.Tick(now_, &fx);
    Finish(std::move(fx));
  }
  void RenewAll() {
    renew_at_ = now_ + absl::Hours(12);
    for (int i = 0; i < kPeople; ++i) {
      Effects fx;
      const auto session =
          director_.KeepAliveSession(now_, SessionName(i), {}, &fx);
      if (!session.ok()) Fail(session.status().ToString());
    }
  }
  void Finish(Effects fx) {
    while (!fx.loads.empty() || !fx.unloads.empty()) {
      Effects next;
      for (const LoadOrder& load : fx.loads) {
        director_.OnLoadDone(
            now_, load.id,
            LoadResult{.residency = {Tier::kReady, kModelBytes, kModelBytes},
                       .read_bytes = kModelBytes},
            &next);
      }
      for (const UnloadOrder& unload : fx.unloads) {
        director_.OnUnloadDone(now_, unload.spec.id, absl::OkStatus(), &next);
      }
      fx = std::move(next);
    }
  }

  Habits habits_;
  Director director_{Options()};
  absl::Time now_ = kStart;
  absl::Time tick_at_ = kStart;
  absl::Time renew_at_ = kStart + absl::Hours(12);
  int person_ = 0;
};

void MeasureDirector(int models, double aim_us) {
  Work work(models);
  PrintCost("Director::Predict, 5 answers with reasons", models,
            MicrosecondsOf([&] { work.Predict(); }), aim_us);
  PrintCost("Director::RecordUsage, forecasts and policy anew", models,
            MicrosecondsOf([&] { work.Use(absl::Milliseconds(50)); }), 0);
}

void Run() {
  Say("core: one decision with 100 and 10,000 models, 50 sessions");
  MeasureDirector(100, 10);
  MeasureDirector(10'000, 100);
}

}  // namespace
}  // namespace warmup::bench

int main() { warmup::bench::Run(); }
