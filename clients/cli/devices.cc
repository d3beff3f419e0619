#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "clients/cli/devices_text.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "clients/cli/terminal.h"
#include "warmup/v1/device.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::DeviceService::Stub;

std::string Joined(const std::vector<std::string>& lines) {
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

void List(Cli& cli, bool is_ids_only) {
  const auto response = cli.Call(&Stub::ListDevices, v1::ListDevicesRequest());
  if (!response) return;
  std::string ids;
  for (const v1::Device& device : response->devices()) {
    absl::StrAppend(&ids, Printable(device.device_id()), "\n");
  }
  cli.Print(*response,
            is_ids_only ? ids : Joined(DevicesText(*response, cli.out())));
}

void Get(Cli& cli, const v1::GetDeviceRequest& request) {
  const auto response = cli.Call(&Stub::GetDevice, request);
  if (!response) return;
  v1::ListDevicesResponse list;
  *list.add_devices() = response->device();
  cli.Print(*response, Joined(DevicesText(list, cli.out())));
}

// Draws over what it drew last, where that is still on the terminal.
class InPlace {
 public:
  std::string Draw(const std::vector<std::string>& lines) {
    const auto rows = static_cast<size_t>(GetTerminalSize(STDOUT_FILENO).rows);
    std::string text;
    if (drawn_ > 0 && drawn_ < rows) {
      text = absl::StrCat("\033[", drawn_, "A\033[J");
    }
    drawn_ = lines.size();
    return absl::StrCat(text, Joined(lines));
  }

 private:
  size_t drawn_ = 0;
};

// On a terminal in place, else one list below the other.
void Watch(Cli& cli) {
  InPlace in_place;
  cli.Watch(&Stub::WatchDevices, v1::WatchDevicesRequest(),
            [&](const v1::WatchDevicesResponse& response) {
              v1::ListDevicesResponse list;
              *list.mutable_devices() = response.devices();
              *list.mutable_not_seen() = response.not_seen();
              const auto lines = DevicesText(list, cli.out());
              cli.PrintLine(response, isatty(STDOUT_FILENO) == 1
                                          ? in_place.Draw(lines)
                                          : absl::StrCat(Joined(lines), "\n"));
            });
}

}  // namespace

void AddDevices(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "devices", "What models can be held on, and who holds how much",
      "The host's memory and each GPU: what models hold, what others do, what "
      "is free, and how busy it is. Then why no GPU is seen, if none is.",
      "warmupctl devices\n"
      "warmupctl devices watch");
  group->require_subcommand(0, 1);
  group->callback([&cli, group] {
    if (group->get_subcommands().empty()) List(cli, false);
  });
  CLI::App* list = AddCommand(group, "list", "All devices", "",
                              "warmupctl devices list --ids");
  auto& is_ids_only = cli.Keep<bool>();
  list->add_flag("--ids", is_ids_only, "Only their ids, one a line");
  list->callback([&cli, &is_ids_only] { List(cli, is_ids_only); });
  CLI::App* get =
      AddCommand(group, "get", "One device", "", "warmupctl devices get gpu0");
  auto& request = cli.Keep<v1::GetDeviceRequest>();
  get->add_option("DEVICE", *request.mutable_device_id(), "The device's id")
      ->type_name("DEVICE")
      ->required();
  get->callback([&cli, &request] { Get(cli, request); });
  CLI::App* watch = AddCommand(
      group, "watch", "A live view of all devices",
      "Once a second, until Ctrl-C; --timeout watches for so long. Where the "
      "output is no terminal, one list below the other; with -o json, one "
      "WatchDevices response a line.",
      "warmupctl devices watch");
  watch->callback([&cli] { Watch(cli); });
}

}  // namespace warmup::cli
