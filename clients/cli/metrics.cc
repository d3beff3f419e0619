#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

std::string DemandText(const v1::DemandMetrics& demands) {
  const double found =
      demands.warm_count() + demands.late_count() + demands.cold_count();
  if (found + demands.failed_count() == 0) return "none yet";
  std::string text =
      absl::StrCat(HumanCount(demands.warm_count()), " warm, ",
                   HumanCount(demands.late_count()), " late, ",
                   HumanCount(demands.cold_count()), " cold, ",
                   HumanCount(demands.failed_count()), " failed");
  if (found > 0) {
    absl::StrAppend(&text, "; ", HumanPercent(demands.warm_count() / found),
                    " of those served were warm");
  }
  return text;
}

std::string WaitedText(const v1::DemandMetrics& demands) {
  const double count = demands.warm_count() + demands.late_count() +
                       demands.cold_count() + demands.failed_count();
  std::string text = HumanDuration(absl::Seconds(demands.waited_seconds()));
  if (count > 0) {
    absl::StrAppend(
        &text, " in all, ",
        HumanDuration(absl::Seconds(demands.waited_seconds() / count)),
        " each on average");
  }
  return text;
}

std::string_view WindowText(v1::WaitWindow window) {
  switch (window) {
    case v1::WAIT_WINDOW_TODAY:
      return "today";
    case v1::WAIT_WINDOW_LAST_7_DAYS:
      return "last 7 days";
    case v1::WAIT_WINDOW_SINCE_START:
      return "since start";
    default:  // of a newer daemon
      return "?";
  }
}

// What would have been waited, and how much less, or more, really was.
std::string ShadowText(double would_have, double waited) {
  std::string text = HumanDuration(absl::Seconds(would_have));
  if (would_have > 0) {
    absl::StrAppend(&text,
                    absl::StrFormat(" (%+.0f %%)",
                                    (waited - would_have) / would_have * 100));
  }
  return text;
}

std::string WaitsText(const v1::GetWarmupMetricsResponse& metrics,
                      const Style& style) {
  if (metrics.waits().empty()) return "";
  Table table({{"WAITED"},
               {"REALLY", Align::kRight},
               {"LRU WOULD HAVE", Align::kRight},
               {"OLLAMA'S DEFAULT", Align::kRight}});
  for (const v1::WaitComparison& waits : metrics.waits()) {
    const double waited = waits.waited_seconds();
    table.Add({style.Bold(WindowText(waits.window())),
               HumanDuration(absl::Seconds(waited)),
               ShadowText(waits.lru_waited_seconds(), waited),
               ShadowText(waits.ollama_default_waited_seconds(), waited)});
  }
  return absl::StrCat("\n", table.Render(style));
}

std::string DevicesText(const v1::GetWarmupMetricsResponse& metrics,
                        const Style& style) {
  if (metrics.devices().empty()) return "";
  Table table({{"DEVICE"},
               {"HELD", Align::kRight},
               {"BUDGET", Align::kRight},
               {"RESERVE", Align::kRight},
               {"MEASURED FREE", Align::kRight},
               {"MEASURED TOTAL", Align::kRight}});
  for (const v1::DeviceMetrics& device : metrics.devices()) {
    const bool is_measured = device.measured_total_bytes() > 0;
    table.Add({style.Bold(Printable(device.device())),
               HumanBytes(device.used_bytes()),
               HumanBytes(device.budget_bytes()),
               HumanBytes(device.reserve_bytes()),
               is_measured ? HumanBytes(device.measured_free_bytes()) : "-",
               is_measured ? HumanBytes(device.measured_total_bytes()) : "-"});
  }
  return absl::StrCat("\n", table.Render(style));
}

