// What the daemon sees of devices, as clients are told.

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/server/served_runtime.h"

namespace warmup {
namespace {

using grpc::StatusCode;

DeviceSample SomeGpu() {
  DeviceSample gpu;
  gpu.id = "gpu0";
  gpu.uuid = "GPU-1";
  gpu.name = "Tiny GPU";
  gpu.memory = {.total_bytes = 4000, .free_bytes = 1000};
  gpu.busy = 0.5;
  gpu.link = {.generation = 5,
              .width = 16,
              .received_bytes_per_second = 70,
              .sent_bytes_per_second = {}};
  gpu.processes = {{.pid = 12, .bytes = 2500}};
  gpu.shows_processes = true;
  gpu.faults = 2;
  return gpu;
}

// Those of the newest list once there are so many.
std::vector<v1::Device> AwaitDevices(Client& client, int count) {
  v1::ListDevicesResponse list;
  REQUIRE(Eventually([&] {
    list = client.Ask(&Devices::ListDevices).Must();
    return list.devices_size() == count;
  }));
  return {list.devices().begin(), list.devices().end()};
}

TEST_CASE("Devices: each is told with what is known of it") {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  DeviceSample host = HostOf(9000, 8000);
  host.cores = 1.5;
  host.pressure = {.cpu = 0.1, .memory = 0.2, .io = 0.3};
  served.monitor.Show({{host, SomeGpu()}});
  const std::vector<v1::Device> devices = AwaitDevices(client, 2);
  const v1::Device& gpu = devices[0];
  CHECK(gpu.device_id() == "gpu0");
  CHECK(gpu.kind() == v1::DEVICE_KIND_GPU);
  CHECK(gpu.uuid() == "GPU-1");
  CHECK(gpu.name() == "Tiny GPU");
  CHECK(gpu.problem().empty());
  CHECK_FALSE(gpu.memory().takes_models());
  CHECK(gpu.memory().total_bytes() == 4000);
  CHECK(gpu.memory().free_bytes() == 1000);
  CHECK(gpu.busy() == 0.5);
  CHECK(gpu.link().generation() == 5);
  CHECK(gpu.link().width() == 16);
  CHECK(gpu.link().received_bytes_per_second() == 70);
  CHECK_FALSE(gpu.link().has_sent_bytes_per_second());
  REQUIRE(gpu.processes_size() == 1);
  CHECK(gpu.processes(0).pid() == 12);
  CHECK(gpu.processes(0).bytes() == 2500);
  CHECK(gpu.shows_processes());
  CHECK(gpu.fault_count() == 2);
  CHECK_FALSE(gpu.has_cores());
  CHECK_FALSE(gpu.has_pressure());
  const v1::Device& told = devices[1];
  CHECK(told.device_id() == "host");
  CHECK(told.kind() == v1::DEVICE_KIND_HOST);
  CHECK(told.memory().takes_models());
  CHECK(told.memory().budget_bytes() == 100);
  CHECK(told.cores() == 1.5);
  CHECK(told.pressure().io() == 0.3);
  CHECK_FALSE(told.has_busy());
  CHECK_FALSE(told.has_link());
}

TEST_CASE("Devices: one is told by its id, or that it is not there") {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  const auto get = [&](const std::string& request) {
    return client.Ask(&Devices::GetDevice, request);
  };
  CHECK(get("device_id: 'host'").Must().device().device_id() == "host");
  CheckError(get("device_id: 'gpu7'").status, StatusCode::NOT_FOUND,
             "DEVICE_NOT_FOUND", {{"device", "gpu7"}});
  CheckInvalid(get("").status, "device_id");
}

TEST_CASE("Devices: why none are seen is told; a budget stays") {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  served.monitor.Show(
      MakeError(absl::StatusCode::kNotFound, "NO_DRIVER", "no driver"));
  v1::ListDevicesResponse list;
  REQUIRE(Eventually([&] {
    list = client.Ask(&Devices::ListDevices).Must();
    return list.not_seen_size() == 1;
  }));
  CHECK(list.not_seen(0).reason() == "NO_DRIVER");
  CHECK(list.not_seen(0).message() == "no driver");
  REQUIRE(list.devices_size() == 1);
  CHECK(list.devices(0).device_id() == "host");
  CHECK(list.devices(0).memory().takes_models());
  CHECK_FALSE(list.devices(0).memory().has_total_bytes());
}

TEST_CASE("Devices: a watcher gets the list at once, and when it changes") {
  ServedRuntime served(/*is_instant=*/true);
  Client client(served.address());
  auto watch = client.Open(&Devices::WatchDevices);
  auto news = watch.Next();
  REQUIRE(news.has_value());
  CHECK(news->devices_size() == 1);
  served.monitor.Show({{HostOf(9000, 8000), SomeGpu()}});
  // Lists of one device may be under way.
  while (news.has_value() && news->devices_size() == 1) news = watch.Next();
  REQUIRE(news.has_value());
  CHECK(news->devices_size() == 2);
  served.Stop();
  CheckError(watch.Finish(), StatusCode::UNAVAILABLE, "STOPPING");
}

}  // namespace
}  // namespace warmup
