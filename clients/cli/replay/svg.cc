#include "clients/cli/replay/svg.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace warmup::cli {
namespace {

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

Svg::Svg(int width, int height)
    : text_(absl::StrFormat(
          R"(<svg xmlns="http://www.w3.org/2000/svg" width="%d" )"
          R"(height="%d" viewBox="0 0 %d %d" )"
          R"(font-family="sans-serif" font-size="12">)"
          "\n"
          R"(<rect width="100%%" height="100%%" fill="white"/>)"
          "\n",
          width, height, width, height)) {}

void Svg::Text(double x, double y, const char* anchor, const std::string& text,
               int size) {
  absl::StrAppend(
      &text_,
      absl::StrFormat(
          R"(<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d">%s</text>)"
          "\n",
          x, y, anchor, size, Escape(text)));
}

void Svg::SideText(double x, double y, const std::string& text) {
  absl::StrAppend(
      &text_, absl::StrFormat(
                  R"svg(<text transform="translate(%.0f %.0f) rotate(-90)" )svg"
                  R"(text-anchor="middle">%s</text>)"
                  "\n",
                  x, y, Escape(text)));
}

void Svg::Line(double x1, double y1, double x2, double y2, const char* color) {
  absl::StrAppend(
      &text_,
      absl::StrFormat(
          R"(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>)"
          "\n",
          x1, y1, x2, y2, color));
}

void Svg::Draw(const Dot& dot) {
  absl::StrAppend(
      &text_, absl::StrFormat(
                  R"(<circle cx="%.1f" cy="%.1f" r="%.3g" fill="%s" )"
                  R"(stroke="%s" stroke-width="2"><title>%s</title></circle>)"
                  "\n",
                  dot.x, dot.y, dot.radius, dot.is_hollow ? "white" : dot.color,
                  dot.color, Escape(dot.hint)));
}

std::string Svg::Close() && {
  text_ += "</svg>\n";
  return std::move(text_);
}

}  // namespace warmup::cli
