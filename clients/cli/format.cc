#include "clients/cli/format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace warmup::cli {
namespace {

// Three significant digits without trailing zeros after a point.
std::string ThreeDigits(double value) {
  if (value >= 99.95) return absl::StrFormat("%.0f", value);
  std::string text = absl::StrFormat("%.*f", value >= 9.995 ? 1 : 2, value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string TwoUnits(int64_t major, std::string_view major_unit, int64_t minor,
                     std::string_view minor_unit) {
  std::string text = absl::StrFormat("%d %s", major, major_unit);
  if (minor > 0) absl::StrAppendFormat(&text, " %d %s", minor, minor_unit);
  return text;
}

}  // namespace

std::string HumanBytes(double bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B",   "KiB", "MiB",
                                                 "GiB", "TiB", "PiB"};
  if (!std::isfinite(bytes) || bytes < 0) return "-";
  size_t unit = 0;
  while (bytes >= 1023.5 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  if (unit == 0) return absl::StrFormat("%.0f B", bytes);
  return absl::StrFormat("%s %s", ThreeDigits(bytes), kUnits[unit]);
}

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return "-";
  }
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.9995) return absl::StrCat(ThreeDigits(seconds * 1e3), " ms");
  if (seconds < 60) return absl::StrCat(ThreeDigits(seconds), " s");
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return TwoUnits(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) {
    return TwoUnits(whole / 3600, "h", whole % 3600 / 60, "min");
  }
  return TwoUnits(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string HumanPercent(double ratio) {
  if (!std::isfinite(ratio)) return "-";
  if (ratio > 0 && ratio < 0.005) return "< 1 %";
  if (ratio < 1 && ratio >= 0.995) return "> 99 %";
  return absl::StrFormat("%.0f %%", ratio * 100);
}

std::string HumanTime(absl::Time time) {
  const absl::TimeZone zone = absl::LocalTimeZone();
  const bool is_today =
      absl::ToCivilDay(time, zone) == absl::ToCivilDay(absl::Now(), zone);
  return absl::FormatTime(is_today ? "%H:%M:%E3S" : "%Y-%m-%d %H:%M:%S", time,
                          zone);
}

std::string HumanAge(absl::Time time, absl::Time now) {
  const absl::Duration age = now - time;
  const int64_t seconds = std::llround(absl::ToDoubleSeconds(AbsDuration(age)));
  if (seconds == 0) return "now";
  std::string text = absl::StrFormat("%d d", seconds / 86400);
  if (seconds < 86400) text = absl::StrFormat("%d h", seconds / 3600);
  if (seconds < 3600) text = absl::StrFormat("%d min", seconds / 60);
  if (seconds < 60) text = absl::StrFormat("%d s", seconds);
  return age < absl::ZeroDuration() ? "in " + text : text + " ago";
}

std::string HumanCount(double count) {
  if (!std::isfinite(count)) return "-";
  return absl::StrFormat("%.0f", count);
}

std::string HumanPair(std::string_view key, std::string_view value) {
  constexpr std::string_view kUnit = "_bytes";
  double bytes = 0;
  if (!key.ends_with(kUnit) || !absl::SimpleAtod(std::string(value), &bytes)) {
    return absl::StrCat(std::string(key), "=", std::string(value));
  }
  key.remove_suffix(kUnit.size());
  return absl::StrCat(std::string(key), "=", HumanBytes(bytes));
}

std::string Plural(double count, std::string_view noun) {
  std::string text = absl::StrFormat("%s %s", HumanCount(count), noun);
  if (count == 1) return text;
  if (text.back() != 'y') return text + "s";
  text.pop_back();
  return text + "ies";
}

std::string Printable(std::string_view text) {
  std::string clean;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F: escapes of eight bits, in UTF-8.
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() &&
                       static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte == '\n' || byte == '\t' || byte == '\r') {
      clean += ' ';
    } else if (byte < 0x20 || byte == 0x7F) {
      clean += '?';
    } else if (is_c1) {
      clean += '?';
      ++i;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  size_t end = 0;
  while (end < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[end])) != 0 ||
          text[end] == '.')) {
    ++end;
  }
  double number = 0;
  const std::string digits(text.substr(0, end));
  std::string unit(text.substr(end));
  absl::StripAsciiWhitespace(&unit);
  absl::AsciiStrToLower(&unit);
  constexpr std::array<std::pair<const char*, double>, 14> kUnits = {{
      {"", 1},
      {"b", 1},
      {"k", 1024.0},
      {"kib", 1024.0},
      {"kb", 1e3},
      {"m", 1048576.0},
      {"mib", 1048576.0},
      {"mb", 1e6},
      {"g", 1073741824.0},
      {"gib", 1073741824.0},
      {"gb", 1e9},
      {"t", 1099511627776.0},
      {"tib", 1099511627776.0},
      {"tb", 1e12},
  }};
  if (absl::SimpleAtod(digits, &number)) {
    for (const auto& [name, factor] : kUnits) {
      if (unit == name && number * factor < 9e18) {
        return static_cast<int64_t>(std::llround(number * factor));
      }
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(text),
                   "' is not a size (examples: 400MiB, 1.5GiB, 12000)"));
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  const std::string copy(text);
  double seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtod(copy, &seconds) && std::isfinite(seconds) &&
      seconds >= 0) {
    return absl::Seconds(seconds);
  }
  if (absl::ParseDuration(copy, &duration) &&
      duration >= absl::ZeroDuration() &&
      duration != absl::InfiniteDuration()) {
    return duration;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", copy, "' is not a duration (examples: 250ms, 90s, 5m, 1h30m)"));
}

std::string Bar(double ratio, int width) {
  static constexpr std::array<const char*, 9> kEighths = {
      " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  if (!std::isfinite(ratio)) ratio = 0;
  ratio = std::clamp(ratio, 0.0, 1.0);
  int eighths = static_cast<int>(std::lround(ratio * width * 8));
  std::string bar;
  for (int cell = 0; cell < width; ++cell) {
    const int part = std::clamp(eighths - cell * 8, 0, 8);
    bar += kEighths[static_cast<size_t>(part)];
  }
  return bar;
}

namespace {

// Length in bytes of the escape sequence at `at`, or 0.
size_t EscapeLength(std::string_view text, size_t at) {
  if (text[at] != '\033' || at + 1 >= text.size() || text[at + 1] != '[') {
    return 0;
  }
  size_t end = at + 2;
  while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
  return std::min(end + 1, text.size()) - at;
}

bool IsContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    if (const size_t escape = EscapeLength(text, i); escape > 0) {
      i += escape;
      continue;
    }
    if (!IsContinuation(text[i])) ++width;
    ++i;
  }
  return width;
}

std::string Fit(std::string_view text, int width) {
  const int have = DisplayWidth(text);
  if (have <= width) {
    return absl::StrCat(std::string(text),
                        std::string(static_cast<size_t>(width - have), ' '));
  }
  std::string cut;
  int cells = 0;
  bool has_escape = false;
  for (size_t i = 0; i < text.size();) {
    if (const size_t escape = EscapeLength(text, i); escape > 0) {
      cut.append(text.substr(i, escape));
      has_escape = true;
      i += escape;
      continue;
    }
    if (!IsContinuation(text[i]) && ++cells >= width) break;
    cut += text[i++];
  }
  cut += "…";
  if (has_escape) cut += "\033[0m";
  return cut;
}

}  // namespace warmup::cli
