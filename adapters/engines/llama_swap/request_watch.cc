#include "adapters/engines/llama_swap/request_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "adapters/engines/http/json_answer.h"

namespace warmup::llama_swap {
namespace {

// Whether somebody uses a model, not only asks whether it is there.
bool IsUse(const Request& request) {
  return !request.id.empty() && !request.model.empty() &&
         !request.path.ends_with("/health");
}

}  // namespace

void RequestWatch::Observe(const FeedMessage& message, absl::Time now) {
  switch (message.kind) {
    case FeedMessage::Kind::kRequests:
      Replace(message.requests, now);
      break;
    case FeedMessage::Kind::kRequest:
      for (const Request& request : message.requests) {
        Begin(request, now, /*is_use=*/true);
      }
      break;
    case FeedMessage::Kind::kRequestEnded:
      End(message.ended_id, now);
      break;
    default:
      break;
  }
  // More names than any llama-swap has: they change as fast as they come.
  if (models_.size() > json_answer::kMaxListed) models_.clear();
}

void RequestWatch::Replace(const std::vector<Request>& requests,
                           absl::Time now) {
  std::map<std::string, Open, std::less<>> before;
  before.swap(open_);
  for (const Request& request : requests) {
    const auto it = before.find(request.id);
    const bool is_same =
        it != before.end() && it->second.request.started == request.started;
    Begin(request, now, has_been_known_ && !is_same);
    if (is_same) before.erase(it);
  }
  for (const auto& [id, open] : before) {
    models_[open.request.model].last_end = now;
  }
  is_known_ = true;
  has_been_known_ = true;
}

void RequestWatch::Begin(const Request& request, absl::Time now, bool is_use) {
  if (!IsUse(request)) return;
  const auto it = open_.find(request.id);
  if (it != open_.end()) {
    it->second.heard_at = now;
    return;
  }
  if (open_.size() >= json_answer::kMaxListed) return;
  open_[request.id] = {.request = request, .heard_at = now};
  Counts& counts = models_[request.model];
  if (is_use) ++counts.arrived;
}

void RequestWatch::End(const std::string& id, absl::Time now) {
  const auto it = open_.find(id);
  if (it == open_.end()) return;
  models_[it->second.request.model].last_end = now;
  open_.erase(it);
}

int64_t RequestWatch::InFlight(std::string_view model) const {
  return std::count_if(open_.begin(), open_.end(), [&](const auto& open) {
    return open.second.request.model == model;
  });
}

int64_t RequestWatch::ArrivalCount(std::string_view model) const {
  const auto it = models_.find(model);
  return it == models_.end() ? 0 : it->second.arrived;
}

int64_t RequestWatch::TakeUses(std::string_view model) {
  const auto it = models_.find(model);
  if (it == models_.end()) return 0;
  return it->second.arrived -
         std::exchange(it->second.taken, it->second.arrived);
}

absl::Time RequestWatch::LastEnd(std::string_view model) const {
  const auto it = models_.find(model);
  return it == models_.end() ? absl::InfinitePast() : it->second.last_end;
}

absl::Time RequestWatch::OldestNews() const {
  absl::Time oldest = absl::InfiniteFuture();
  for (const auto& [id, open] : open_) {
    oldest = std::min(oldest, open.heard_at);
  }
  return oldest;
}

}  // namespace warmup::llama_swap
