#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/json.h"
#include "clients/cli/status_frame.h"
#include "warmup/v1/event.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

using v1::EventService;
using v1::ModelService;
using v1::WarmupService;

// More than one screen shows.
constexpr int kEventCount = 50;

v1::GetRecentEventsRequest LastEvents() {
  v1::GetRecentEventsRequest request;
  request.set_max_count(kEventCount);
  return request;
}

// The terminal as a page of its own, without a cursor; gives it back as it
// was.
class Page {
 public:
  Page() { Write("\033[?1049h\033[?25l"); }
  ~Page() { Write("\033[?25h\033[?1049l"); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  void Draw(const std::vector<std::string>& lines) {
    std::string text = "\033[H";
    for (size_t i = 0; i < lines.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : "\r\n", lines[i], "\033[K");
    }
    Write(absl::StrCat(text, "\033[J"));
  }

 private:
  static void Write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
};

// The live table. One thread follows the models, the caller's polls the rest
// once a second and draws; a daemon that goes away is waited for.
class LiveStatus {
 public:
  explicit LiveStatus(Cli& cli) : cli_(cli) {}

  // Until Stop().
  void Run(StatusView first);
  // From any thread.
  void Stop();

 private:
  void FollowModels();
  void ReadModels(grpc::ClientReader<v1::WatchModelsResponse>* reader);
  void Poll();
  void Draw(Page* page);
  // Waits; false: it is time to stop.
  bool Pause(absl::Duration duration, bool until_changed);

  Cli& cli_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  StatusView view_;
  bool is_changed_ = true;
  bool is_shown_ = false;
  bool is_stopping_ = false;
  grpc::ClientContext* watch_ = nullptr;
};

void LiveStatus::Stop() {
  const std::lock_guard lock(mutex_);
  // Still waiting for the first answer: nobody would hear it.
  if (!is_shown_) std::_Exit(kExitOk);
  is_stopping_ = true;
  if (watch_ != nullptr) watch_->TryCancel();
  changed_.notify_all();
}

bool LiveStatus::Pause(absl::Duration duration, bool until_changed) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration), [&] {
    return is_stopping_ || (until_changed && is_changed_);
  });
  return !is_stopping_;
}

void LiveStatus::ReadModels(
    grpc::ClientReader<v1::WatchModelsResponse>* reader) {
  std::map<std::string, v1::Model> snapshot;
  bool is_complete = false;
  v1::WatchModelsResponse response;
  while (reader->Read(&response)) {
    const std::lock_guard lock(mutex_);
    auto* models = is_complete ? &view_.models : &snapshot;
    for (const v1::Model& model : response.models()) {
      (*models)[model.spec().model_id()] = model;
    }
    for (const std::string& id : response.removed_model_ids()) {
      models->erase(id);
    }
    if (response.is_snapshot_complete()) {
      is_complete = true;
      view_.models.swap(snapshot);
    }
    is_changed_ = true;
    changed_.notify_all();
  }
}

void LiveStatus::FollowModels() {
  ModelService::Stub stub(cli_.channel());
  do {
    grpc::ClientContext context;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
      watch_ = &context;
    }
    const auto reader = stub.WatchModels(&context, v1::WatchModelsRequest());
    ReadModels(reader.get());
    reader->Finish();  // the poll tells what is the matter
    const std::lock_guard lock(mutex_);
    watch_ = nullptr;
  } while (Pause(absl::Seconds(1), false));
}

void LiveStatus::Poll() {
  const auto deadline = absl::ToChronoTime(absl::Now() + absl::Seconds(1));
  grpc::ClientContext metrics_context;
  metrics_context.set_deadline(deadline);
  v1::GetWarmupMetricsResponse metrics;
  WarmupService::Stub warmup(cli_.channel());
  grpc::Status status = warmup.GetWarmupMetrics(
      &metrics_context, v1::GetWarmupMetricsRequest(), &metrics);
  grpc::ClientContext events_context;
  events_context.set_deadline(deadline);
  v1::GetRecentEventsResponse events;
  if (status.ok()) {
    EventService::Stub stub(cli_.channel());
    status = stub.GetRecentEvents(&events_context, LastEvents(), &events);
  }
  const std::lock_guard lock(mutex_);
  view_.trouble = status.ok() ? "" : ShortMessage(status);
  if (!status.ok()) return;
  view_.metrics = metrics;
  view_.events = {events.events().begin(), events.events().end()};
}

