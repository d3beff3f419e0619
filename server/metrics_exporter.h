#ifndef WARMUP_SERVER_METRICS_EXPORTER_H_
#define WARMUP_SERVER_METRICS_EXPORTER_H_

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/base/mutex.h"
#include "core/events/event_log.h"
#include "core/ports/event_sink.h"
#include "core/runtime/runtime.h"
#include "server/model_feed.h"

namespace warmup {

// The daemon's numbers for Prometheus. As a sink it counts what happens, with
// handles kept, on the threads that bring it; as a collectable it adds what is
// there now. A scrape works on its own copies: of the locks that calls need it
// takes only leaves, for as long as a pointer is swapped.
class MetricsExporter final : public EventSink, public prometheus::Collectable {
 public:
  MetricsExporter(prometheus::Registry& registry, const std::string& version);

  // From here on scrapes see `runtime` and `events`, until Detach. `models`:
  // all there are before the runtime starts.
  void Attach(const Runtime& runtime, const EventLog& events,
              const std::vector<ModelView>& models);

  void OnObservation(const Observation& observation) override;
  std::vector<prometheus::MetricFamily> Collect() const override;

  // The outcome of reading the configuration again.
  void ConfigReloaded(bool is_ok);

 private:
  struct Source {
    const Runtime* runtime = nullptr;
    const EventLog* events = nullptr;
  };

  void CollectModels(std::vector<prometheus::MetricFamily>* out) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(scrape_mutex_);

  // By kind of load and outcome, by how a demand was served.
  std::map<std::pair<LoadKind, std::string_view>, prometheus::Counter*> loads_;
  std::map<LoadKind, prometheus::Histogram*> load_seconds_;
  std::map<std::string_view, prometheus::Counter*> demands_;
  std::map<std::string_view, prometheus::Histogram*> waits_;
  prometheus::Counter* read_bytes_ = nullptr;
  prometheus::Gauge* reload_ok_ = nullptr;
  prometheus::Gauge* reload_time_ = nullptr;

  mutable ModelFeed feed_;
  // One scrape at a time; nothing else takes it.
  mutable Mutex scrape_mutex_;
  mutable ModelBoard board_ ABSL_GUARDED_BY(scrape_mutex_);
  Source source_ ABSL_GUARDED_BY(scrape_mutex_);
};

}  // namespace warmup

#endif  // WARMUP_SERVER_METRICS_EXPORTER_H_