std::string EnginesText(const v1::GetWarmupMetricsResponse& metrics,
                        const Style& style) {
  if (metrics.engines().empty()) return "";
  Table table({{"ENGINE"},
               {"MODELS", Align::kRight},
               {"READY", Align::kRight},
               {"LOOKS", Align::kRight},
               {"IN VAIN", Align::kRight},
               {"EACH", Align::kRight},
               {"FAILED LOADS", Align::kRight}});
  for (const v1::EngineMetrics& engine : metrics.engines()) {
    table.Add({style.Bold(Printable(engine.engine_id())),
               HumanCount(engine.model_count()),
               HumanCount(engine.ready_model_count()),
               HumanCount(engine.look_count()),
               HumanCount(engine.failed_look_count()),
               engine.look_count() > 0
                   ? HumanDuration(absl::Seconds(engine.look_seconds() /
                                                 engine.look_count()))
                   : "-",
               HumanCount(engine.failed_load_count())});
  }
  return absl::StrCat("\n", table.Render(style));
}

std::string MetricsText(const v1::GetWarmupMetricsResponse& metrics,
                        const Style& style) {
  const v1::LoadMetrics& loads = metrics.loads();
  Fields fields;
  fields.Add("up", HumanDuration(absl::Seconds(metrics.uptime_seconds())));
  fields.Add(
      "models",
      absl::StrCat(HumanCount(metrics.model_count()), " known, ",
                   HumanCount(metrics.ready_model_count()), " ready, ",
                   HumanCount(metrics.loading_model_count()), " loading"));
  fields.Add("sessions", HumanCount(metrics.session_count()));
  fields.Add("waiting now", Plural(metrics.waiter_count(), "caller"));
  fields.Add("demands", DemandText(metrics.demands()));
  fields.Add("waited", WaitedText(metrics.demands()));
  fields.Add(
      "loads started",
      absl::StrCat(HumanCount(loads.demand_count()), " on demand, ",
                   HumanCount(loads.announced_count()), " announced, ",
                   HumanCount(loads.speculative_count()), " on a forecast"));
  fields.Add("loads ended",
             absl::StrCat(HumanCount(loads.ready_count()), " ready, ",
                          HumanCount(loads.failed_count()), " failed, ",
                          HumanCount(loads.cancelled_count()), " cancelled"));
  fields.Add("evictions", HumanCount(loads.eviction_count()));
  fields.Add("read", HumanBytes(loads.read_bytes()));
  fields.Add("wasted",
             absl::StrCat(HumanBytes(loads.wasted_bytes()),
                          " warmed on forecasts and driven out unused"));
  fields.Add(
      "asked and told",
      absl::StrCat(
          Plural(metrics.prediction_count(), "prediction"), ", ",
          Plural(metrics.usage_count(), "use"),
          metrics.seen_usage_count() > 0
              ? absl::StrCat(" (", HumanCount(metrics.seen_usage_count()),
                             " seen at the engines)")
              : "",
          ", ", Plural(metrics.activity_count(), "activity")));
  fields.Add("store", metrics.is_store_healthy()
                          ? style.Green("healthy")
                          : style.Red("cannot write now; predictions go on"));
  return absl::StrCat(fields.Render(style), WaitsText(metrics, style),
                      DevicesText(metrics, style), EnginesText(metrics, style));
}

}  // namespace

void AddMetrics(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "metrics", "Counts and sums since the daemon started",
      "How often somebody waited for a model and how it was found (warm: it "
      "was ready; late: its load was under way; cold: its load had to be "
      "started), the loads, and the memory of each device. Also how long was "
      "waited, and would have been with the same memory and load on demand: "
      "the least recently used goes (LRU), or also what was idle for five "
      "minutes (Ollama's default). That counts every use the daemon learns of; "
      "what was really waited is known of those that asked it for the model "
      "or loaded it at an engine.",
      "warmupctl metrics\n"
      "warmupctl metrics -o json | jq .demands");
  command->callback([&cli] {
    const auto response = cli.Call(&v1::WarmupService::Stub::GetWarmupMetrics,
                                   v1::GetWarmupMetricsRequest());
    if (response) cli.Print(*response, MetricsText(*response, cli.out()));
  });
}

}  // namespace warmup::cli
