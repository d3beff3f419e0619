#ifndef WARMUP_GPU_NVML_LIBRARY_H_
#define WARMUP_GPU_NVML_LIBRARY_H_

#include <dlfcn.h>

#include <memory>
#include <string>

// A call must name the version of a function that it means.
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace warmup {

// A pointer to NVML's function of that name: a call with wrong arguments does
// not compile. (A name cannot be in parentheses.)
// NOLINTBEGIN(bugprone-macro-parentheses)
#define WARMUP_NVML_FUNCTION(name) \
  const decltype(&::name) name =   \
      reinterpret_cast<decltype(&::name)>(dlsym(handle_, #name))
// NOLINTEND(bugprone-macro-parentheses)

// NVIDIA's management library, opened and initialized; given back when this
// goes, so that the driver or the library may be replaced then. What it gave
// (devices, event sets) is void after that.
//
// Thread-safe, as NVML is.
class NvmlLibrary {
 public:
  // NOT_FOUND, NO_DRIVER: the library or the kernel's module is not there.
  // UNAVAILABLE: they are there and do not work.
  static absl::StatusOr<std::unique_ptr<NvmlLibrary>> Open(
      const std::string& path);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  // nvml.Call(nvml.nvmlDeviceGetName, device, ...): FUNCTION_NOT_FOUND where
  // the library is older than the function.
  template <class... Parameters, class... Arguments>
  static nvmlReturn_t Call(nvmlReturn_t (*function)(Parameters...),
                           Arguments... arguments) {
    return function == nullptr ? NVML_ERROR_FUNCTION_NOT_FOUND
                               : function(arguments...);
  }

  // UNAVAILABLE: "<what>: <the library's words for `result`>".
  absl::Status Error(const std::string& what, nvmlReturn_t result) const;
  std::string Text(nvmlReturn_t result) const;
  static absl::Status NoDevices();  // NOT_FOUND, NO_DEVICES

 private:
  explicit NvmlLibrary(void* handle) : handle_(handle) {}
  absl::Status Initialize(const std::string& path);

  void* const handle_;  // first: the functions are looked up in it
  bool is_initialized_ = false;

 public:
  WARMUP_NVML_FUNCTION(nvmlInit_v2);
  WARMUP_NVML_FUNCTION(nvmlShutdown);
  WARMUP_NVML_FUNCTION(nvmlErrorString);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetCount_v2);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetHandleByIndex_v2);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetUUID);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetName);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMemoryInfo);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMemoryInfo_v2);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetComputeRunningProcesses_v3);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetGraphicsRunningProcesses_v3);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetUtilizationRates);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMaxPcieLinkGeneration);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMaxPcieLinkWidth);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetPcieThroughput);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetComputeMode);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMigMode);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMaxMigDeviceCount);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetMigDeviceHandleByIndex);
  WARMUP_NVML_FUNCTION(nvmlDeviceGetSupportedEventTypes);
  WARMUP_NVML_FUNCTION(nvmlDeviceRegisterEvents);
  WARMUP_NVML_FUNCTION(nvmlEventSetCreate);
  WARMUP_NVML_FUNCTION(nvmlEventSetWait_v2);
  WARMUP_NVML_FUNCTION(nvmlEventSetFree);
};
#undef WARMUP_NVML_FUNCTION

}  // namespace warmup

#endif  // WARMUP_GPU_NVML_LIBRARY_H_
