#ifndef WARMUP_CLIENTS_CLI_REPLAY_SVG_H_
#define WARMUP_CLIENTS_CLI_REPLAY_SVG_H_

#include <string>

namespace warmup::cli {

// The text of an SVG file, as it is drawn: in pixels, on white, so that it can
// be read on any page. Not thread-safe.
class Svg {
 public:
  Svg(int width, int height);

  // `anchor`: which part of the text is at x; start, middle or end.
  void Text(double x, double y, const char* anchor, const std::string& text,
            int size = 12);
  // Read from below.
  void SideText(double x, double y, const std::string& text);
  void Line(double x1, double y1, double x2, double y2, const char* color);
  struct Dot {
    double x = 0;
    double y = 0;
    double radius = 5;
    const char* color = "black";
    bool is_hollow = false;
    std::string hint;  // shown under the pointer
  };
  void Draw(const Dot& dot);

  // The whole file.
  std::string Close() &&;

 private:
  std::string text_;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_REPLAY_SVG_H_
