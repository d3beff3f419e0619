#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_PROMETHEUS_TEXT_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_PROMETHEUS_TEXT_H_

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace warmup {

// Labels that a sample must have, with these values; it may have others.
using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

// The sum of the samples of the metric `name` (exactly, "llamacpp:n" included)
// that have these labels, in what a server answers to /metrics: the Prometheus
// text format, or OpenMetrics. Empty when there is none. The text is untrusted:
// a line that is none of that format, or whose value is negative or no number,
// counts for nothing. Pure; time and memory are bounded by the text.
std::optional<double> SumMetric(std::string_view text, std::string_view name,
                                const MetricLabels& labels = {});

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_PROMETHEUS_TEXT_H_
