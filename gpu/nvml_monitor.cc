#include "gpu/nvml_monitor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "gpu/nvml_device.h"
#include "gpu/nvml_faults.h"
#include "gpu/nvml_library.h"
#include "gpu/pcie_meter.h"

namespace warmup {
namespace {

// Opening takes the driver some 20 ms, and seconds where no other process
// keeps the GPUs awake.
constexpr absl::Duration kOpenInterval = absl::Seconds(15);

// What is in use as long as the library is open.
struct Session {
  explicit Session(std::unique_ptr<NvmlLibrary> library)
      : nvml(std::move(library)), faults(*nvml), meter(*nvml) {}
  const std::unique_ptr<NvmlLibrary> nvml;
  NvmlFaults faults;
  PcieMeter meter;
};

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  return names;
}

}  // namespace

class NvmlMonitor::Gpus {
 public:
  Gpus(Options options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  absl::StatusOr<std::vector<DeviceSample>> Sample() {
    const absl::Time now = clock_.Now();
    WARMUP_RETURN_IF_ERROR(OpenIfDue(now));
    const NvmlLibrary& nvml = *session_->nvml;
    session_->faults.Collect(faults_);
    unsigned int count = 0;
    const nvmlReturn_t counted =
        NvmlLibrary::Call(nvml.nvmlDeviceGetCount_v2, &count);
    if (counted != NVML_SUCCESS) {
      is_stale_ = true;
      return nvml.Error("the NVIDIA driver does not count its GPUs", counted);
    }
    std::vector<DeviceSample> devices;
    std::vector<nvmlDevice_t> gpus;
    std::vector<nvmlDevice_t> gpu_of;  // by place in `devices`
    for (unsigned int index = 0; index < count; ++index) {
      nvmlDevice_t gpu = nullptr;
      for (DeviceSample& device : Read(index, gpu)) {
        devices.push_back(std::move(device));
        gpu_of.push_back(gpu);
      }
      if (gpu != nullptr) gpus.push_back(gpu);
    }
    const auto measured = session_->meter.Ask(std::move(gpus), now);
    for (size_t i = 0; i < devices.size(); ++i) {
      const auto throughput = measured.find(gpu_of[i]);
      if (!devices[i].link || throughput == measured.end()) continue;
      devices[i].link->received_bytes_per_second =
          throughput->second.received_bytes_per_second;
      devices[i].link->sent_bytes_per_second =
          throughput->second.sent_bytes_per_second;
    }
    last_ = devices;
    if (devices.empty()) {
      is_stale_ = true;
      return NvmlLibrary::NoDevices();
    }
    return devices;
  }

 private:
  absl::Status OpenIfDue(absl::Time now) {
    if (now < next_open_) return why_closed_;
    std::set<std::string> plugged_in = FilesIn(options_.gpus_folder);
    if (session_ != nullptr && !is_stale_ && plugged_in == plugged_in_) {
      return absl::OkStatus();
    }
    session_.reset();  // first, or it stays the same driver and the same GPUs
    is_stale_ = false;
    plugged_in_ = std::move(plugged_in);
    next_open_ = now + kOpenInterval;
    auto nvml = NvmlLibrary::Open(options_.library);
    why_closed_ = nvml.status();
    if (nvml.ok()) session_ = std::make_unique<Session>(*std::move(nvml));
    return why_closed_;
  }

  // The devices of one GPU; `gpu` stays null where it cannot be asked.
  std::vector<DeviceSample> Read(unsigned int index, nvmlDevice_t& gpu) {
    const NvmlLibrary& nvml = *session_->nvml;
    const std::string id = absl::StrCat("gpu", index);
    nvmlDevice_t handle = nullptr;
    const nvmlReturn_t found =
        NvmlLibrary::Call(nvml.nvmlDeviceGetHandleByIndex_v2, index, &handle);
    // Somebody else's: a container sees those that it was given.
    if (found == NVML_ERROR_NO_PERMISSION) return {};
    if (found != NVML_SUCCESS) {
      return Unreachable(id, absl::StrCat("the driver gives no access to it: ",
                                          nvml.Text(found)));
    }
    GpuReading reading = ReadGpu(nvml, handle, id);
    if (!reading.lost.empty()) {
      return Unreachable(id, absl::StrCat("it was lost: ", reading.lost));
    }
    gpu = handle;
    for (DeviceSample& device : reading.devices) {
      device.faults = FaultsOf(reading.uuid);
    }
    return std::move(reading.devices);
  }

  // What was GPU `id`, or its instances, when it answered last.
  std::vector<DeviceSample> Unreachable(const std::string& id,
                                        const std::string& problem) {
    is_stale_ = true;  // it may be there again for who opens the driver anew
    std::vector<DeviceSample> devices;
    for (const DeviceSample& old : last_) {
      if (old.id == id || old.id.starts_with(id + ".")) {
        devices.push_back({.id = old.id, .uuid = old.uuid, .name = old.name});
        devices.back().faults = old.faults;
      }
    }
    if (devices.empty()) devices.push_back({.id = id});
    for (DeviceSample& device : devices) {
      device.problem = problem;
      device.faults = std::max(device.faults, FaultsOf(device.uuid));
    }
    return devices;
  }

  int64_t FaultsOf(const std::string& uuid) const {
    const auto faults = faults_.find(uuid);
    return faults == faults_.end() ? 0 : faults->second;
  }

  const Options options_;
  const Clock& clock_;
  absl::Time next_open_ = absl::InfinitePast();
  std::unique_ptr<Session> session_;
  absl::Status why_closed_;                // unless there is a session
  bool is_stale_ = false;                  // it is to be opened anew
  std::set<std::string> plugged_in_;       // when it was opened
  std::map<std::string, int64_t> faults_;  // by UUID
  std::vector<DeviceSample> last_;
};

NvmlMonitor::NvmlMonitor(Options options, const Clock& clock)
    : gpus_(std::make_unique<Gpus>(std::move(options), clock)) {}

NvmlMonitor::~NvmlMonitor() = default;

absl::StatusOr<std::vector<DeviceSample>> NvmlMonitor::Sample() {
  return gpus_->Sample();
}

}  // namespace warmup
