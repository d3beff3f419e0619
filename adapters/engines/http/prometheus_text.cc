#include "adapters/engines/http/prometheus_text.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/numbers.h"

namespace warmup {
namespace {

void SkipBlanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// Takes everything up to the first of `ends` off the front.
std::string_view TakeUntil(std::string_view& text, std::string_view ends) {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

bool TakeChar(std::string_view& text, char wanted) {
  SkipBlanks(text);
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

// Takes "..." with its escapes (\\, \" and \n) off the front.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  if (!TakeChar(text, '"')) return std::nullopt;
  std::string value;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\' && !text.empty()) {
      c = text.front() == 'n' ? '\n' : text.front();
      text.remove_prefix(1);
    }
    value += c;
  }
  return std::nullopt;
}

// Takes {name="value",...} off the front. Empty: it is cut or malformed;
// otherwise whether `wanted` are all among them.
std::optional<bool> TakeLabels(std::string_view& text,
                               const MetricLabels& wanted) {
  if (!TakeChar(text, '{')) return wanted.empty();
  std::vector<bool> has(wanted.size());
  while (!TakeChar(text, '}')) {
    const std::string_view name = TakeUntil(text, "= \t\"{},");
    if (name.empty() || !TakeChar(text, '=')) return std::nullopt;
    const std::optional<std::string> value = TakeQuoted(text);
    if (!value.has_value()) return std::nullopt;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].first == name && wanted[i].second == *value) has[i] = true;
    }
    SkipBlanks(text);
    if (!TakeChar(text, ',') && !text.starts_with('}')) return std::nullopt;
    SkipBlanks(text);
  }
  return std::all_of(has.begin(), has.end(), [](bool each) { return each; });
}

// The value of a line that is a sample of `name` with these labels.
std::optional<double> ReadSample(std::string_view line, std::string_view name,
                                 const MetricLabels& labels) {
  SkipBlanks(line);
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  // Of a longer name, or the end of a line without a value.
  if (line.find_first_of(" \t{") != 0) return std::nullopt;
  if (!TakeLabels(line, labels).value_or(false)) return std::nullopt;
  SkipBlanks(line);
  const std::string_view word = TakeUntil(line, " \t\r");
  double value = 0;
  if (!absl::SimpleAtod(absl::string_view(word.data(), word.size()), &value) ||
      !std::isfinite(value) || value < 0) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<double> SumMetric(std::string_view text, std::string_view name,
                                const MetricLabels& labels) {
  if (name.empty()) return std::nullopt;
  std::optional<double> sum;
  while (!text.empty()) {
    const std::string_view line = TakeUntil(text, "\n");
    text.remove_prefix(std::min<size_t>(1, text.size()));
    if (const auto value = ReadSample(line, name, labels)) {
      sum = sum.value_or(0) + *value;
    }
  }
  if (sum.has_value() && !std::isfinite(*sum)) return std::nullopt;
  return sum;
}

}  // namespace warmup
