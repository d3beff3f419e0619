#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_JSON_ANSWER_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_JSON_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

// Reading what a server answered, which is untrusted: a field that is missing,
// null, of another type, negative or beyond belief reads as "not told" (empty,
// 0, false, InfinitePast); of a field that comes twice the last one counts.
// Pure; nothing here throws. Only in source files: it is a large include.
namespace warmup::json_answer {

// More entries than this in one list is no list of models.
inline constexpr size_t kMaxListed = 20'000;

// INVALID_ARGUMENT saying what is wrong, without naming who answered.
absl::StatusOr<nlohmann::json> ParseObject(std::string_view text);
// The list at `key`. Null is how some say that they have none.
absl::StatusOr<nlohmann::json> ListAt(nlohmann::json object,
                                      std::string_view key);

// A null value stands for what is not there.
const nlohmann::json& At(const nlohmann::json& object, std::string_view key);
std::string TextAt(const nlohmann::json& object, std::string_view key);
// A text that is fit for a ModelSpec's fields (see ValidateId).
std::string WordAt(const nlohmann::json& object, std::string_view key);
bool BoolAt(const nlohmann::json& object, std::string_view key);
// 0 unless it is a number in 0 to `max`.
int64_t ToNumber(const nlohmann::json& value, int64_t max);
int64_t NumberAt(const nlohmann::json& object, std::string_view key,
                 int64_t max);
int64_t BytesAt(const nlohmann::json& object, std::string_view key);
// RFC 3339.
absl::Time TimeAt(const nlohmann::json& object, std::string_view key);
// Whether `list` is one and has `word` in it.
bool Lists(const nlohmann::json& list, std::string_view word);

// The words of {"error": "..."} or {"error": {"message": "..."}}: printable, of
// bounded length; empty when there are none.
std::string ReadError(std::string_view text);

// A request's body. Bytes that are no UTF-8 are replaced, not thrown about.
std::string Dump(const nlohmann::json& value);
// As a segment of a path or a value of a query: percent-encoded.
std::string Escape(std::string_view text);

}  // namespace warmup::json_answer

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_JSON_ANSWER_H_
