#include "clients/cli/load_progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"
#include "clients/cli/model_text.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

constexpr char kEraseLine[] = "\r\033[K";

void Draw(const std::string& line) {
  std::fputs(absl::StrCat(kEraseLine, line).c_str(), stderr);
  std::fflush(stderr);
}

std::string LineOf(const v1::Model& model, const Style& style) {
  std::string line = absl::StrCat(Printable(model.spec().model_id()), "  ",
                                  StateText(model, style));
  if (model.state() != v1::MODEL_STATE_LOADING) {
    absl::StrAppend(&line, ", waits for its turn");
  } else if (model.total_bytes() > 0) {
    absl::StrAppend(&line, "  ",
                    HumanBytes(static_cast<double>(model.done_bytes())), " of ",
                    HumanBytes(static_cast<double>(model.total_bytes())));
  }
  const int columns = GetTerminalSize(STDERR_FILENO).columns - 1;
  return DisplayWidth(line) > columns ? Fit(line, columns) : line;
}

}  // namespace

LoadProgress::LoadProgress(Cli& cli, std::string model_id)
    : model_id_(std::move(model_id)), style_(cli.err()) {
  if (isatty(STDERR_FILENO) != 1) return;
  thread_ = std::thread([this, channel = cli.channel()] { Watch(channel); });
}

LoadProgress::~LoadProgress() {
  if (!thread_.joinable()) return;
  context_.TryCancel();
  thread_.join();
  Draw("");
}

void LoadProgress::Watch(const std::shared_ptr<grpc::Channel>& channel) {
  v1::ModelService::Stub stub(channel);
  v1::WatchModelsRequest request;
  request.add_model_ids(model_id_);
  const auto reader = stub.WatchModels(&context_, request);
  v1::WatchModelsResponse response;
  while (reader->Read(&response)) {
    for (const v1::Model& model : response.models()) {
      if (model.state() != v1::MODEL_STATE_READY) Draw(LineOf(model, style_));
    }
  }
  reader->Finish();  // whatever it says, LoadModel says it better
}

}  // namespace warmup::cli
