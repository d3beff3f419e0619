#include "demo/watcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"
#include "clients/cli/words.h"
#include "warmup/v1/event.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::demo {
namespace {

constexpr size_t kEventsKept = 8;

ModelState ToState(v1::ModelState state) {
  switch (state) {
    case v1::MODEL_STATE_LOADING:
      return ModelState::kLoading;
    case v1::MODEL_STATE_READY:
      return ModelState::kReady;
    case v1::MODEL_STATE_UNLOADING:
      return ModelState::kUnloading;
    case v1::MODEL_STATE_FAILED:
      return ModelState::kFailed;
    default:
      return ModelState::kCold;
  }
}

void Show(const v1::Model& model, Board* board) {
  const auto row = std::find_if(
      board->models.begin(), board->models.end(),
      [&](const ModelRow& r) { return r.id == model.spec().model_id(); });
  if (row == board->models.end()) return;
  row->state = ToState(model.state());
  row->held_bytes = model.held_bytes();
  row->waiters = model.waiter_count();
  row->progress = model.total_bytes() == 0
                      ? 0
                      : static_cast<double>(model.done_bytes()) /
                            static_cast<double>(model.total_bytes());
  if (row->state == ModelState::kLoading) {
    row->is_guess = model.load_kind() != v1::LOAD_KIND_DEMAND;
  } else if (row->state == ModelState::kCold) {
    row->is_guess = false;
  }
}

// "14:03:59.123  model_unloading  gpt-4o: makes room for o1".
std::string InWords(const v1::Event& event) {
  constexpr int kTypeCells = 18;
  const auto data = nlohmann::json::parse(event.data_json(), nullptr, false);
  const auto field = [&](const char* name) {
    return data.is_object() && data.contains(name) && data[name].is_string()
               ? data[name].get<std::string>()
               : std::string();
  };
  const std::string reason = field("reason");
  return absl::StrCat(cli::HumanTime(cli::FromProto(event.timestamp())), "  ",
                      cli::Fit(event.event_type(), kTypeCells), " ",
                      field("model_id"), reason.empty() ? "" : ": ", reason);
}

}  // namespace

Watcher::Watcher(const std::shared_ptr<grpc::Channel>& channel,
                 SharedBoard& board)
    : board_(board),
      watcher_([this, channel] { WatchModels(channel); }),
      subscriber_([this, channel] { Subscribe(channel); }) {}

Watcher::~Watcher() {
  watch_.TryCancel();
  subscription_.TryCancel();
  watcher_.join();
  subscriber_.join();
}

void Watcher::WatchModels(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::ModelService::NewStub(channel);
  const auto reader = stub->WatchModels(&watch_, v1::WatchModelsRequest());
  v1::WatchModelsResponse response;
  while (reader->Read(&response)) {
    board_.Update([&](Board& board) {
      for (const v1::Model& model : response.models()) Show(model, &board);
    });
  }
  static_cast<void>(reader->Finish());
}

void Watcher::Subscribe(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::EventService::NewStub(channel);
  v1::SubscribeRequest request;  // what is done with models, and why
  request.mutable_filter()->add_event_types("model_*");
  request.mutable_filter()->add_event_types("warmup_*");
  const auto reader = stub->Subscribe(&subscription_, request);
  v1::SubscribeResponse response;
  while (reader->Read(&response)) {
    board_.Update([&](Board& board) {
      for (const v1::Event& event : response.events()) {
        ++board.events_received;
        board.events.push_back(InWords(event));
        if (board.events.size() > kEventsKept) board.events.pop_front();
      }
    });
  }
  static_cast<void>(reader->Finish());
}

}  // namespace warmup::demo
