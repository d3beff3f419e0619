#include "server/metrics_exporter.h"

#include <utility>

#include "server/metrics_families.h"

namespace warmup {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Loads take from a page cache's milliseconds to minutes.
const prometheus::Histogram::BucketBoundaries kLoadBuckets = {
    0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

double Number(uint64_t n) { return static_cast<double>(n); }

// By engine: as many as there are now.
void CollectEngines(const Status& status, std::vector<MetricFamily>* out) {
  MetricFamily available = MakeFamily(
      "warmup_engine_available", "1 if the last look at the engine went well.",
      MetricType::Gauge);
  MetricFamily models =
      MakeFamily("warmup_engine_models", "Its models in the catalogue.",
                 MetricType::Gauge);
  MetricFamily ready =
      MakeFamily("warmup_engine_ready_models",
                 "Its models that answer at once.", MetricType::Gauge);
  MetricFamily looks = MakeFamily("warmup_engine_looks_total",
                                  "Times it was looked at, by how that went.",
                                  MetricType::Counter);
  MetricFamily seconds =
      MakeFamily("warmup_engine_look_seconds", "How long looks at it took.",
                 MetricType::Summary);
  MetricFamily failed =
      MakeFamily("warmup_engine_loads_failed_total",
                 "Loads that it could not do.", MetricType::Counter);
  for (const EngineStatus& engine : status.engines) {
    const ClientMetric::Label id = {"engine", engine.info.id};
    const EngineTotals& totals = engine.totals;
    AddMetric(&available, {id, {"kind", engine.info.kind}},
              engine.IsAvailable() ? 1 : 0);
    AddMetric(&models, {id}, Number(engine.models));
    AddMetric(&ready, {id}, Number(engine.models_ready));
    AddMetric(&looks, {id, {"outcome", "ok"}},
              Number(totals.looks - totals.looks_failed));
    AddMetric(&looks, {id, {"outcome", "failed"}}, Number(totals.looks_failed));
    ClientMetric& cost = seconds.metric.emplace_back();
    cost.label = {id};
    cost.summary.sample_count = totals.looks;
    cost.summary.sample_sum = absl::ToDoubleSeconds(totals.looking);
    AddMetric(&failed, {id}, Number(totals.loads_failed));
  }
  for (MetricFamily* family :
       {&available, &models, &ready, &looks, &seconds, &failed}) {
    out->push_back(std::move(*family));
  }
}

// What it saves: the difference of the two. Since the start, all devices.
void CollectWaits(const Waits& waits, std::vector<MetricFamily>* out) {
  out->push_back(
      SingleMetric("warmup_waited_seconds_total",
                   "Waited by callers and for loads seen at engines, all "
                   "together.",
                   MetricType::Counter, absl::ToDoubleSeconds(waits.really)));
  MetricFamily shadows = MakeFamily(
      "warmup_shadow_waited_seconds_total",
      "What all uses together would have waited with the same memory, had it "
      "been used so.",
      MetricType::Counter);
  AddMetric(&shadows, {{"shadow", "lru"}}, absl::ToDoubleSeconds(waits.lru));
  AddMetric(&shadows, {{"shadow", "ollama_default"}},
            absl::ToDoubleSeconds(waits.ollama_default));
  out->push_back(std::move(shadows));
}

void CollectStatus(const Status& status, std::vector<MetricFamily>* out) {
  const Totals& totals = status.totals;
  const auto counter = [out](const char* name, const char* help, double value) {
    out->push_back(SingleMetric(name, help, MetricType::Counter, value));
  };
  const auto gauge = [out](const char* name, const char* help, double value) {
    out->push_back(SingleMetric(name, help, MetricType::Gauge, value));
  };
  counter("warmup_evictions_total", "Models driven out for others.",
          Number(totals.evictions));
  counter("warmup_wasted_bytes_total",
          "Bytes warmed on a guess and driven out unused.",
          static_cast<double>(totals.wasted_bytes));
  counter("warmup_predictions_total", "Predictions answered.",
          Number(totals.predictions));
  counter("warmup_usages_total", "Real requests to models.",
          Number(totals.usages));
  counter("warmup_usages_seen_total",
          "Of them: seen at the engines, and reported by nobody.",
          Number(totals.usages_seen));
  counter("warmup_activities_total", "Activities told.",
          Number(totals.activities));
  gauge("warmup_models", "Models in the catalogue.", Number(status.models));
  gauge("warmup_ready_models", "Models that answer at once.",
        Number(status.models_ready));
  gauge("warmup_loading_models", "Models whose load is under way.",
        Number(status.models_loading));
  gauge("warmup_sessions", "Sessions alive.", Number(status.sessions));
  gauge("warmup_waiters", "Callers that wait for a model.",
        Number(status.waiters));
  gauge("warmup_predictive_preloading", "1 if models are loaded on forecasts.",
        status.policy.predictive_preloading ? 1 : 0);
  CollectWaits(status.waits.since_start, out);
  CollectDevices(status.devices, out);
  CollectEngines(status, out);
  CollectQuality(status.quality, out);
}

}  // namespace

MetricsExporter::MetricsExporter(prometheus::Registry& registry,
                                 const std::string& version) {
  prometheus::BuildGauge()
      .Name("warmup_build_info")
      .Help("Always 1; the labels tell the version.")
      .Register(registry)
      .Add({{"version", version}})
      .Set(1);
  auto& loads = prometheus::BuildCounter()
                    .Name("warmup_loads_total")
                    .Help(
                        "Loads that ended, by why they were started and how "
                        "they ended.")
                    .Register(registry);
  auto& load_seconds = prometheus::BuildHistogram()
                           .Name("warmup_load_duration_seconds")
                           .Help(
                               "Length of loads that ended with a ready "
                               "model.")
                           .Register(registry);
  for (const LoadKind kind :
       {LoadKind::kSpeculative, LoadKind::kAnnounced, LoadKind::kDemand}) {
    const std::string name(ToString(kind));
    load_seconds_[kind] = &load_seconds.Add({{"kind", name}}, kLoadBuckets);
    for (const char* outcome : {"ready", "failed", "cancelled"}) {
      loads_[{kind, outcome}] =
          &loads.Add({{"kind", name}, {"outcome", outcome}});
    }
  }
  auto& demands = prometheus::BuildCounter()
                      .Name("warmup_demands_total")
                      .Help(
                          "Callers that needed a model, by how they found "
                          "it.")
                      .Register(registry);
  auto& waits = prometheus::BuildHistogram()
                    .Name("warmup_demand_wait_seconds")
                    .Help("How long callers waited for their model.")
                    .Register(registry);
  for (const char* served_as : {"warm", "late", "cold", "failed"}) {
    demands_[served_as] = &demands.Add({{"served_as", served_as}});
    waits_[served_as] = &waits.Add({{"served_as", served_as}}, kLoadBuckets);
  }
  read_bytes_ = &prometheus::BuildCounter()
                     .Name("warmup_load_read_bytes_total")
                     .Help("Bytes that loads read from disk or network.")
                     .Register(registry)
                     .Add({});
  reload_ok_ = &prometheus::BuildGauge()
                    .Name("warmup_config_last_reload_successful")
                    .Help("1 if the configuration in the file is in force.")
                    .Register(registry)
                    .Add({});
  reload_time_ = &prometheus::BuildGauge()
                      .Name(
                          "warmup_config_last_reload_success_timestamp_"
                          "seconds")
                      .Help("When the configuration was last read.")
                      .Register(registry)
                      .Add({});
  ConfigReloaded(true);
}

void MetricsExporter::ConfigReloaded(bool is_ok) {
  reload_ok_->Set(is_ok ? 1 : 0);
  if (is_ok) reload_time_->SetToCurrentTime();
}

void MetricsExporter::Attach(const Runtime& runtime, const EventLog& events,
                             const std::vector<ModelView>& models) {
  MutexLock lock(scrape_mutex_);
  ModelFeed::Changes all;
  for (const ModelView& view : models) all[view.spec.id] = {0, view};
  board_.Apply(std::move(all));
  source_ = {&runtime, &events};
}

void MetricsExporter::OnObservation(const Observation& observation) {
  for (const DemandServed& demand : observation.demands) {
    demands_.at(demand.served_as)->Increment();
    waits_.at(demand.served_as)->Observe(absl::ToDoubleSeconds(demand.waited));
  }
  for (const LoadFinished& load : observation.loads) {
    loads_.at({load.kind, load.outcome})->Increment();
    read_bytes_->Increment(static_cast<double>(load.read_bytes));
    if (load.outcome == "ready") {
      load_seconds_.at(load.kind)->Observe(
          absl::ToDoubleSeconds(load.duration));
    }
  }
  feed_.OnObservation(observation);
}

void MetricsExporter::CollectModels(std::vector<MetricFamily>* out) const {
  MetricFamily ready =
      MakeFamily("warmup_model_ready", "1 if the model answers at once.",
                 MetricType::Gauge);
  MetricFamily held =
      MakeFamily("warmup_model_held_bytes", "What is reserved for the model.",
                 MetricType::Gauge);
  MetricFamily load_time =
      MakeFamily("warmup_model_load_time_seconds",
                 "What the next load is expected to take.", MetricType::Gauge);
  for (const auto& [id, view] : board_.models()) {
    const std::vector<ClientMetric::Label> labels = {{"model", id}};
    AddMetric(&ready, labels, view.state == ModelState::kReady ? 1 : 0);
    AddMetric(&held, labels, static_cast<double>(view.held_bytes));
    AddMetric(&load_time, labels, absl::ToDoubleSeconds(view.next_load.mean));
  }
  for (MetricFamily* family : {&ready, &held, &load_time}) {
    out->push_back(std::move(*family));
  }
}

std::vector<MetricFamily> MetricsExporter::Collect() const {
  std::vector<MetricFamily> out;
  MutexLock lock(scrape_mutex_);
  if (source_.runtime == nullptr) return out;
  CollectStatus(*source_.runtime->LastStatus(), &out);
  out.push_back(SingleMetric(
      "warmup_store_healthy", "0 while the store cannot write.",
      MetricType::Gauge, source_.runtime->IsStoreHealthy() ? 1 : 0));
  out.push_back(SingleMetric(
      "warmup_events_total", "Events since the store was made.",
      MetricType::Counter, Number(source_.events->next_sequence() - 1)));
  board_.Apply(feed_.Take());
  CollectModels(&out);
  return out;
}

}  // namespace warmup
