// What the engine waits for after its calls: that what Ollama said shows.

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "adapters/engines/ollama/ollama_engine.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using ollama::RunningModel;
using ollama::View;

const HttpCall kLook = {.timeout = kOllamaLookTimeout};
// How long after its answer a load may show, and its new `expires_at`.
constexpr absl::Duration kShownWithin = absl::Milliseconds(500);
constexpr absl::Duration kExpiryWithin = absl::Milliseconds(50);
constexpr absl::Duration kShortPause = absl::Milliseconds(5);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);
// Of how many running models the file is asked for, to tell who shares one.
constexpr size_t kMaxBlobLookups = 16;

}  // namespace

absl::StatusOr<OllamaEngine::Found> OllamaEngine::Confirm(
    const std::string& name, const std::optional<Found>& before) {
  const absl::Time start = absl::Now();
  bool has_blobs = false;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const View view, Observe(kLook));
    std::optional<Found> found = FindIn(view, name);
    if (!found.has_value() && !has_blobs) {
      LearnBlobs(view, name);
      has_blobs = true;
      found = FindIn(view, name);
    }
    const absl::Duration waited = absl::Now() - start;
    if (found.has_value() &&
        (!before.has_value() || waited > kExpiryWithin ||
         found->model.expires_at != before->model.expires_at)) {
      return *std::move(found);
    }
    if (!found.has_value() && waited > kShownWithin) {
      return api_.ModelError(
          absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED", name,
          "it was said to be loaded, but is not among the running models");
    }
    absl::SleepFor(kShortPause);
  }
}

void OllamaEngine::LearnBlobs(const View& view, const std::string& name) {
  std::vector<std::string> names = {name};
  for (const RunningModel& model : view.running) {
    if (names.size() > kMaxBlobLookups) break;
    names.push_back(model.name);
  }
  for (const std::string& each : names) {
    const auto metadata = api_.Show(each, kLook);
    if (!metadata.ok()) continue;
    MutexLock lock(mutex_);
    book_.SetBlob(each, metadata->blob);
  }
}

void OllamaEngine::TakeBack(const std::string& name, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  for (;;) {
    const auto view = Observe(kLook);
    if (!view.ok()) return;  // gone itself; nothing of ours stays for long
    if (const auto found = FindIn(*view, name); found.has_value()) {
      if (!api_.Unload(found->model.name, kLook).ok()) return;
      const absl::Status gone =
          AwaitGone(name, absl::Now() + options_.unload_timeout);
      static_cast<void>(gone);  // the load's own error says more
      return;
    }
    if (absl::Now() >= deadline) return;
    absl::SleepFor(kShortPause);
  }
}

absl::Status OllamaEngine::AwaitGone(const std::string& name,
                                     absl::Time deadline) {
  absl::Duration pause = kShortPause;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const View view, Observe(kLook));
    if (!FindIn(view, name).has_value()) return absl::OkStatus();
    if (absl::Now() >= deadline) {
      return api_.ModelError(
          absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
          "it stays in memory, because a request on it has not ended, or "
          "because it was deleted while it was loaded");
    }
    absl::SleepFor(pause);
    pause = std::min(2 * pause, kLongPause);
  }
}

}  // namespace warmup