void LiveStatus::Draw(Page* page) {
  StatusView view;
  {
    const std::lock_guard lock(mutex_);
    is_changed_ = false;
    view = view_;
  }
  view.now = absl::Now();
  TerminalSize size = GetTerminalSize(STDOUT_FILENO);
  --size.rows;
  std::vector<std::string> lines = RenderStatus(view, cli_.out(), size);
  lines.resize(static_cast<size_t>(std::max(size.rows, 0)));
  lines.push_back(cli_.out().Dim("Ctrl-C ends"));
  page->Draw(lines);
}

void LiveStatus::Run(StatusView first) {
  {
    const std::lock_guard lock(mutex_);
    view_ = std::move(first);
    is_shown_ = true;
  }
  std::thread follower([this] { FollowModels(); });
  {
    Page page;
    absl::Time next_poll = absl::Now() + absl::Seconds(1);
    do {
      Draw(&page);
      // Ten frames a second are enough for the eye.
      if (!Pause(absl::Milliseconds(100), false)) break;
      if (absl::Now() >= next_poll) {
        Poll();
        next_poll = absl::Now() + absl::Seconds(1);
        continue;
      }
      Pause(next_poll - absl::Now(), true);
    } while (Pause(absl::ZeroDuration(), false));
  }
  follower.join();
}

// The first frame also tells whether there is a daemon at all.
std::optional<StatusView> FirstView(Cli& cli) {
  StatusView view;
  view.target = cli.target();
  const auto metrics = cli.Call(&WarmupService::Stub::GetWarmupMetrics,
                                v1::GetWarmupMetricsRequest());
  if (!metrics) return std::nullopt;
  view.metrics = *metrics;
  v1::ListModelsRequest request;
  request.set_page_size(1000);
  do {
    const auto page = cli.Call(&ModelService::Stub::ListModels, request);
    if (!page) return std::nullopt;
    for (const v1::Model& model : page->models()) {
      view.models[model.spec().model_id()] = model;
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  const auto events =
      cli.Call(&EventService::Stub::GetRecentEvents, LastEvents());
  if (!events) return std::nullopt;
  view.events = {events->events().begin(), events->events().end()};
  view.now = absl::Now();
  return view;
}

// One object of what three calls answer.
std::string StatusJson(const StatusView& view) {
  std::string models;
  for (const auto& [id, model] : view.models) {
    absl::StrAppend(&models, models.empty() ? "" : ",", ToJson(model));
  }
  std::string events;
  for (const v1::Event& event : view.events) {
    absl::StrAppend(&events, events.empty() ? "" : ",", ToJson(event));
  }
  return IndentJson(absl::StrCat("{\"metrics\":", ToJson(view.metrics),
                                 ",\"models\":[", models, "],\"events\":[",
                                 events, "]}"));
}

void PrintOnce(Cli& cli) {
  const std::optional<StatusView> view = FirstView(cli);
  if (!view) return;
  std::string text;
  TerminalSize size = GetTerminalSize(STDOUT_FILENO);
  size.rows = 0;
  for (const std::string& line : RenderStatus(*view, cli.out(), size)) {
    absl::StrAppend(&text, line, "\n");
  }
  cli.Write(cli.is_json ? StatusJson(*view) : text);
}

void ShowLive(Cli& cli) {
  LiveStatus live(cli);
  const StopSignal stop([&live] { live.Stop(); });
  std::optional<StatusView> first = FirstView(cli);
  if (first) live.Run(std::move(*first));
}

}  // namespace

void AddStatus(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "status", "A live table of models, memory, demands and events",
      "For each model: whether it is ready, how far its load is, the "
      "probability that it is used within a minute, when it was used last and "
      "what holds it. Below: how those who asked found their models (warm: "
      "ready; late: its load was under way; cold: its load had to be started) "
      "and the last events.\n\n"
      "It follows the daemon until Ctrl-C. Where the output is no terminal, "
      "and with -o json, it prints one frame and ends.",
      "warmupctl status\n"
      "warmupctl status --once\n"
      "warmupctl status -o json | jq '.models[].state'");
  auto& is_once = cli.Keep<bool>();
  command->add_flag("--once", is_once, "Print one frame and end");
  command->callback([&cli, &is_once] {
    if (is_once || cli.is_json || isatty(STDOUT_FILENO) != 1) {
      PrintOnce(cli);
    } else {
      ShowLive(cli);
    }
  });
}

}  // namespace warmup::cli
