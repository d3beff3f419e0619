#include "clients/cli/devices_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"

namespace warmup::cli {
namespace {

using Lines = std::vector<std::string>;

constexpr int kBarCells = 40;
constexpr size_t kMostProcesses = 5;

std::string Cells(const char* cell, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += cell;
  return text;
}

// What models hold, what others hold, and what is free; of that, what guesses
// leave.
struct Shares {
  explicit Shares(const v1::DeviceMemoryUse& memory)
      : total(memory.total_bytes()),
        ours(memory.used_bytes()),
        free(memory.free_bytes()),
        others(std::max(0.0, total - free - ours)),
        reserve(memory.takes_models() ? std::min(free, memory.reserve_bytes())
                                      : 0) {}

  double total;
  double ours;
  double free;
  double others;
  double reserve;
};

std::string MemoryBar(const Shares& shares, const Style& style) {
  const auto cell = [&](double bytes) {
    const double ratio = shares.total > 0 ? bytes / shares.total : 0;
    const auto cells =
        static_cast<int>(std::lround(std::clamp(ratio, 0.0, 1.0) * kBarCells));
    return bytes > 0 ? std::max(cells, 1) : cells;
  };
  const int ours = cell(shares.ours);
  const int others = std::max(0, cell(shares.ours + shares.others) - ours);
  const int reserve = std::min(cell(shares.reserve), kBarCells - ours - others);
  return absl::StrCat(
      style.Dim("▕"), style.Blue(Cells("█", ours)), Cells("▒", others),
      std::string(static_cast<size_t>(kBarCells - ours - others - reserve),
                  ' '),
      style.Dim(Cells("░", reserve)), style.Dim("▏"));
}

std::string RateText(double bytes_per_second) {
  return absl::StrCat(HumanBytes(bytes_per_second), "/s");
}

void AddMemory(const v1::DeviceMemoryUse& memory, const Style& style,
               Lines* lines) {
  if (!memory.has_total_bytes()) {
    lines->push_back(style.Dim("  its memory cannot be measured"));
    return;
  }
  const Shares shares(memory);
  Lines parts;
  if (memory.takes_models()) {
    parts.push_back(
        absl::StrCat(style.Blue("█"), " models ", HumanBytes(shares.ours)));
  }
  parts.push_back(absl::StrCat("▒ others ", HumanBytes(shares.others)));
  parts.push_back(absl::StrCat("free ", HumanBytes(shares.free), " of ",
                               HumanBytes(shares.total)));
  lines->push_back(
      absl::StrCat("  ", MemoryBar(shares, style), "  ", Dotted(parts, style)));
  if (!memory.takes_models()) {
    lines->push_back(style.Dim("  no models are placed on it"));
    return;
  }
  lines->push_back(style.Dim(absl::StrCat(
      "  models may hold ", HumanBytes(memory.budget_bytes()),
      "; a guess leaves ░ ", HumanBytes(memory.reserve_bytes()), " free")));
}

Lines Signs(const v1::Device& device) {
  Lines parts;
  if (device.has_busy()) {
    parts.push_back(
        absl::StrCat("computes ", HumanPercent(device.busy()), " of the time"));
  }
  const v1::DeviceLink& link = device.link();
  if (link.has_received_bytes_per_second()) {
    parts.push_back(
        absl::StrCat("receives ", RateText(link.received_bytes_per_second())));
  }
  if (link.has_sent_bytes_per_second()) {
    parts.push_back(
        absl::StrCat("sends ", RateText(link.sent_bytes_per_second())));
  }
  if (device.has_pressure()) {
    const v1::DevicePressure& pressure = device.pressure();
    parts.push_back(
        absl::StrCat("waited for: processor ", HumanPercent(pressure.cpu()),
                     ", memory ", HumanPercent(pressure.memory()), ", disk ",
                     HumanPercent(pressure.io()), " of the last 10 s"));
  }
  if (device.fault_count() > 0) {
    parts.push_back(Plural(device.fault_count(), "fault"));
  }
  return parts;
}

// The largest first.
std::string ProcessesText(const v1::Device& device) {
  std::vector<v1::DeviceProcess> all(device.processes().begin(),
                                     device.processes().end());
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.bytes() > b.bytes(); });
  const size_t shown = std::min(all.size(), kMostProcesses);
  Lines parts;
  for (size_t i = 0; i < shown; ++i) {
    parts.push_back(
        absl::StrCat(all[i].pid(), " (", HumanBytes(all[i].bytes()), ")"));
  }
  if (shown < all.size()) {
    parts.push_back(absl::StrCat(all.size() - shown, " more"));
  }
  return absl::StrCat("processes: ", absl::StrJoin(parts, ", "));
}

void AddDevice(const v1::Device& device, const Style& style, Lines* lines) {
  Lines head = {style.Bold(Printable(device.device_id())),
                Printable(device.name())};
  if (device.has_cores()) {
    head.push_back(absl::StrFormat("%g processors", device.cores()));
  }
  if (device.link().generation() > 0) {
    head.push_back(absl::StrCat("PCIe ", device.link().generation(), " x",
                                device.link().width()));
  }
  if (!device.uuid().empty()) head.push_back(style.Dim(device.uuid()));
  lines->push_back(Dotted(head, style));
  if (!device.problem().empty()) {
    lines->push_back(
        absl::StrCat("  ", style.Red(Printable(device.problem()))));
  }
  AddMemory(device.memory(), style, lines);
  const Lines signs = Signs(device);
  if (!signs.empty()) {
    lines->push_back(absl::StrCat("  ", Dotted(signs, style)));
  }
  if (!device.processes().empty()) {
    lines->push_back(style.Dim(absl::StrCat("  ", ProcessesText(device))));
  }
}

}  // namespace

Lines DevicesText(const v1::ListDevicesResponse& response, const Style& style) {
  Lines lines;
  for (const v1::Device& device : response.devices()) {
    if (!lines.empty()) lines.emplace_back();
    AddDevice(device, style, &lines);
  }
  if (!response.not_seen().empty() && !lines.empty()) lines.emplace_back();
  for (const v1::DeviceNotSeen& not_seen : response.not_seen()) {
    lines.push_back(style.Dim(Printable(not_seen.message())));
  }
  return lines;
}

}  // namespace warmup::cli
