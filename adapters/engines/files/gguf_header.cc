#include "adapters/engines/files/gguf_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

enum GgufType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

// The values of `<architecture>.pooling_type`, as llama.cpp numbers them.
constexpr int64_t kPoolingNone = 0;
constexpr int64_t kPoolingRank = 4;

// Bytes of a value of a fixed size; 0 for the others and the unknown.
uint64_t FixedSize(uint32_t type) {
  switch (type) {
    case kUint8:
    case kInt8:
    case kBool:
      return 1;
    case kUint16:
    case kInt16:
      return 2;
    case kUint32:
    case kInt32:
    case kFloat32:
      return 4;
    case kUint64:
    case kInt64:
    case kFloat64:
      return 8;
    default:
      return 0;
  }
}

// How a tensor type packs its elements.
struct Packing {
  uint32_t type;
  uint64_t elements;  // in one block
  uint64_t bytes;     // of one block
};
constexpr std::array kPackings = {
    Packing{0, 1, 4},      Packing{1, 1, 2},      Packing{2, 32, 18},
    Packing{3, 32, 20},    Packing{6, 32, 22},    Packing{7, 32, 24},
    Packing{8, 32, 34},    Packing{10, 256, 84},  Packing{11, 256, 110},
    Packing{12, 256, 144}, Packing{13, 256, 176}, Packing{14, 256, 210},
    Packing{15, 256, 292}, Packing{16, 256, 66},  Packing{17, 256, 74},
    Packing{18, 256, 98},  Packing{19, 256, 50},  Packing{20, 32, 18},
    Packing{21, 256, 110}, Packing{22, 256, 82},  Packing{23, 256, 136},
    Packing{24, 1, 1},     Packing{25, 1, 2},     Packing{26, 1, 4},
    Packing{27, 1, 8},     Packing{28, 1, 8},     Packing{29, 256, 56},
    Packing{30, 1, 2},     Packing{34, 256, 54},  Packing{35, 256, 66},
    Packing{39, 32, 17},
};

// Bytes of `elements` elements, as a lower bound: 0 for a type newer than the
// table.
uint64_t TensorBytes(uint32_t type, uint64_t elements) {
  const auto* it =
      std::find_if(kPackings.begin(), kPackings.end(),
                   [&](const Packing& p) { return p.type == type; });
  if (it == kPackings.end()) return 0;
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(elements / it->elements, it->bytes, &bytes)) {
    return std::numeric_limits<uint64_t>::max();
  }
  return bytes;
}

// Reads one header from front to back.
class GgufReader {
 public:
  explicit GgufReader(ByteSource& source)
      : source_(source), cursor_(source, kMaxGgufHeaderBytes) {}

  absl::StatusOr<ModelHeader> Read();

 private:
  void ReadPreamble();
  void ReadValue();
  void SkipValue(uint32_t type, int depth);
  void SkipString() { cursor_.Skip(cursor_.Read<uint64_t>()); }
  std::optional<int64_t> ReadInteger(uint32_t type);
  void KeepText(const std::string& key);
  void KeepInteger(const std::string& key, int64_t value);
  void ReadTensor();
  void CheckExtents();
  ModelType TypeOfModel() const;

  ByteSource& source_;
  ByteCursor cursor_;
  ModelHeader header_;
  uint64_t tensor_count_ = 0;
  uint64_t value_count_ = 0;
  uint64_t alignment_ = 32;
  uint64_t data_bytes_ = 0;  // what the tensors need, at least
  std::optional<int64_t> pooling_type_;
  bool has_chat_template_ = false;
  bool has_infill_tokens_ = false;
};

absl::StatusOr<ModelHeader> GgufReader::Read() {
  ReadPreamble();
  for (uint64_t i = 0; i < value_count_ && cursor_.ok(); ++i) ReadValue();
  for (uint64_t i = 0; i < tensor_count_ && cursor_.ok(); ++i) ReadTensor();
  CheckExtents();
  if (!cursor_.ok()) return cursor_.status();
  header_.format = "gguf";
  header_.type = TypeOfModel();
  return std::move(header_);
}

void GgufReader::ReadPreamble() {
  std::array<char, 4> magic{};
  for (char& c : magic) c = cursor_.Read<char>();
  const auto version = cursor_.Read<uint32_t>();
  tensor_count_ = cursor_.Read<uint64_t>();
  value_count_ = cursor_.Read<uint64_t>();
  if (!cursor_.ok()) return;
  if (std::string_view(magic.data(), magic.size()) != kGgufMagic) {
    cursor_.Fail("it does not begin with GGUF");
  } else if (version != 2 && version != 3) {
    cursor_.Fail(absl::StrCat("GGUF version ", version,
                              " is not supported (2 and 3 are)"));
  } else if (tensor_count_ > kMaxGgufTensors) {
    cursor_.Fail(absl::StrCat("it claims ", tensor_count_,
                              " tensors, more than ", kMaxGgufTensors));
  } else if (value_count_ > kMaxGgufValues) {
    cursor_.Fail(absl::StrCat("it claims ", value_count_, " values, more than ",
                              kMaxGgufValues));
  }
}

void GgufReader::ReadValue() {
  const std::string key = cursor_.ReadString(kMaxGgufKeyBytes);
  const auto type = cursor_.Read<uint32_t>();
  if (!cursor_.ok()) return;
  if (type == kString &&
      (key == "general.architecture" || key == "general.name")) {
    KeepText(key);
    return;
  }
  if (key == "tokenizer.chat_template") has_chat_template_ = true;
  if (key == "tokenizer.ggml.prefix_token_id" ||
      key == "tokenizer.ggml.fim_pre_token_id") {
    has_infill_tokens_ = true;
  }
  if (const auto value = ReadInteger(type)) {
    if (cursor_.ok()) KeepInteger(key, *value);
    return;
  }
  SkipValue(type, 0);
}

