#ifndef WARMUP_SERVER_METRICS_FAMILIES_H_
#define WARMUP_SERVER_METRICS_FAMILIES_H_

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "core/runtime/facts.h"

// How a scrape's families are made.
namespace warmup {

inline prometheus::MetricFamily MakeFamily(std::string name, std::string help,
                                           prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

// To a family of counters or gauges.
inline void AddMetric(prometheus::MetricFamily* family,
                      std::vector<prometheus::ClientMetric::Label> labels,
                      double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

// A family of one, without labels.
inline prometheus::MetricFamily SingleMetric(std::string name, std::string help,
                                             prometheus::MetricType type,
                                             double value) {
  prometheus::MetricFamily family =
      MakeFamily(std::move(name), std::move(help), type);
  AddMetric(&family, {}, value);
  return family;
}

// What devices are like, by device (metrics_devices.cc).
void CollectDevices(const std::vector<DeviceStatus>& devices,
                    std::vector<prometheus::MetricFamily>* out);

// How good forecasts and warmups were (metrics_quality.cc).
void CollectQuality(const PredictionQuality& quality,
                    std::vector<prometheus::MetricFamily>* out);

}  // namespace warmup

#endif  // WARMUP_SERVER_METRICS_FAMILIES_H_
