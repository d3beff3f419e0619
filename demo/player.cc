#include "demo/player.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/words.h"
#include "demo/call.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::demo {
namespace {

constexpr char kUser[] = "developer";

Outcome ToOutcome(v1::ServedAs served_as) {
  switch (served_as) {
    case v1::SERVED_AS_WARM:
      return Outcome::kWarm;
    case v1::SERVED_AS_LATE:
      return Outcome::kLate;
    default:
      return Outcome::kCold;
  }
}

}  // namespace

struct Player::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : models(v1::ModelService::NewStub(channel)),
        warmup(v1::WarmupService::NewStub(channel)) {}

  std::unique_ptr<v1::ModelService::Stub> models;
  std::unique_ptr<v1::WarmupService::Stub> warmup;
};

Player::Player(const std::shared_ptr<grpc::Channel>& channel,
               SharedBoard& board, std::function<bool()> is_stopped,
               OnRequest on_request)
    : stubs_(std::make_unique<Stubs>(channel)),
      board_(board),
      is_stopped_(std::move(is_stopped)),
      on_request_(std::move(on_request)) {}

Player::~Player() = default;

absl::Status Player::Play(const Trace& trace) {
  for (const Step& step : trace.steps) {
    absl::Status status = Pause(step.gap);
    if (!status.ok()) return status;
    switch (step.kind) {
      case StepKind::kRequest:
        status = Request(step);
        break;
      case StepKind::kSession:
        status = OpenSession(step);
        break;
      case StepKind::kActivity:
        status = ReportActivity(step);
        break;
    }
    if (status.ok()) status = AskForecast();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Player::Pause(absl::Duration gap) const {
  constexpr absl::Duration kLookAgain = absl::Milliseconds(50);
  const absl::Time end = absl::Now() + gap;
  while (!is_stopped_()) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    absl::SleepFor(std::min(left, kLookAgain));
  }
  return absl::CancelledError("stopped");
}

// The request itself: has the model loaded if it is not there, waits, and says
// that it was used.
absl::Status Player::Request(const Step& step) {
  const absl::Time since = absl::Now();
  board_.Update([&](Board& board) {
    board.waiting = Waiting{step.recorded, step.item, since};
  });
  v1::LoadModelRequest load;
  load.set_model_id(step.item);
  load.set_wait(true);
  const auto loaded =
      Call(*stubs_->models, &v1::ModelService::Stub::LoadModel, load);
  RequestRow row;
  row.recorded = step.recorded;
  row.model = step.item;
  const auto rank = forecast_.find(step.item);
  row.rank = rank == forecast_.end() ? 0 : rank->second;
  if (loaded.ok()) {
    row.outcome = ToOutcome(loaded->served_as());
    row.waited = cli::FromProto(loaded->waited());
    const absl::Status recorded = RecordUsage(step.item);
    if (!recorded.ok()) return recorded;
  } else if (absl::IsResourceExhausted(loaded.status())) {
    // The system took the memory meanwhile; the daemon counts it too.
    row.outcome = Outcome::kFailed;
    row.waited = absl::Now() - since;
  } else {
    return loaded.status();
  }
  board_.Update([&](Board& board) {
    constexpr size_t kKept = 16;
    board.waiting.reset();
    board.tallies.back().Add(row);
    board.requests.push_back(row);
    if (board.requests.size() > kKept) board.requests.pop_front();
    for (ModelRow& model : board.models) {
      if (model.id == row.model) model.is_guess = false;
    }
  });
  on_request_(row);
  return absl::OkStatus();
}

absl::Status Player::RecordUsage(const std::string& model) {
  v1::RecordUsageRequest request;
  v1::Usage& usage = *request.add_usages();
  usage.set_model_id(model);
  usage.set_session_id(session_);
  usage.set_user_id(kUser);
  return Call(*stubs_->warmup, &v1::WarmupService::Stub::RecordUsage, request)
      .status();
}

// The tool was started, set to a model: what it is about to use is announced.
absl::Status Player::OpenSession(const Step& step) {
  if (!session_.empty()) {
    v1::StopWarmupSessionRequest stop;
    stop.set_session_id(session_);
    const auto stopped = Call(
        *stubs_->warmup, &v1::WarmupService::Stub::StopWarmupSession, stop);
    if (!stopped.ok()) return stopped.status();
  }
  v1::StartWarmupSessionRequest start;
  start.mutable_session()->set_client("demo");
  start.mutable_session()->set_user_id(kUser);
  start.mutable_session()->mutable_lease()->set_seconds(3600);
  (*start.mutable_session()->mutable_roles())["chat"] = step.item;
  const auto started = Call(
      *stubs_->warmup, &v1::WarmupService::Stub::StartWarmupSession, start);
  if (!started.ok()) return started.status();
  session_ = started->session().session_id();
  board_.Update([&](Board& board) {
    board.announced = absl::StrCat("a session opened with ", step.item);
  });
  return absl::OkStatus();
}

absl::Status Player::ReportActivity(const Step& step) {
  v1::ReportActivityRequest report;
  v1::Activity& activity = *report.add_activities();
  activity.set_kind(step.item);
  activity.set_session_id(session_);
  return Call(*stubs_->warmup, &v1::WarmupService::Stub::ReportActivity, report)
      .status();
}

// What an IDE may ask at any time: which models come next, and why.
absl::Status Player::AskForecast() {
  v1::GetWarmupPredictionRequest request;
  request.set_session_id(session_);
  request.mutable_user_context()->set_user_id(kUser);
  request.set_max_models(64);
  const auto answer = Call(
      *stubs_->warmup, &v1::WarmupService::Stub::GetWarmupPrediction, request);
  if (!answer.ok()) return answer.status();
  forecast_.clear();
  board_.Update([&](Board& board) {
    for (ModelRow& row : board.models) {
      row.probability = -1;
      row.reason.clear();
    }
    for (const v1::PredictedModel& model : answer->predicted_models()) {
      const int rank = static_cast<int>(forecast_.size()) + 1;
      forecast_[model.model_id()] = rank;
      for (ModelRow& row : board.models) {
        if (row.id != model.model_id()) continue;
        row.probability = model.probability_next();
        row.reason = model.reasons().empty() ? "" : model.reasons(0);
      }
    }
  });
  return absl::OkStatus();
}

}  // namespace warmup::demo
