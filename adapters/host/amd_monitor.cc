#include "adapters/host/amd_monitor.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "adapters/host/proc_file.h"
#include "core/base/error.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr char kAmd[] = "0x1002";  // the vendor's number on PCI

std::string ReadLine(const fs::path& path) {
  return std::string(
      absl::StripAsciiWhitespace(proc_file::Read(path.string())));
}

std::optional<int64_t> ReadCount(const fs::path& path) {
  return proc_file::ParseCount(proc_file::Read(path.string()));
}

// The numbers of the kernel's cards: "card0", but not "card0-HDMI-A-1".
std::vector<int> Cards(const std::string& folder) {
  std::vector<int> cards;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int card = 0;
    if (name.starts_with("card") && absl::SimpleAtoi(name.substr(4), &card)) {
      cards.push_back(card);
    }
  }
  std::sort(cards.begin(), cards.end());
  return cards;
}

// Of "16.0 GT/s PCIe"; 0: not known.
int GenerationOf(const std::string& speed) {
  double rate = 0;
  if (!absl::SimpleAtod(speed.substr(0, speed.find(' ')), &rate)) return 0;
  int generation = 0;
  for (const double of_generation : {2.5, 5.0, 8.0, 16.0, 32.0, 64.0}) {
    if (rate >= of_generation) ++generation;
  }
  return generation;
}

// Nothing where it is no GPU of AMD's with memory of its own.
std::optional<DeviceSample> Read(const fs::path& device) {
  if (ReadLine(device / "vendor") != kAmd) return std::nullopt;
  const auto total = ReadCount(device / "mem_info_vram_total");
  const auto used = ReadCount(device / "mem_info_vram_used");
  if (!total || !used || *total == 0) return std::nullopt;
  DeviceSample gpu;
  gpu.name = ReadLine(device / "product_name");
  if (gpu.name.empty()) {
    gpu.name = absl::StrCat("AMD GPU ", ReadLine(device / "device"));
  }
  gpu.uuid = ReadLine(device / "unique_id");
  gpu.memory = {.total_bytes = *total,
                .free_bytes = std::max<int64_t>(0, *total - *used)};
  if (const auto busy = ReadCount(device / "gpu_busy_percent")) {
    gpu.busy = std::min(1.0, static_cast<double>(*busy) / 100);
  }
  const int generation = GenerationOf(ReadLine(device / "max_link_speed"));
  const auto width = ReadCount(device / "max_link_width");
  if (generation > 0 && width) {
    gpu.link = {.generation = generation,
                .width = static_cast<int>(std::min<int64_t>(*width, 64)),
                .received_bytes_per_second = {},
                .sent_bytes_per_second = {}};
  }
  return gpu;
}

}  // namespace

absl::StatusOr<std::vector<DeviceSample>> AmdMonitor::Sample() {
  std::vector<DeviceSample> gpus;
  for (const int card : Cards(drm_folder_)) {
    auto gpu =
        Read(fs::path(drm_folder_) / absl::StrCat("card", card) / "device");
    if (!gpu.has_value()) continue;
    gpu->id = absl::StrCat("amd", gpus.size());
    gpus.push_back(*std::move(gpu));
  }
  if (!gpus.empty()) return gpus;
  return MakeError(
      absl::StatusCode::kNotFound, "NO_DEVICES",
      absl::StrCat("no AMD GPU: none with memory in ", drm_folder_),
      {{"folder", drm_folder_}});
}

}  // namespace warmup
