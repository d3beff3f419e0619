#ifndef WARMUP_ADAPTERS_ENGINES_OLLAMA_USE_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_OLLAMA_USE_WATCH_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/ollama/answers.h"
#include "adapters/engines/ollama/model_book.h"

namespace warmup::ollama {

// What our own calls bring about shows a little late and by another clock: an
// `expires_at` this near to what we set is ours.
inline constexpr absl::Duration kOwnTolerance = absl::Seconds(1);

// One answer of /api/ps, and when it was asked for and had, by our clock.
struct View {
  absl::Time asked;
  absl::Time answered;
  std::vector<RunningModel> running;
};

// Tells from one view to the next who was used, and by whom.
//
// Ollama shows no uses, but sets a model's `expires_at` when a request ends, to
// then plus the keep-alive. So one that moved was used; so was a model that
// appeared. Neither counts while a call of our own on it is open, or when the
// time is what our own call has set. While a model's first request runs,
// `expires_at` is the time of the look plus the keep-alive: one that moves by
// exactly the time between two looks is that request, still running, unless it
// then stands still: that was a use. While a later request runs it stands still
// too, and may lie in the past. An unload puts it to now, until it is done.
//
// A plain value, not thread-safe. Names may be written in any way.
class UseWatch {
 public:
  // Views may come out of order; one that is older than the last is ignored.
  void Observe(const View& view, const ModelBook& book);

  // A call of ours on the model begins, and ends. Such calls may nest.
  // `expires_at`: what the call has set; InfinitePast: not known.
  void BeginOwnCall(std::string_view name);
  void EndOwnCall(std::string_view name, absl::Time expires_at,
                  const ModelBook& book);

  // The runner that is shown by this name is there by a load of ours, until it
  // is given up, to be unloaded, or seen gone, or seen with another context
  // length: then somebody had it loaded anew with options of his.
  void TakeOver(std::string_view shown);
  void GiveUp(std::string_view shown);
  bool IsOurs(std::string_view shown) const;
  // Whether a request runs on it, as far as that shows at `now`.
  bool IsBusy(const RunningModel& model, absl::Time now) const;
  // The uses since this was last asked.
  int64_t TakeUses(std::string_view shown);
  // Whether, since this was last asked, somebody else unloaded it: it went
  // before its time, alone, and nothing came in its place.
  bool TakeUnloaded(std::string_view shown);
  // The next view is a first one: nothing in it is a use.
  void Forget();

 private:
  struct Seen {
    absl::Time asked;
    absl::Time answered;
    absl::Time expires_at;
    int64_t context_length = 0;
    // What our own calls have set: as computed, and as shown just after.
    absl::Time own_computed = absl::InfinitePast();
    absl::Time own_shown = absl::InfinitePast();
    // For how many views `expires_at` has gone along with the time of the look,
    // and whether it ever did not: the first request is over then.
    int going_along = 0;
    bool has_stood_still = false;
    bool is_ours = false;
    bool is_given_up = false;
    bool is_cut_short = false;  // its time was put to now
  };

  void NoteUnloaded(const View& view,
                    const std::map<std::string, Seen, std::less<>>& now);
  bool HasOwnCall(const RunningModel& model, const ModelBook& book) const;
  // Takes note of a model that was there before; true if it was used.
  static bool Update(const View& view, const RunningModel& model,
                     bool is_own_call, Seen& seen);

  // By the full name that is shown.
  std::map<std::string, Seen, std::less<>> seen_;
  std::map<std::string, int64_t, std::less<>> uses_;
  std::set<std::string, std::less<>> unloaded_;
  std::map<std::string, int, std::less<>> own_calls_;  // open ones
  absl::Time last_asked_ = absl::InfinitePast();
};

}  // namespace warmup::ollama

#endif  // WARMUP_ADAPTERS_ENGINES_OLLAMA_USE_WATCH_H_
