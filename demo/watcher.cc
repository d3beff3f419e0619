#include "demo/watcher.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "demo/call.h"
#include "warmup/v1/event.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::demo {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(100);

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

void Show(const v1::Model& model, ModelRow* row) {
  row->state = ToState(model.state());
  row->progress = model.total_bytes() == 0
                      ? 0
                      : static_cast<double>(model.done_bytes()) /
                            static_cast<double>(model.total_bytes());
  // 0: not a candidate, as it was neither used nor announced so far.
  row->probability = model.probability_1h() > 0 ? model.probability_1min() : -1;
  if (row->state == ModelState::kLoading) {
    row->is_guess = model.load_kind() != v1::LOAD_KIND_DEMAND;
  } else if (row->state == ModelState::kCold) {
    row->is_guess = false;
  }
}

}  // namespace

Watcher::Watcher(const std::shared_ptr<grpc::Channel>& channel,
                 SharedBoard& board)
    : board_(board),
      poller_([this, channel] { Poll(channel); }),
      subscriber_([this, channel] { Subscribe(channel); }) {}

Watcher::~Watcher() {
  is_ending_.store(true);
  subscription_.TryCancel();
  poller_.join();
  subscriber_.join();
}

void Watcher::Poll(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::ModelService::NewStub(channel);
  while (!is_ending_.load()) {
    const auto list = Call(*stub, &v1::ModelService::Stub::ListModels,
                           v1::ListModelsRequest());
    if (list.ok()) {
      board_.Update([&](Board& board) {
        board.memory_used_bytes = 0;
        for (const v1::Model& model : list->models()) {
          board.memory_used_bytes += model.held_bytes();
          const auto row = std::find_if(
              board.models.begin(), board.models.end(), [&](const ModelRow& r) {
                return r.id == model.spec().model_id();
              });
          if (row != board.models.end()) Show(model, &*row);
        }
      });
    }
    absl::SleepFor(kPollInterval);
  }
}

void Watcher::Subscribe(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::EventService::NewStub(channel);
  const auto reader = stub->Subscribe(&subscription_, v1::SubscribeRequest());
  v1::SubscribeResponse response;
  while (reader->Read(&response)) {
    board_.Update([&](Board& board) {
      for (const v1::Event& event : response.events()) {
        ++board.events_received;
        board.last_event =
            absl::StrCat(event.event_type(), " ", event.data_json());
      }
    });
  }
  static_cast<void>(reader->Finish());
}

}  // namespace warmup::demo
