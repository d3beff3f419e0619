#include "adapters/engines/http/json_answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "core/model/model.h"

namespace warmup::json_answer {
namespace {

using nlohmann::json;

constexpr size_t kMaxTextBytes = limits::kMaxPathBytes;
constexpr size_t kMaxErrorBytes = 300;

json Parse(std::string_view text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

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

absl::StatusOr<json> ListAt(json object, std::string_view key) {
  const auto list = object.find(key);
  const std::string name(key);
  if (list == object.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the answer has no \"", name, "\""));
  }
  if (list->is_null()) return json::array();
  if (!list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is not a list"));
  }
  if (list->size() > kMaxListed) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" has ", list->size(), " entries, at most ",
                     kMaxListed, " are read"));
  }
  return std::move(*list);
}

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

std::string WordAt(const json& object, std::string_view key) {
  std::string text = TextAt(object, key);
  return ValidateId(key, text).ok() ? text : std::string();
}

bool BoolAt(const json& object, std::string_view key) {
  const json& value = At(object, key);
  return value.is_boolean() && value.get<bool>();
}

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

int64_t NumberAt(const json& object, std::string_view key, int64_t max) {
  return ToNumber(At(object, key), max);
}

int64_t BytesAt(const json& object, std::string_view key) {
  return NumberAt(object, key, limits::kMaxModelBytes);
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

std::string ReadError(std::string_view text) {
  const json answer = Parse(text);
  if (answer.is_discarded()) return {};
  const json* error = &At(answer, "error");
  // As OpenAI-like paths say it.
  if (error->is_object()) error = &At(*error, "message");
  if (!error->is_string()) return {};
  std::string words =
      error->get_ref<const std::string&>().substr(0, kMaxErrorBytes);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; },
      '?');
  return words;
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '_' || c == '.' ||
        c == '~') {
      escaped += c;
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped;
}

}  // namespace warmup::json_answer
