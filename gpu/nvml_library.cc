#include "gpu/nvml_library.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {

absl::StatusOr<std::unique_ptr<NvmlLibrary>> NvmlLibrary::Open(
    const std::string& path) {
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = dlerror();
    return MakeError(absl::StatusCode::kNotFound, "NO_DRIVER",
                     absl::StrCat("no NVIDIA driver is installed: ",
                                  why == nullptr ? path.c_str() : why),
                     {{"library", path}});
  }
  std::unique_ptr<NvmlLibrary> nvml(new NvmlLibrary(handle));
  WARMUP_RETURN_IF_ERROR(nvml->Initialize(path));
  return nvml;
}

absl::Status NvmlLibrary::Initialize(const std::string& path) {
  const nvmlReturn_t result = Call(nvmlInit_v2);
  switch (result) {
    case NVML_SUCCESS:
      is_initialized_ = true;
      return absl::OkStatus();
    case NVML_ERROR_DRIVER_NOT_LOADED:
      return MakeError(
          absl::StatusCode::kNotFound, "NO_DRIVER",
          absl::StrCat(path, " is installed, but no NVIDIA driver is loaded"),
          {{"library", path}});
    case NVML_ERROR_GPU_NOT_FOUND:
      return NoDevices();
    case NVML_ERROR_LIB_RM_VERSION_MISMATCH:
      return MakeError(
          absl::StatusCode::kUnavailable, "DRIVER_VERSION_MISMATCH",
          absl::StrCat(path,
                       " is of another version than the NVIDIA driver in the "
                       "kernel: load the driver's module again, or reboot"),
          {{"library", path}});
    default:
      return Error(absl::StrCat(path, " cannot be initialized"), result);
  }
}

NvmlLibrary::~NvmlLibrary() {
  if (is_initialized_) Call(nvmlShutdown);
  dlclose(handle_);
}

absl::Status NvmlLibrary::Error(const std::string& what,
                                nvmlReturn_t result) const {
  return MakeError(absl::StatusCode::kUnavailable, "NVML_FAILED",
                   absl::StrCat(what, ": ", Text(result)),
                   {{"nvml", absl::StrCat(result)}});
}

absl::Status NvmlLibrary::NoDevices() {
  return MakeError(absl::StatusCode::kNotFound, "NO_DEVICES",
                   "an NVIDIA driver is loaded, but it has no GPU for this "
                   "process");
}

std::string NvmlLibrary::Text(nvmlReturn_t result) const {
  const char* const text =
      nvmlErrorString == nullptr ? nullptr : nvmlErrorString(result);
  return text == nullptr ? absl::StrCat("NVML error ", result)
                         : absl::StrCat(text, " (NVML error ", result, ")");
}

}  // namespace warmup
