#include "adapters/engines/files/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

using nlohmann::json;

absl::Status Damaged(std::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "MODEL_DAMAGED", why);
}

// Takes the tokens of the header. Levels: 1 the object of tensors, 2 one
// tensor (or the metadata), 3 its shape or offsets. nlohmann's interface gives
// the names and the non-const references.
class HeaderTokens final : public nlohmann::json_sax<json> {
 public:
  const std::string& error() const { return error_; }
  uint64_t data_bytes() const { return data_bytes_; }
  ModelHeader&& header() && { return std::move(header_); }

  bool null() override { return Refuse("a null"); }
  bool boolean(bool /*value*/) override { return Refuse("a boolean"); }
  bool number_integer(number_integer_t /*value*/) override {
    return Refuse("a negative number");
  }
  bool number_float(number_float_t /*value*/,
                    const string_t& /*text*/) override {
    return Refuse("a number that is no 64-bit integer");
  }
  bool binary(binary_t& /*value*/) override { return Refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != 3 || !is_list_) return Refuse("a number out of place");
    numbers_.push_back(value);
    return numbers_.size() <= kMaxNumbers ||
           Refuse("a tensor with too many dimensions");
  }

  bool string(string_t& value) override {
    if (depth_ != 2) return Refuse("a text out of place");
    if (!is_metadata_) return true;  // the dtype
    if (field_ == "modelspec.architecture" || field_ == "architecture") {
      header_.architecture = PrintableText(value, kMaxHeaderTextBytes);
    } else if (field_ == "modelspec.title" || field_ == "name") {
      header_.name = PrintableText(value, kMaxHeaderTextBytes);
    }
    return true;
  }

  bool start_object(std::size_t /*count*/) override {
    if (++depth_ > 2) return Refuse("objects nested too deeply");
    if (depth_ == 2) {
      elements_ = 0;
      has_shape_ = has_offsets_ = false;
    }
    return true;
  }

  bool key(string_t& value) override {
    if (depth_ == 1) is_metadata_ = value == "__metadata__";
    if (depth_ == 2) field_ = value;
    return true;
  }

  bool end_object() override {
    if (depth_-- != 2 || is_metadata_) return true;
    if (!has_shape_ || !has_offsets_) {
      return Refuse("a tensor without shape or data_offsets");
    }
    int64_t sum = 0;
    if (__builtin_add_overflow(header_.parameter_count, elements_, &sum)) {
      return Refuse("more parameters than can be counted");
    }
    header_.parameter_count = sum;
    return true;
  }

  bool start_array(std::size_t /*count*/) override {
    if (++depth_ != 3 || is_metadata_) return Refuse("a list out of place");
    is_list_ = true;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    --depth_;
    is_list_ = false;
    if (field_ == "shape") return TakeShape();
    if (field_ == "data_offsets") return TakeOffsets();
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& /*error*/) override {
    return Refuse(absl::StrCat("no JSON at byte ", position));
  }

 private:
  static constexpr size_t kMaxNumbers = 16;

  bool Refuse(std::string_view what) {
    if (error_.empty()) error_ = std::string(what);
    return false;
  }

  bool TakeShape() {
    elements_ = 1;
    for (const uint64_t extent : numbers_) {
      if (__builtin_mul_overflow(elements_, extent, &elements_)) {
        return Refuse("a tensor larger than can be counted");
      }
    }
    has_shape_ = true;
    return true;
  }

  bool TakeOffsets() {
    if (numbers_.size() != 2 || numbers_[0] > numbers_[1]) {
      return Refuse("data_offsets that are no range");
    }
    data_bytes_ = std::max(data_bytes_, numbers_[1]);
    has_offsets_ = true;
    return true;
  }

  ModelHeader header_;
  std::string error_;
  int depth_ = 0;
  bool is_metadata_ = false;
  bool is_list_ = false;
  std::string field_;
  std::vector<uint64_t> numbers_;
  uint64_t elements_ = 0;
  uint64_t data_bytes_ = 0;
  bool has_shape_ = false;
  bool has_offsets_ = false;
};

}  // namespace

absl::StatusOr<ModelHeader> ReadSafetensorsHeader(ByteSource& source) {
  uint64_t length = 0;
  if (source.size() < sizeof(length)) {
    return Damaged("it is too short for a safetensors header");
  }
  WARMUP_RETURN_IF_ERROR(
      source.ReadAt(0, reinterpret_cast<char*>(&length), sizeof(length)));
  if (length > kMaxSafetensorsHeaderBytes) {
    return Damaged(absl::StrCat("its header claims ", length,
                                " bytes, more than ",
                                kMaxSafetensorsHeaderBytes));
  }
  const uint64_t rest = source.size() - sizeof(length);
  if (length > rest) return Damaged("it is cut off within its header");
  std::string text(length, '\0');
  WARMUP_RETURN_IF_ERROR(
      source.ReadAt(sizeof(length), text.data(), text.size()));

  HeaderTokens tokens;
  if (!json::sax_parse(text, &tokens)) {
    return Damaged(absl::StrCat("its header holds ", tokens.error()));
  }
  if (tokens.data_bytes() > rest - length) {
    return Damaged(absl::StrCat("it is cut off: its tensors need ",
                                tokens.data_bytes(), " bytes, it holds ",
                                rest - length));
  }
  ModelHeader header = std::move(tokens).header();
  header.format = "safetensors";
  return header;
}

}  // namespace warmup
