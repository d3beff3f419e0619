#include "adapters/engines/ollama/answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::ollama {
namespace {

using json_answer::At;
using json_answer::BytesAt;
using json_answer::ListAt;
using json_answer::Lists;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using json_answer::TimeAt;
using json_answer::ToNumber;
using json_answer::WordAt;
using nlohmann::json;

// What Ollama gives a model as context when nobody asks for more.
constexpr int64_t kDefaultContextLength = 4'096;
constexpr int64_t kBytesPerCacheElement = 2;  // 16-bit floats
// A number of layers, heads or dimensions beyond this is not believed.
constexpr int64_t kMaxDimension = 1'000'000;
constexpr size_t kMaxTextBytes = limits::kMaxPathBytes;

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

absl::StatusOr<json> ModelsIn(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  return ListAt(std::move(answer), "models");
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
    model.format = WordAt(details, "format");
    model.family = WordAt(details, "family");
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
    model.context_length =
        NumberAt(entry, "context_length", std::numeric_limits<int32_t>::max());
  }
  return result;
}

absl::StatusOr<ModelMetadata> ReadMetadata(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  const json& info = At(answer, "model_info");
  ModelMetadata model;
  model.architecture = WordAt(info, "general.architecture");
  if (model.architecture.empty()) {
    model.architecture = WordAt(At(answer, "details"), "family");
  }
  const auto count = [&](std::string_view key) {
    return DimensionAt(info,
                       absl::StrCat(model.architecture, ".", std::string(key)));
  };
  model.parameter_count = BytesAt(info, "general.parameter_count");
  model.context_length =
      NumberAt(info, absl::StrCat(model.architecture, ".context_length"),
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
