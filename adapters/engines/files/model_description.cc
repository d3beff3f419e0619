#include "adapters/engines/files/model_description.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/byte_source.h"
#include "adapters/engines/files/cached_file.h"
#include "adapters/engines/files/gguf_header.h"
#include "adapters/engines/files/os_error.h"
#include "adapters/engines/files/safetensors_header.h"
#include "adapters/engines/files/small_file.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

using nlohmann::json;

std::string_view FileName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// An error of reading a header, telling which file it is about.
absl::Status AboutFile(const absl::Status& status, std::string_view path) {
  const std::string why(status.message());
  if (absl::IsFailedPrecondition(status)) {
    return FileUnfit("MODEL_DAMAGED", path, "is damaged: " + why);
  }
  return MakeError(
      status.code(), "FILE_UNAVAILABLE",
      absl::StrCat(why, " of \"", PrintableText(path, limits::kMaxPathBytes),
                   "\""));
}

// Nothing for a file of no format that is known.
absl::StatusOr<std::optional<ModelHeader>> ReadHeader(const std::string& path) {
  WARMUP_ASSIGN_OR_RETURN(const CachedFile file,
                          CachedFile::Open(path, PageAccess::kPortable));
  // Only what is asked for: no reading ahead into a model that stays cold.
  posix_fadvise(file.fd(), 0, 0, POSIX_FADV_RANDOM);
  FileSource source(file.fd(), static_cast<uint64_t>(file.size_bytes()));
  absl::StatusOr<ModelHeader> header = ModelHeader{};
  if (std::string_view(path).ends_with(".safetensors")) {
    header = ReadSafetensorsHeader(source);
  } else {
    std::array<char, kGgufMagic.size()> magic{};
    if (source.size() < magic.size()) return std::optional<ModelHeader>();
    const absl::Status read = source.ReadAt(0, magic.data(), magic.size());
    if (!read.ok()) return AboutFile(read, path);
    if (std::string_view(magic.data(), magic.size()) != kGgufMagic) {
      return std::optional<ModelHeader>();
    }
    header = ReadGgufHeader(source);
  }
  if (!header.ok()) return AboutFile(header.status(), path);
  return std::optional<ModelHeader>(*std::move(header));
}

std::string TextAt(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return {};
  return PrintableText(it->get_ref<const std::string&>(), kMaxHeaderTextBytes);
}

int64_t CountAt(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer()) return 0;
  return it->is_number_unsigned() && it->get<uint64_t>() > INT64_MAX
             ? 0
             : std::max<int64_t>(0, it->get<int64_t>());
}

// What config.json's `architectures` ("Qwen2ForCausalLM") tell of the use.
ModelType TypeFromConfig(const json& config, std::string_view architecture) {
  std::string name;
  const auto list = config.find("architectures");
  if (list != config.end() && list->is_array() && !list->empty() &&
      list->front().is_string()) {
    name = list->front().get<std::string>();
  }
  const auto labels = config.find("id2label");
  const bool has_one_label =
      labels != config.end() && labels->is_object() && labels->size() == 1;
  if (ContainsWord(name, "sequenceclassification")) {
    return has_one_label ? ModelType::kRerank : ModelType::kClassification;
  }
  if (ContainsWord(name, "classification")) return ModelType::kClassification;
  if (ContainsWord(name, "causallm") ||
      ContainsWord(name, "conditionalgeneration")) {
    return ModelType::kUnspecified;  // the tokenizer says whether it chats
  }
  return IsEncoderArchitecture(architecture) ? ModelType::kEmbedding
                                             : ModelType::kUnspecified;
}

// JSON of bounded size; discarded when it is none.
json ReadJson(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(path, kMaxConfigBytes);
  if (!text.ok()) return json(json::value_t::discarded);
  return json::parse(*text, nullptr, /*allow_exceptions=*/false);
}

void TakeConfig(const json& config, ModelHeader& header) {
  if (!config.is_object()) return;
  const std::string model_type = TextAt(config, "model_type");
  if (!model_type.empty()) header.architecture = model_type;
  header.context_length = CountAt(config, "max_position_embeddings");
  const auto text = config.find("text_config");
  if (header.context_length == 0 && text != config.end() && text->is_object()) {
    header.context_length = CountAt(*text, "max_position_embeddings");
  }
  header.type = TypeFromConfig(config, header.architecture);
}

// The model's own config.json: that of the uppermost folder, for parts of a
// model may have theirs.
const std::string* FindConfig(const std::vector<ModelFile>& files) {
  const std::string* config = nullptr;
  for (const ModelFile& file : files) {
    if (FileName(file.path) != "config.json") continue;
    if (config == nullptr || file.path.size() < config->size()) {
      config = &file.path;
    }
  }
  return config;
}

// Adds what one weights file says. False: too many parameters.
bool Join(const ModelHeader& part, ModelHeader& model) {
  if (model.format.empty()) model.format = part.format;
  if (model.architecture.empty()) model.architecture = part.architecture;
  if (model.name.empty()) model.name = part.name;
  if (model.context_length == 0) model.context_length = part.context_length;
  if (model.type == ModelType::kUnspecified) model.type = part.type;
  return !__builtin_add_overflow(model.parameter_count, part.parameter_count,
                                 &model.parameter_count);
}

}  // namespace

absl::StatusOr<ModelHeader> DescribeModelFiles(
    const std::vector<ModelFile>& files) {
  ModelHeader model;
  if (const std::string* path = FindConfig(files)) {
    TakeConfig(ReadJson(*path), model);
  }
  bool has_chat_template = false;
  for (const ModelFile& file : files) {
    const std::string_view name = FileName(file.path);
    has_chat_template |= name == "chat_template.jinja";
    if (name == "tokenizer_config.json") {
      const json config = ReadJson(file.path);
      has_chat_template |=
          config.is_object() && config.contains("chat_template");
    }
    WARMUP_ASSIGN_OR_RETURN(const std::optional<ModelHeader> header,
                            ReadHeader(file.path));
    if (!header.has_value()) continue;
    if (!Join(*header, model)) {
      return FileUnfit("MODEL_DAMAGED", file.path,
                       "has more parameters than can be counted");
    }
  }
  if (model.format.empty()) model.format = "raw";
  if (model.type == ModelType::kUnspecified && has_chat_template) {
    model.type = ModelType::kChat;
  }
  return model;
}

}  // namespace warmup
