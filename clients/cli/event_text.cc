#include "clients/cli/event_text.h"

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

}  // namespace

std::string EventLine(const v1::Event& event, const Style& style) {
  std::string line = absl::StrCat(
      style.Dim(absl::StrFormat("%6d", event.sequence())), "  ",
      style.Dim(HumanTime(FromProto(event.timestamp()))), "  ",
      style.Cyan(Padded(Printable(event.event_type()), kTypeCells)), "  ",
      Padded(Printable(event.source()), kSourceCells));
  if (!event.data_json().empty() && event.data_json() != "{}") {
    absl::StrAppend(&line, "  ", Printable(event.data_json()));
  }
  for (const auto& [key, value] : event.metadata()) {
    absl::StrAppend(&line, "  ", Printable(key), "=", Printable(value));
  }
  while (line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace warmup::cli
