#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/metrics_families.h"

namespace warmup {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

struct Column {
  const char* name;
  const char* help;
  MetricType type;
  // Nothing: this device does not have it, or does not tell.
  std::function<std::optional<double>(const DeviceStatus&)> value;
};

std::optional<double> OfBudget(const DeviceStatus& device, int64_t bytes) {
  if (!device.takes_models) return std::nullopt;
  return static_cast<double>(bytes);
}

std::optional<double> OfPressure(const DeviceStatus& device,
                                 double DeviceSample::Pressure::* what) {
  if (!device.sample.pressure.has_value()) return std::nullopt;
  return *device.sample.pressure.*what;
}

template <typename T>
std::optional<double> Number(const std::optional<T>& value) {
  if (!value.has_value()) return std::nullopt;
  return static_cast<double>(*value);
}

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"warmup_device_budget_bytes", "What models may hold in all.",
       MetricType::Gauge,
       [](const auto& d) { return OfBudget(d, d.budget_bytes); }},
      {"warmup_device_used_bytes", "What models hold.", MetricType::Gauge,
       [](const auto& d) { return OfBudget(d, d.used_bytes); }},
      {"warmup_device_reserve_bytes",
       "What a guess leaves free of what is measured.", MetricType::Gauge,
       [](const auto& d) { return OfBudget(d, d.reserve_bytes); }},
      {"warmup_device_memory_bytes", "Memory of the device.", MetricType::Gauge,
       [](const auto& d) {
         return d.sample.memory.has_value()
                    ? std::optional<double>(d.sample.memory->total_bytes)
                    : std::nullopt;
       }},
      {"warmup_device_free_bytes", "Memory that a new allocation could have.",
       MetricType::Gauge,
       [](const auto& d) {
         return d.sample.memory.has_value()
                    ? std::optional<double>(d.sample.memory->free_bytes)
                    : std::nullopt;
       }},
      {"warmup_device_available",
       "1 if models can be placed on it, 0 if it was lost or is another's.",
       MetricType::Gauge,
       [](const auto& d) {
         return std::optional<double>(d.sample.problem.empty() ? 1 : 0);
       }},
      {"warmup_device_busy_ratio", "Part of the time that it computed.",
       MetricType::Gauge, [](const auto& d) { return d.sample.busy; }},
      {"warmup_device_received_bytes_per_second",
       "From the host, over its link.", MetricType::Gauge,
       [](const auto& d) {
         return d.sample.link.has_value()
                    ? Number(d.sample.link->received_bytes_per_second)
                    : std::nullopt;
       }},
      {"warmup_device_sent_bytes_per_second", "To the host, over its link.",
       MetricType::Gauge,
       [](const auto& d) {
         return d.sample.link.has_value()
                    ? Number(d.sample.link->sent_bytes_per_second)
                    : std::nullopt;
       }},
      {"warmup_device_faults_total", "Uncorrected faults.", MetricType::Counter,
       [](const auto& d) {
         return d.sample.kind == DeviceSample::Kind::kGpu
                    ? std::optional<double>(d.sample.faults)
                    : std::nullopt;
       }},
      {"warmup_device_cores", "Processors that the daemon may use.",
       MetricType::Gauge, [](const auto& d) { return d.sample.cores; }},
      {"warmup_device_cpu_pressure_ratio",
       "Part of the last 10 s in which some task waited for a processor.",
       MetricType::Gauge,
       [](const auto& d) {
         return OfPressure(d, &DeviceSample::Pressure::cpu);
       }},
      {"warmup_device_memory_pressure_ratio",
       "The same for memory that had to be taken back.", MetricType::Gauge,
       [](const auto& d) {
         return OfPressure(d, &DeviceSample::Pressure::memory);
       }},
      {"warmup_device_io_pressure_ratio", "The same for a disk.",
       MetricType::Gauge,
       [](const auto& d) {
         return OfPressure(d, &DeviceSample::Pressure::io);
       }},
  };
  return columns;
}

}  // namespace

void CollectDevices(const std::vector<DeviceStatus>& devices,
                    std::vector<MetricFamily>* out) {
  for (const Column& column : Columns()) {
    MetricFamily family = MakeFamily(column.name, column.help, column.type);
    for (const DeviceStatus& device : devices) {
      const std::optional<double> value = column.value(device);
      if (value.has_value()) {
        AddMetric(&family, {{"device", device.sample.id}}, *value);
      }
    }
    if (!family.metric.empty()) out->push_back(std::move(family));
  }
}

}  // namespace warmup
