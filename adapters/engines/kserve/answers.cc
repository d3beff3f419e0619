#include "adapters/engines/kserve/answers.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/limits.h"

namespace warmup::kserve {
namespace {

constexpr std::string_view kSuccessTotal = "model_infer_request_success_total";
constexpr std::string_view kModelLabel = "model";
constexpr double kMaxCount = 1e15;
constexpr size_t kMaxWords = 300;

bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void SkipSpaces(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with(',')) text.remove_prefix(1);
}

// Takes a label's value and the quote that ends it; empty: it has no end.
std::optional<std::string> TakeValue(std::string_view& text) {
  std::string value;
  while (!text.empty() && value.size() <= limits::kMaxPathBytes) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\' && !text.empty()) {
      c = text.front() == 'n' ? '\n' : text.front();
      text.remove_prefix(1);
    }
    value.push_back(c);
  }
  return std::nullopt;
}

// Takes `{name="value",...}` and returns the model's; empty: it has none.
std::optional<std::string> TakeModel(std::string_view& text) {
  std::optional<std::string> model;
  if (!TakePrefix(text, "{")) return std::nullopt;
  for (;;) {
    SkipSpaces(text);
    if (TakePrefix(text, "}")) return model;
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(0, equals);
    text.remove_prefix(equals + 2);
    const std::optional<std::string> value = TakeValue(text);
    if (!value.has_value()) return std::nullopt;
    if (name == kModelLabel) model = value;
  }
}

int64_t ReadCount(std::string_view text) {
  SkipSpaces(text);
  text = text.substr(0, text.find(' '));  // a time may follow
  double number = 0;
  const bool is_number = absl::SimpleAtod({text.data(), text.size()}, &number);
  return is_number && number >= 0 && number <= kMaxCount
             ? static_cast<int64_t>(number)
             : 0;
}

// How much there is of it, for the warmest to win.
int Warmth(ModelState state) {
  switch (state) {
    case ModelState::kReady:
      return 4;
    case ModelState::kLoading:
      return 3;
    case ModelState::kUnloading:
      return 2;
    case ModelState::kUnknown:
      return 1;
    case ModelState::kUnloaded:
      break;
  }
  return 0;
}

}  // namespace

std::string_view ToString(Flavour flavour) {
  switch (flavour) {
    case Flavour::kTriton:
      return "triton";
    case Flavour::kMlServer:
      return "mlserver";
    case Flavour::kKserve:
      break;
  }
  return "kserve";
}

Flavour ReadFlavour(const std::vector<std::string>& extensions) {
  if (Has(extensions, "model_repository_extension")) return Flavour::kKserve;
  return Has(extensions, "model_repository") ? Flavour::kTriton
                                             : Flavour::kMlServer;
}

ModelState ReadState(std::string_view text) {
  TakePrefix(text, "State.");
  if (text.empty() || text == "UNAVAILABLE") return ModelState::kUnloaded;
  if (text == "LOADING") return ModelState::kLoading;
  if (text == "READY") return ModelState::kReady;
  if (text == "UNLOADING") return ModelState::kUnloading;
  return ModelState::kUnknown;
}

void AddVersion(std::string_view state, std::string_view reason,
                IndexedModel& model) {
  const ModelState read = ReadState(state);
  if (Warmth(read) > Warmth(model.state)) model.state = read;
  if (read == ModelState::kUnloading ||
      (read == ModelState::kUnloaded && reason == "unloaded")) {
    model.was_unloaded = true;
  }
}

StatisticsByModel ReadMetrics(std::string_view text) {
  StatisticsByModel statistics;
  while (!text.empty() && statistics.size() < json_answer::kMaxListed) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!TakePrefix(line, kSuccessTotal)) continue;
    const std::optional<std::string> model = TakeModel(line);
    if (!model.has_value()) continue;
    // One line for each version.
    int64_t& count = statistics[*model].successes;
    count = std::min(count + ReadCount(line), static_cast<int64_t>(kMaxCount));
  }
  return statistics;
}

int64_t HeldBytes(const Statistics& statistics, const ModelSpec& spec) {
  const bool is_on_host = spec.device == "host";
  const int64_t there =
      is_on_host ? statistics.host_bytes : statistics.device_bytes;
  const int64_t elsewhere =
      is_on_host ? statistics.device_bytes : statistics.host_bytes;
  return there > 0 ? there : elsewhere;
}

std::string Words(std::string_view text) {
  std::string words(text.substr(0, kMaxWords));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; },
      ' ');
  while (words.ends_with(' ')) words.pop_back();
  return words.empty() ? "no reason given" : words;
}

}  // namespace warmup::kserve
