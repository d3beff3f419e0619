#include "clients/cli/event_text.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/format.h"
#include "clients/cli/words.h"

namespace warmup::cli {
namespace {

constexpr int kTypeCells = 22;
constexpr int kSourceCells = 10;

// At least `width` cells: what is longer moves the rest, but is not cut.
std::string Padded(const std::string& text, int width) {
  return DisplayWidth(text) < width ? Fit(text, width) : text;
}

// {"model_id":"a","held_bytes":1024,"note":"two words"} is
// model_id=a held=1 KiB note="two words"; what is empty is left out, and what
// is no object stays as it is.
std::string DataText(const std::string& data_json) {
  const auto data = nlohmann::ordered_json::parse(data_json, nullptr, false);
  if (!data.is_object()) return data_json;
  std::string text;
  for (const auto& [key, value] : data.items()) {
    if (value.is_null()) continue;
    std::string word = value.dump();
    if (value.is_string()) {
      const auto& string = value.get_ref<const std::string&>();
      if (string.empty()) continue;
      if (string.find_first_of(" \"=") == std::string::npos) word = string;
    }
    absl::StrAppend(&text, text.empty() ? "" : " ", HumanPair(key, word));
  }
  return text;
}

}  // namespace

std::string EventLine(const v1::Event& event, const Style& style) {
  std::string line = absl::StrCat(
      style.Dim(absl::StrFormat("%6d", event.sequence())), "  ",
      style.Dim(HumanTime(FromProto(event.timestamp()))), "  ",
      style.Cyan(Padded(Printable(event.event_type()), kTypeCells)), "  ",
      Padded(Printable(event.source()), kSourceCells));
  const std::string data = DataText(event.data_json());
  if (!data.empty()) absl::StrAppend(&line, "  ", Printable(data));
  const std::map<std::string, std::string> metadata(event.metadata().begin(),
                                                    event.metadata().end());
  for (const auto& [key, value] : metadata) {
    absl::StrAppend(
        &line, style.Dim(absl::StrCat("  ", Printable(HumanPair(key, value)))));
  }
  while (line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace warmup::cli