// The value if it is of an integer type; otherwise nothing has been read.
std::optional<int64_t> GgufReader::ReadInteger(uint32_t type) {
  switch (type) {
    case kUint8:
      return cursor_.Read<uint8_t>();
    case kInt8:
      return cursor_.Read<int8_t>();
    case kUint16:
      return cursor_.Read<uint16_t>();
    case kInt16:
      return cursor_.Read<int16_t>();
    case kUint32:
      return cursor_.Read<uint32_t>();
    case kInt32:
      return cursor_.Read<int32_t>();
    case kInt64:
      return cursor_.Read<int64_t>();
    case kUint64: {
      const auto value = cursor_.Read<uint64_t>();
      constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
      return static_cast<int64_t>(std::min(value, kMax));
    }
    default:
      return std::nullopt;
  }
}

void GgufReader::KeepText(const std::string& key) {
  const std::string text =
      PrintableText(cursor_.ReadString(kMaxGgufKeyBytes), kMaxHeaderTextBytes);
  (key == "general.name" ? header_.name : header_.architecture) = text;
}

void GgufReader::KeepInteger(const std::string& key, int64_t value) {
  // The architecture comes first by convention, not by rule: go by the end of
  // the key.
  const std::string_view view = key;
  if (key == "general.alignment") {
    if (value < 8 || value % 8 != 0 || value > (int64_t{1} << 30)) {
      cursor_.Fail(absl::StrCat("its alignment is ", value));
      return;
    }
    alignment_ = static_cast<uint64_t>(value);
  } else if (view.ends_with(".context_length")) {
    header_.context_length = std::max<int64_t>(0, value);
  } else if (view.ends_with(".pooling_type")) {
    pooling_type_ = value;
  }
}

void GgufReader::SkipValue(uint32_t type, int depth) {
  if (const uint64_t size = FixedSize(type)) {
    cursor_.Skip(size);
    return;
  }
  if (type == kString) {
    SkipString();
    return;
  }
  if (type != kArray) {
    cursor_.Fail(absl::StrCat("a value has the unknown type ", type));
    return;
  }
  if (depth == kMaxGgufArrayDepth) {
    cursor_.Fail("arrays are nested too deeply");
    return;
  }
  const auto element = cursor_.Read<uint32_t>();
  const auto count = cursor_.Read<uint64_t>();
  if (const uint64_t size = FixedSize(element)) {
    cursor_.SkipArray(count, size);
    return;
  }
  // Each element takes bytes of the header, which bounds the loop.
  for (uint64_t i = 0; i < count && cursor_.ok(); ++i) {
    SkipValue(element, depth + 1);
  }
}

void GgufReader::ReadTensor() {
  const auto name_bytes = cursor_.Read<uint64_t>();
  if (cursor_.ok() && name_bytes > kMaxGgufTensorNameBytes) {
    cursor_.Fail(
        absl::StrCat("the name of a tensor has ", name_bytes, " bytes"));
  }
  cursor_.Skip(name_bytes);
  const auto dimensions = cursor_.Read<uint32_t>();
  if (cursor_.ok() && dimensions > kMaxGgufDimensions) {
    cursor_.Fail(absl::StrCat("a tensor has ", dimensions, " dimensions"));
  }
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dimensions && cursor_.ok(); ++i) {
    if (__builtin_mul_overflow(elements, cursor_.Read<uint64_t>(), &elements)) {
      cursor_.Fail("a tensor is larger than can be counted");
    }
  }
  const auto type = cursor_.Read<uint32_t>();
  const auto offset = cursor_.Read<uint64_t>();
  if (!cursor_.ok()) return;
  uint64_t end = 0;
  int64_t parameters = 0;
  if (__builtin_add_overflow(offset, TensorBytes(type, elements), &end) ||
      __builtin_add_overflow(header_.parameter_count, elements, &parameters)) {
    cursor_.Fail("a tensor is larger than can be counted");
    return;
  }
  header_.parameter_count = parameters;
  data_bytes_ = std::max(data_bytes_, end);
}

void GgufReader::CheckExtents() {
  if (!cursor_.ok() || tensor_count_ == 0) return;
  const uint64_t misaligned = cursor_.position() % alignment_;
  const uint64_t start =
      cursor_.position() + (misaligned == 0 ? 0 : alignment_ - misaligned);
  if (start > source_.size() || data_bytes_ > source_.size() - start) {
    cursor_.Fail(absl::StrCat("it is cut off: its tensors need ", data_bytes_,
                              " bytes after the first ", start,
                              ", the file has ", source_.size()));
  }
}

ModelType GgufReader::TypeOfModel() const {
  if (pooling_type_ == kPoolingRank) return ModelType::kRerank;
  if (IsEncoderArchitecture(header_.architecture)) {
    return ContainsWord(header_.name, "rerank") ? ModelType::kRerank
                                                : ModelType::kEmbedding;
  }
  if (pooling_type_.has_value() && pooling_type_ != kPoolingNone) {
    return ModelType::kEmbedding;
  }
  if (has_chat_template_) return ModelType::kChat;
  if (has_infill_tokens_) return ModelType::kCompletion;
  return ModelType::kUnspecified;
}

}  // namespace

absl::StatusOr<ModelHeader> ReadGgufHeader(ByteSource& source) {
  return GgufReader(source).Read();
}

}  // namespace warmup
