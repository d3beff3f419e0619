#include "gpu/nvml_device.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warmup {
namespace {

int64_t Bytes(unsigned long long told) {
  return static_cast<int64_t>(
      std::min<uint64_t>(told, std::numeric_limits<int64_t>::max()));
}

// Asks one GPU, and notes when it answers that it is lost.
class Reader {
 public:
  explicit Reader(const NvmlLibrary& nvml) : nvml_(nvml) {}

  const std::string& lost() const { return lost_; }

  std::string Uuid(nvmlDevice_t device) {
    return Text<NVML_DEVICE_UUID_V2_BUFFER_SIZE>(nvml_.nvmlDeviceGetUUID,
                                                 device);
  }

  // What a GPU and an instance of one tell alike.
  void Read(nvmlDevice_t device, DeviceSample& sample) {
    sample.uuid = Uuid(device);
    sample.name =
        Text<NVML_DEVICE_NAME_V2_BUFFER_SIZE>(nvml_.nvmlDeviceGetName, device);
    sample.memory = Memory(device);
    nvmlUtilization_t busy = {};
    if (IsTold(nvml_.nvmlDeviceGetUtilizationRates, device, &busy)) {
      sample.busy = std::min(busy.gpu, 100U) / 100.0;
    }
    ReadProcesses(device, sample);
  }

  std::optional<DeviceSample::Link> Link(nvmlDevice_t gpu) {
    unsigned int generation = 0;
    unsigned int width = 0;
    if (!IsTold(nvml_.nvmlDeviceGetMaxPcieLinkGeneration, gpu, &generation) ||
        !IsTold(nvml_.nvmlDeviceGetMaxPcieLinkWidth, gpu, &width)) {
      return std::nullopt;
    }
    return DeviceSample::Link{.generation = static_cast<int>(generation),
                              .width = static_cast<int>(width)};
  }

  // Why the GPU is not shared.
  std::string Exclusive(nvmlDevice_t gpu) {
    nvmlComputeMode_t mode = NVML_COMPUTEMODE_DEFAULT;
    if (!IsTold(nvml_.nvmlDeviceGetComputeMode, gpu, &mode)) return "";
    switch (mode) {
      case NVML_COMPUTEMODE_EXCLUSIVE_THREAD:
      case NVML_COMPUTEMODE_EXCLUSIVE_PROCESS:
        return "its compute mode is exclusive: one process has it for itself "
               "(`nvidia-smi -c DEFAULT` shares it)";
      case NVML_COMPUTEMODE_PROHIBITED:
        return "its compute mode prohibits all computing (`nvidia-smi -c "
               "DEFAULT` allows it)";
      default:
        return "";
    }
  }

  bool IsDivided(nvmlDevice_t gpu) {
    unsigned int mode = NVML_DEVICE_MIG_DISABLE;
    unsigned int after_reset = NVML_DEVICE_MIG_DISABLE;
    return IsTold(nvml_.nvmlDeviceGetMigMode, gpu, &mode, &after_reset) &&
           mode == NVML_DEVICE_MIG_ENABLE;
  }

  // By their numbers, which have gaps.
  std::map<unsigned int, nvmlDevice_t> Instances(nvmlDevice_t gpu) {
    std::map<unsigned int, nvmlDevice_t> instances;
    unsigned int most = 0;
    if (!IsTold(nvml_.nvmlDeviceGetMaxMigDeviceCount, gpu, &most)) return {};
    for (unsigned int number = 0; number < most; ++number) {
      nvmlDevice_t instance = nullptr;
      if (IsTold(nvml_.nvmlDeviceGetMigDeviceHandleByIndex, gpu, number,
                 &instance)) {
        instances.emplace(number, instance);
      }
    }
    return instances;
  }

 private:
  template <class Function, class... Arguments>
  nvmlReturn_t Ask(Function function, Arguments... arguments) {
    const nvmlReturn_t result = NvmlLibrary::Call(function, arguments...);
    if (result == NVML_ERROR_GPU_IS_LOST ||
        result == NVML_ERROR_RESET_REQUIRED) {
      lost_ = nvml_.Text(result);
    }
    return result;
  }
  template <class Function, class... Arguments>
  bool IsTold(Function function, Arguments... arguments) {
    return Ask(function, arguments...) == NVML_SUCCESS;
  }

