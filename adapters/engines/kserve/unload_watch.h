#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_UNLOAD_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_UNLOAD_WATCH_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/engines/kserve/answers.h"

namespace warmup::kserve {

// Tells from one index to the next which models somebody else has unloaded:
// those that were ready, and of which the server says that they were unloaded
// (not that they failed, and not that they were never loaded, as after a
// restart), while no unload of ours was under way.
//
// A plain value, not thread-safe.
class UnloadWatch {
 public:
  void Observe(absl::Time asked, const Index& index);
  void BeginOwn(const std::string& model);
  void EndOwn(const std::string& model, absl::Time now);
  // Whether that happened since this was last asked.
  bool Take(std::string_view model);
  void Forget();

 private:
  std::set<std::string, std::less<>> ready_;
  std::set<std::string, std::less<>> unloaded_;
  // When ours ended; what was asked for before then shows it half done.
  std::map<std::string, absl::Time, std::less<>> own_;
};

}  // namespace warmup::kserve

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_UNLOAD_WATCH_H_
