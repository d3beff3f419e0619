// `load` and `unload`.
#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "clients/cli/load_progress.h"
#include "clients/cli/model_text.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::ModelService::Stub;

// The daemon ends the wait itself and says what was the matter; our own
// deadline is only there for a daemon that does not answer at all.
constexpr absl::Duration kGrace = absl::Seconds(5);

uint32_t TimeoutMs(const Cli& cli) {
  if (!cli.timeout.has_value()) return 0;
  const int64_t ms = absl::ToInt64Milliseconds(
      absl::Ceil(*cli.timeout, absl::Milliseconds(1)));
  return static_cast<uint32_t>(
      std::min<int64_t>(ms, std::numeric_limits<uint32_t>::max()));
}

// "llama  ● ready, holds 1 GiB on host; it was cold, waited 2 s"
std::string LoadedText(const v1::LoadModelResponse& response,
                       const Style& style) {
  const v1::Model& model = response.model();
  std::string text =
      absl::StrCat(style.Bold(Printable(model.spec().model_id())), "  ",
                   StateText(model, style));
  const std::string held = MemoryHeldText(model);
  if (!held.empty()) absl::StrAppend(&text, ", ", held);
  if (response.served_as() != v1::SERVED_AS_UNSPECIFIED) {
    absl::StrAppend(&text, "; it was ", Word(response.served_as()), ", waited ",
                    HumanDuration(FromProto(response.waited())));
  }
  return absl::StrCat(text, "\n");
}

void Load(Cli& cli, v1::LoadModelRequest& request) {
  absl::Duration deadline = absl::Seconds(10);
  std::optional<LoadProgress> progress;
  if (request.wait()) {
    request.set_timeout_ms(TimeoutMs(cli));
    deadline = absl::InfiniteDuration();
    if (cli.timeout) *cli.timeout += kGrace;
    if (!cli.is_json) progress.emplace(cli, request.model_id());
  }
  const auto response = cli.Call(&Stub::LoadModel, request, deadline);
  progress.reset();
  if (response) cli.Print(*response, LoadedText(*response, cli.out()));
}

void Unload(Cli& cli, v1::UnloadModelRequest& request) {
  request.set_timeout_ms(TimeoutMs(cli));
  if (cli.timeout) *cli.timeout += kGrace;
  const auto response =
      cli.Call(&Stub::UnloadModel, request, absl::InfiniteDuration());
  if (!response) return;
  const v1::Model& model = response->model();
  cli.Print(*response,
            absl::StrCat(cli.out().Bold(Printable(model.spec().model_id())),
                         "  ", StateText(model, cli.out()), "\n"));
}

}  // namespace

void AddLoad(CLI::App* app, Cli& cli) {
  CLI::App* load = AddCommand(
      app, "load", "Have a model loaded, and wait until it is ready",
      "Who waits may have others evicted that nobody holds. --timeout bounds "
      "the wait (default: as long as a load may take). With --no-wait the load "
      "is only asked for; it evicts nothing unless --may-evict is given.",
      "warmupctl load llama3.1:8b\n"
      "warmupctl load llama3.1:8b --timeout 30s\n"
      "warmupctl load llama3.1:8b --no-wait --may-evict");
  auto& request = cli.Keep<v1::LoadModelRequest>();
  request.set_wait(true);
  load->add_option("MODEL", *request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  load->add_flag_callback(
      "--no-wait", [&request] { request.set_wait(false); },
      "Return when the load is accepted");
  load->add_flag_callback(
      "--may-evict", [&request] { request.set_may_evict(true); },
      "With --no-wait: others may be evicted for it");
  load->callback([&cli, &request] { Load(cli, request); });

  CLI::App* unload = AddCommand(
      app, "unload", "Give a model's memory back",
      "Answers when the memory is seen free. No guess loads the model again "
      "for five minutes. Refused while it is pinned, leased or waited for.",
      "warmupctl unload llama3.1:8b");
  auto& unload_request = cli.Keep<v1::UnloadModelRequest>();
  unload->add_option("MODEL", *unload_request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  unload->callback([&cli, &unload_request] { Unload(cli, unload_request); });
}

}  // namespace warmup::cli
