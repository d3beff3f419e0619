#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_ANSWERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model.h"

// What servers of the open inference protocol answer, as plain values, and the
// reading of the parts that are text. Untrusted; nothing here fails. Pure.
namespace warmup::kserve {

// They speak one protocol, each in its own way.
enum class Flavour { kTriton, kMlServer, kKserve };

// "triton".
std::string_view ToString(Flavour flavour);
// By what a server says that it can do; its name is its owner's choice. One
// that says nothing is an MLServer, if it has an index of models.
Flavour ReadFlavour(const std::vector<std::string>& extensions);

// What becomes of a model.
enum class ModelState {
  kUnloaded,   // or never loaded
  kLoading,    //
  kReady,      //
  kUnloading,  //
  kUnknown,    // MLServer, while it loads one or after a load was given up
};

// Of "READY" or "State.READY". A word that is not known is kUnknown.
ModelState ReadState(std::string_view text);

// A model of the index, all its versions taken together.
struct IndexedModel {
  ModelState state = ModelState::kUnloaded;
  // Somebody has taken it out of memory; it has not failed.
  bool was_unloaded = false;
};
using Index = std::map<std::string, IndexedModel, std::less<>>;

// Adds one version of a model to what is known of it: it is as warm as its
// warmest version.
void AddVersion(std::string_view state, std::string_view reason,
                IndexedModel& model);

// Of one model since it was loaded.
struct Statistics {
  int64_t successes = 0;
  int64_t failures = 0;
  // What it holds, where the server can tell: in host memory, on devices.
  int64_t host_bytes = 0;
  int64_t device_bytes = 0;
};
using StatisticsByModel = std::map<std::string, Statistics, std::less<>>;

// The requests served by each model, from MLServer's metrics in Prometheus'
// text format.
StatisticsByModel ReadMetrics(std::string_view text);

// What a model holds where it is warmed; 0: not told.
int64_t HeldBytes(const Statistics& statistics, const ModelSpec& spec);

// A server's words: printable, of bounded length.
std::string Words(std::string_view text);

}  // namespace warmup::kserve

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_ANSWERS_H_
