#include "server/device_service.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/convert.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

using Service = v1::DeviceService::AsyncService;

constexpr char kService[] = "warmup.v1.DeviceService";
constexpr std::chrono::seconds kBetweenLooks(1);

double Number(int64_t number) { return static_cast<double>(number); }

void SetMemory(const DeviceStatus& status, v1::DeviceMemoryUse* out) {
  out->set_takes_models(status.takes_models);
  out->set_budget_bytes(Number(status.budget_bytes));
  out->set_used_bytes(Number(status.used_bytes));
  out->set_reserve_bytes(Number(status.reserve_bytes));
  if (!status.sample.memory.has_value()) return;
  out->set_total_bytes(Number(status.sample.memory->total_bytes));
  out->set_free_bytes(Number(status.sample.memory->free_bytes));
}

void SetLink(const DeviceSample::Link& link, v1::DeviceLink* out) {
  out->set_generation(link.generation);
  out->set_width(link.width);
  if (link.received_bytes_per_second.has_value()) {
    out->set_received_bytes_per_second(Number(*link.received_bytes_per_second));
  }
  if (link.sent_bytes_per_second.has_value()) {
    out->set_sent_bytes_per_second(Number(*link.sent_bytes_per_second));
  }
}

void SetDevice(const DeviceStatus& status, v1::Device* out) {
  const DeviceSample& sample = status.sample;
  out->set_device_id(sample.id);
  out->set_kind(sample.kind == DeviceSample::Kind::kHost ? v1::DEVICE_KIND_HOST
                                                         : v1::DEVICE_KIND_GPU);
  out->set_uuid(sample.uuid);
  out->set_name(sample.name);
  out->set_problem(sample.problem);
  SetMemory(status, out->mutable_memory());
  if (sample.busy.has_value()) out->set_busy(*sample.busy);
  if (sample.link.has_value()) SetLink(*sample.link, out->mutable_link());
  for (const DeviceSample::Process& process : sample.processes) {
    v1::DeviceProcess* to = out->add_processes();
    to->set_pid(static_cast<int32_t>(process.pid));
    to->set_bytes(Number(process.bytes));
  }
  out->set_shows_processes(sample.shows_processes);
  out->set_fault_count(Number(sample.faults));
  if (sample.cores.has_value()) out->set_cores(*sample.cores);
  if (!sample.pressure.has_value()) return;
  out->mutable_pressure()->set_cpu(sample.pressure->cpu);
  out->mutable_pressure()->set_memory(sample.pressure->memory);
  out->mutable_pressure()->set_io(sample.pressure->io);
}

// `Response`: of ListDevices or WatchDevices.
template <class Response>
Response ListOf(const Runtime& runtime) {
  const std::shared_ptr<const Status> status = runtime.LastStatus();
  Response response;
  for (const DeviceStatus& device : status->devices) {
    SetDevice(device, response.add_devices());
  }
  for (const absl::Status& why : status->devices_not_seen) {
    v1::DeviceNotSeen* out = response.add_not_seen();
    out->set_reason(GetErrorDetails(why).reason);
    out->set_message(std::string(why.message()));
  }
  return response;
}

absl::StatusOr<v1::GetDeviceResponse> Get(const Runtime& runtime,
                                          const std::string& id) {
  if (id.empty()) return InvalidField("device_id", "must not be empty");
  const std::shared_ptr<const Status> status = runtime.LastStatus();
  for (const DeviceStatus& device : status->devices) {
    if (device.sample.id != id) continue;
    v1::GetDeviceResponse response;
    SetDevice(device, response.mutable_device());
    return response;
  }
  return MakeError(absl::StatusCode::kNotFound, "DEVICE_NOT_FOUND",
                   absl::StrCat("no device \"", id, "\" is there"),
                   {{"device", id}});
}

}  // namespace

DeviceServer::DeviceServer(CallQueue& queue, RpcMetrics& metrics)
    : queue_(queue),
      list_metrics_(metrics.Add(kService, "ListDevices", "unary")),
      get_metrics_(metrics.Add(kService, "GetDevice", "unary")),
      watches_(queue, metrics.Add(kService, "WatchDevices", "server_stream"),
               [this](auto* context, auto* request, auto* writer, void* tag) {
                 service_.RequestWatchDevices(context, request, writer,
                                              queue_.queue(), queue_.queue(),
                                              tag);
               }),
      wake_(queue, [this] { WriteNews(); }) {}

void DeviceServer::WriteNews() {
  if (!watches_.has_streams()) return;
  watches_.WriteNews();
  wake_.WakeAfter(kBetweenLooks);
}

void DeviceServer::Listen(const Runtime& runtime) {
  ServeUnary(service_, &Service::RequestListDevices, queue_, list_metrics_,
             AtOnce([&runtime](const v1::ListDevicesRequest&)
                        -> absl::StatusOr<v1::ListDevicesResponse> {
               return ListOf<v1::ListDevicesResponse>(runtime);
             }));
  ServeUnary(service_, &Service::RequestGetDevice, queue_, get_metrics_,
             AtOnce([&runtime](const v1::GetDeviceRequest& request)
                        -> absl::StatusOr<v1::GetDeviceResponse> {
               return Get(runtime, request.device_id());
             }));
  watches_.set_on_first([this] { wake_.WakeAfter(kBetweenLooks); });
  watches_.Listen({.make = [&runtime] {
    return ListOf<v1::WatchDevicesResponse>(runtime);
  }});
}

}  // namespace warmup
