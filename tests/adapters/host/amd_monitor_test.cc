#include "adapters/host/amd_monitor.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

// A made-up /sys/class/drm.
class Machine {
 public:
  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
  }
  void AddGpu(const std::string& card) {
    const std::string device = card + "/device/";
    Write(device + "vendor", "0x1002");
    Write(device + "device", "0x744c");
    Write(device + "mem_info_vram_total", "25753026560");
    Write(device + "mem_info_vram_used", "1000000000");
  }
  absl::StatusOr<std::vector<DeviceSample>> Sample() {
    return AmdMonitor(root_.string()).Sample();
  }

 private:
  const TempFolder folder_;
  const fs::path root_ = folder_.path();
};

TEST_CASE("AmdMonitor: sees what the driver shows of a GPU") {
  Machine machine;
  machine.AddGpu("card1");
  machine.Write("card1/device/product_name", "Radeon RX 7900 XTX");
  machine.Write("card1/device/unique_id", "9f3d1a");
  machine.Write("card1/device/gpu_busy_percent", "37");
  machine.Write("card1/device/max_link_speed", "16.0 GT/s PCIe");
  machine.Write("card1/device/max_link_width", "16");
  machine.Write("card1-DP-1/status", "connected");
  const auto gpus = machine.Sample();
  REQUIRE(gpus.ok());
  REQUIRE(gpus->size() == 1);
  const DeviceSample& gpu = gpus->front();
  CHECK(gpu.id == "amd0");
  CHECK(gpu.kind == DeviceSample::Kind::kGpu);
  CHECK(gpu.name == "Radeon RX 7900 XTX");
  CHECK(gpu.uuid == "9f3d1a");
  REQUIRE(gpu.memory.has_value());
  CHECK(gpu.memory->total_bytes == 25'753'026'560);
  CHECK(gpu.memory->free_bytes == 24'753'026'560);
  CHECK(gpu.busy == 0.37);
  REQUIRE(gpu.link.has_value());
  CHECK(gpu.link->generation == 4);
  CHECK(gpu.link->width == 16);
  CHECK_FALSE(gpu.shows_processes);
}

TEST_CASE("AmdMonitor: what it does not tell is empty") {
  Machine machine;
  machine.AddGpu("card0");
  machine.Write("card0/device/gpu_busy_percent", "");
  machine.Write("card0/device/max_link_speed", "Unknown");
  machine.Write("card0/device/max_link_width", "16");
  const auto gpus = machine.Sample();
  REQUIRE(gpus.ok());
  const DeviceSample& gpu = gpus->at(0);
  CHECK(gpu.name == "AMD GPU 0x744c");
  CHECK(gpu.uuid.empty());
  CHECK_FALSE(gpu.busy.has_value());
  CHECK_FALSE(gpu.link.has_value());
}

TEST_CASE("AmdMonitor: cards are numbered as the kernel does") {
  Machine machine;
  machine.AddGpu("card10");
  machine.AddGpu("card2");
  machine.Write("card2/device/unique_id", "two");
  machine.Write("card10/device/unique_id", "ten");
  machine.AddGpu("card3");  // of another maker
  machine.Write("card3/device/vendor", "0x10de");
  machine.AddGpu("card4");  // part of a processor
  machine.Write("card4/device/mem_info_vram_total", "0");
  const auto gpus = machine.Sample();
  REQUIRE(gpus.ok());
  REQUIRE(gpus->size() == 2);
  CHECK(gpus->at(0).id == "amd0");
  CHECK(gpus->at(0).uuid == "two");
  CHECK(gpus->at(1).id == "amd1");
  CHECK(gpus->at(1).uuid == "ten");
}

TEST_CASE("AmdMonitor: says that there is none") {
  Machine machine;
  const auto gpus = machine.Sample();
  CHECK(absl::IsNotFound(gpus.status()));
  CHECK(GetErrorDetails(gpus.status()).reason == "NO_DEVICES");
  CHECK(absl::IsNotFound(AmdMonitor("/nonexistent").Sample().status()));
}

}  // namespace
}  // namespace warmup
