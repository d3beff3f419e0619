#include "adapters/engines/ollama/answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::ollama {
namespace {

using nlohmann::json;

// What Ollama gives a model as context when nobody asks for more.
constexpr int64_t kDefaultContextLength = 4'096;
constexpr int64_t kBytesPerCacheElement = 2;  // 16-bit floats
// A number of layers, heads or dimensions beyond this is not believed.
constexpr int64_t kMaxDimension = 1'000'000;
constexpr size_t kMaxTextBytes = limits::kMaxPathBytes;
constexpr size_t kMaxErrorBytes = 300;

json Parse(std::string_view text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

absl::StatusOr<json> ParseObject(std::string_view text) {
  json value = Parse(text);
  if (value.is_discarded()) {
    return absl::InvalidArgumentError("the answer is not JSON");
  }
  if (!value.is_object()) {
    return absl::InvalidArgumentError("the answer is not a JSON object");
  }
  return value;
}

// A null value stands for what is not there.
const json& At(const json& object, std::string_view key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(key);
  return it == object.end() ? kNothing : *it;
}

std::string TextAt(const json& object, std::string_view key) {
  const json& value = At(object, key);
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  return text.size() > kMaxTextBytes ? std::string() : text;
}

// A count or size; 0 unless it is a number in 0 to `max`.
int64_t ToNumber(const json& value, int64_t max) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return number <= static_cast<uint64_t>(max) ? static_cast<int64_t>(number)
                                                : 0;
  }
  if (value.is_number_integer()) return 0;  // negative
  if (!value.is_number_float()) return 0;
  const auto number = value.get<double>();
  return number >= 0 && number <= static_cast<double>(max)
             ? static_cast<int64_t>(number)
             : 0;
}

int64_t BytesAt(const json& object, std::string_view key) {
  return ToNumber(At(object, key), limits::kMaxModelBytes);
}

// Some models tell a number for each layer: the largest counts.
int64_t DimensionAt(const json& object, std::string_view key) {
  const json& value = At(object, key);
  if (!value.is_array()) return ToNumber(value, kMaxDimension);
  int64_t largest = 0;
  for (const json& item : value) {
    largest = std::max(largest, ToNumber(item, kMaxDimension));
  }
  return largest;
}

absl::Time TimeAt(const json& object, std::string_view key) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, TextAt(object, key), &time,
                       &error)) {
    return absl::InfinitePast();
  }
  return time;
}

bool Lists(const json& list, std::string_view word) {
  return list.is_array() &&
         std::any_of(list.begin(), list.end(), [&](const json& item) {
           return item.is_string() &&
                  item.get_ref<const std::string&>() == word;
         });
}

// The entries of "models". Null is how an older Ollama says that it has none.
absl::StatusOr<json> ModelsIn(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  const auto models = answer.find("models");
  if (models == answer.end()) {
    return absl::InvalidArgumentError("the answer has no \"models\"");
  }
  if (models->is_null()) return json::array();
  if (!models->is_array()) {
    return absl::InvalidArgumentError("\"models\" is not a list");
  }
  if (models->size() > kMaxListedModels) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"models\" has ", models->size(), " entries, at most ",
                     kMaxListedModels, " are read"));
  }
  return std::move(*models);
}

std::string NameOf(const json& entry) {
  std::string name = TextAt(entry, "name");
  return name.empty() ? TextAt(entry, "model") : name;
}

// The value behind the first line of `text` that begins with `word`.
std::string_view LineAfter(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(word)) continue;
    line.remove_prefix(word.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  return {};
}

std::string_view ViewAt(const json& object, std::string_view key) {
  const json& value = At(object, key);
  if (!value.is_string()) return {};
  return value.get_ref<const std::string&>();
}

}  // namespace

absl::StatusOr<std::vector<ListedModel>> ReadTags(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json models, ModelsIn(text));
  std::vector<ListedModel> result;
  result.reserve(models.size());
  for (const json& entry : models) {
    const json& details = At(entry, "details");
    ListedModel& model = result.emplace_back();
    model.name = NameOf(entry);
    model.digest = TextAt(entry, "digest");
    model.size_bytes = BytesAt(entry, "size");
    model.format = TextAt(details, "format");
    model.family = TextAt(details, "family");
    const json& capabilities = At(entry, "capabilities");
    model.is_embedder =
        Lists(capabilities, "embedding") ||
        (!Lists(capabilities, "completion") && IsEmbedderFamily(model.family));
    model.is_remote = !TextAt(entry, "remote_host").empty();
  }
  return result;
}

