#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ACTIVITY_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ACTIVITY_WATCH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/llama_server/answers.h"

namespace warmup::llama_server {

// One that was killed is silent for a moment only, until its router notices.
inline constexpr absl::Duration kEndingSilence = absl::Seconds(1);

// One model in one view.
struct Shown {
  std::string id;
  ModelStatus status = ModelStatus::kUnloaded;
  bool has_failed = false;
  int port = 0;
  // Listed as up, and its process does not listen.
  bool is_silent = false;
  // Empty: not asked, or not told.
  std::optional<Activity> activity;
};

// All models of a server, and when they were asked for, by our clock.
struct View {
  absl::Time asked;
  std::vector<Shown> models;
};

// Tells from one view to the next who was used, and what somebody unloaded.
//
// Our own calls leave no marks, so every mark is somebody's use. A model that
// went while its process did not fail was unloaded, by somebody else unless a
// call of ours says so, or by the server itself to make room: that shows in
// another one that came. One that failed after it had been silent for a while
// was told to end, too: it hung, and was killed in the end.
//
// A plain value, not thread-safe.
class ActivityWatch {
 public:
  // Views may come out of order; one that is older than the last, or than the
  // end of an unload of ours, is ignored.
  void Observe(const View& view);

  // An unload of ours begins, and ends, with or without success.
  void BeginUnload(std::string_view id);
  void EndUnload(std::string_view id, bool is_gone, absl::Time now);
  bool IsUnloading(std::string_view id) const {
    return own_unloads_.contains(id);
  }

  // The uses since this was last asked.
  int64_t TakeUses(std::string_view id);
  // Whether somebody else unloaded it since this was last asked.
  bool TakeUnloaded(std::string_view id);
  // The next view is a first one: nothing in it is a use.
  void Forget();

 private:
  struct Seen {
    int port = 0;
    bool is_up = false;  // loaded or sleeping, not only about to be
    absl::Time silent_since = absl::InfiniteFuture();
    // Empty: a process that we did not see from its beginning, and whose marks
    // we have not seen yet.
    std::optional<std::vector<int64_t>> marks;
  };
  using SeenModels = std::map<std::string, Seen, std::less<>>;

  void NoteUnloaded(const View& view, const SeenModels& now);

  SeenModels seen_;  // those that have a process
  std::map<std::string, int64_t, std::less<>> uses_;
  std::set<std::string, std::less<>> unloaded_;
  std::map<std::string, int, std::less<>> own_unloads_;  // under way
  bool has_view_ = false;
  absl::Time last_asked_ = absl::InfinitePast();
};

}  // namespace warmup::llama_server

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_ACTIVITY_WATCH_H_