  template <size_t kSize, class Function>
  std::string Text(Function function, nvmlDevice_t device) {
    std::array<char, kSize> text = {};
    if (!IsTold(function, device, text.data(),
                static_cast<unsigned int>(text.size()))) {
      return "";
    }
    return {text.data(), strnlen(text.data(), text.size())};
  }

  std::optional<DeviceMemory> Memory(nvmlDevice_t device) {
    nvmlMemory_v2_t memory = {.version = nvmlMemory_v2};
    if (IsTold(nvml_.nvmlDeviceGetMemoryInfo_v2, device, &memory)) {
      return DeviceMemory{.total_bytes = Bytes(memory.total),
                          .free_bytes = Bytes(memory.free)};
    }
    nvmlMemory_t old = {};
    if (IsTold(nvml_.nvmlDeviceGetMemoryInfo, device, &old)) {
      return DeviceMemory{.total_bytes = Bytes(old.total),
                          .free_bytes = Bytes(old.free)};
    }
    return std::nullopt;
  }

  void ReadProcesses(nvmlDevice_t device, DeviceSample& sample) {
    // One that computes and draws is in both lists, with all that it holds.
    std::map<int64_t, int64_t> bytes_of;
    const nvmlReturn_t computing = ListProcesses(
        nvml_.nvmlDeviceGetComputeRunningProcesses_v3, device, bytes_of);
    const nvmlReturn_t drawing = ListProcesses(
        nvml_.nvmlDeviceGetGraphicsRunningProcesses_v3, device, bytes_of);
    sample.shows_processes =
        computing == NVML_SUCCESS &&
        (drawing == NVML_SUCCESS || drawing == NVML_ERROR_NOT_SUPPORTED);
    for (const auto& [pid, bytes] : bytes_of) {
      sample.processes.push_back({.pid = pid, .bytes = bytes});
    }
  }

  // Not NVML_SUCCESS if some may be missing in `bytes_of`.
  template <class Function>
  nvmlReturn_t ListProcesses(Function function, nvmlDevice_t device,
                             std::map<int64_t, int64_t>& bytes_of) {
    std::vector<nvmlProcessInfo_t> list;
    unsigned int count = 0;
    nvmlReturn_t result =
        Ask(function, device, &count, static_cast<nvmlProcessInfo_t*>(nullptr));
    if (result == NVML_ERROR_INSUFFICIENT_SIZE) {
      constexpr unsigned int kMore = 16;  // may have come meanwhile
      list.resize(count + kMore);
      count = static_cast<unsigned int>(list.size());
      result = Ask(function, device, &count, list.data());
      list.resize(std::min<size_t>(count, list.size()));
    }
    if (result != NVML_SUCCESS) return result;
    for (const nvmlProcessInfo_t& process : list) {
      // As under Windows (WSL), whose driver does not know it.
      if (process.usedGpuMemory ==
          std::numeric_limits<decltype(process.usedGpuMemory)>::max()) {
        result = NVML_ERROR_NO_DATA;
        continue;
      }
      int64_t& bytes = bytes_of[process.pid];
      bytes = std::max(bytes, Bytes(process.usedGpuMemory));
    }
    return result;
  }

  const NvmlLibrary& nvml_;
  std::string lost_;
};

}  // namespace

GpuReading ReadGpu(const NvmlLibrary& nvml, nvmlDevice_t gpu,
                   const std::string& id) {
  Reader reader(nvml);
  GpuReading reading;
  const std::optional<DeviceSample::Link> link = reader.Link(gpu);
  const std::string exclusive = reader.Exclusive(gpu);
  const auto add = [&](nvmlDevice_t device, std::string name) {
    DeviceSample sample{.id = std::move(name), .problem = exclusive};
    sample.link = link;
    reader.Read(device, sample);
    reading.devices.push_back(std::move(sample));
  };
  const bool is_divided = reader.IsDivided(gpu);
  if (is_divided) {
    reading.uuid = reader.Uuid(gpu);
    for (const auto& [number, instance] : reader.Instances(gpu)) {
      add(instance, absl::StrCat(id, ".", number));
    }
  }
  if (reading.devices.empty()) {
    add(gpu, id);
    DeviceSample& whole = reading.devices.front();
    reading.uuid = whole.uuid;
    if (is_divided) {
      whole.problem = "it is to be divided (MIG), and has no instance yet";
    }
  }
  reading.lost = reader.lost();
  return reading;
}

}  // namespace warmup