absl::StatusOr<std::vector<RunningModel>> ReadRunning(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json models, ModelsIn(text));
  std::vector<RunningModel> result;
  result.reserve(models.size());
  for (const json& entry : models) {
    RunningModel& model = result.emplace_back();
    model.name = NameOf(entry);
    model.digest = TextAt(entry, "digest");
    model.size_bytes = BytesAt(entry, "size");
    model.vram_bytes = std::min(BytesAt(entry, "size_vram"), model.size_bytes);
    model.expires_at = TimeAt(entry, "expires_at");
  }
  return result;
}

absl::StatusOr<ModelMetadata> ReadMetadata(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  const json& info = At(answer, "model_info");
  ModelMetadata model;
  model.architecture = TextAt(info, "general.architecture");
  if (model.architecture.empty()) {
    model.architecture = TextAt(At(answer, "details"), "family");
  }
  const auto count = [&](std::string_view key) {
    return DimensionAt(info,
                       absl::StrCat(model.architecture, ".", std::string(key)));
  };
  model.parameter_count =
      ToNumber(At(info, "general.parameter_count"), limits::kMaxModelBytes);
  model.context_length =
      ToNumber(At(info, absl::StrCat(model.architecture, ".context_length")),
               std::numeric_limits<int32_t>::max());
  model.layers = count("block_count");
  const int64_t heads = count("attention.head_count");
  model.kv_heads = count("attention.head_count_kv");
  if (model.kv_heads == 0) model.kv_heads = heads;
  model.head_dimension = count("attention.key_length");
  if (model.head_dimension == 0 && heads > 0) {
    model.head_dimension = count("embedding_length") / heads;
  }
  const std::string_view set =
      LineAfter(ViewAt(answer, "parameters"), "num_ctx ");
  std::from_chars(set.data(), set.data() + set.size(),
                  model.set_context_length);
  const std::string_view blob = LineAfter(ViewAt(answer, "modelfile"), "FROM ");
  if (blob.starts_with('/') && blob.size() <= kMaxTextBytes) model.blob = blob;
  const json& capabilities = At(answer, "capabilities");
  model.is_completer = Lists(capabilities, "completion");
  model.is_embedder =
      Lists(capabilities, "embedding") ||
      (!model.is_completer && IsEmbedderFamily(model.architecture));
  return model;
}

absl::StatusOr<std::string> ReadVersion(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  std::string version = TextAt(answer, "version");
  if (version.empty()) {
    return absl::InvalidArgumentError("the answer has no \"version\"");
  }
  return version;
}

std::string ReadError(std::string_view text) {
  const json answer = Parse(text);
  if (answer.is_discarded()) return {};
  const json* error = &At(answer, "error");
  // As its OpenAI-like paths say it.
  if (error->is_object()) error = &At(*error, "message");
  if (!error->is_string()) return {};
  std::string words =
      error->get_ref<const std::string&>().substr(0, kMaxErrorBytes);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; },
      '?');
  return words;
}

int64_t EstimateReadyBytes(const ModelMetadata& metadata, int64_t file_bytes) {
  int64_t context = metadata.set_context_length;
  if (context <= 0) context = kDefaultContextLength;
  if (metadata.context_length > 0) {
    context = std::min(context, metadata.context_length);
  }
  // Keys and values. As doubles: the factors are bounded, not their product.
  const double cache_bytes = 2.0 * kBytesPerCacheElement *
                             static_cast<double>(metadata.layers) *
                             static_cast<double>(metadata.kv_heads) *
                             static_cast<double>(metadata.head_dimension) *
                             static_cast<double>(context);
  return static_cast<int64_t>(
      std::min(static_cast<double>(file_bytes) + cache_bytes,
               static_cast<double>(limits::kMaxModelBytes)));
}

bool IsEmbedderFamily(std::string_view family) {
  static constexpr std::array<std::string_view, 3> kFamilies = {
      "bert", "t5encoder", "gte"};
  const std::string lower =
      absl::AsciiStrToLower(absl::string_view(family.data(), family.size()));
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view word) {
                       return lower.find(word) != std::string::npos;
                     });
}

}  // namespace warmup::ollama
