#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/ports/engine.h"

// The contract suite: the same scenarios for every engine's adapter, each
// against the real server where one can be had, and against a fake that repeats
// what the real one was seen to do.
//
// To add an engine:
//  1. tests/engines/contract/subjects/<kind>_fake.cc or <kind>_real.cc: a class
//     derived from Subject, which makes the server in its constructor and ends
//     it in its destructor, and
//       TEST_CASE("Contract: Ollama, as a fake") {
//         contract::Run([] { return std::make_unique<OllamaFake>(); });
//       }
//     (runner.h), tagged "[.<engine>]" if it is real; ollama_*.cc are models
//     of both. Traps of its own: more scenarios, handed to Run too.
//  2. its line in tests/engines/contract/CMakeLists.txt.
// Override what the server can do, and say in Description::cannot of all else
// why it cannot: each scenario left out is printed with that reason.
namespace warmup::contract {

// What a scenario needs of a subject, beside a server, its adapter and a model.
enum class Ability {
  kLoad,          // the adapter can load
  kUnload,        // the adapter can unload
  kUse,           // Use, and the adapter sees it
  kStream,        // BeginUse and EndUse
  kOthersLoad,    // LoadByHand: somebody else can
  kOthersUnload,  // UnloadByHand
  kExpires,       // LoadForASecond
  kHoldLoads,     // HoldLoads and AwaitLoading
  kUnknownModel,  // it can be asked for a model that it has not
  kBrokenModel,   // Description::broken
  kTwoModels,     // two models can be ready at once
  kMemory,        // MemoryBytes
  kRestart,       // Kill and Start; it is empty then
  kKillWorker,    // KillWorker: what runs one model is a process of its own
  kHang,          // Hang and Resume
  kFaults,        // Fail and Heal
  kDaemon,        // a warmupd of the test's can have it as an engine, too
};

// How a fake answers wrongly, on all its paths.
enum class Fault {
  kGarbage,      // what is no answer at all
  kWithoutEnd,   // an answer that goes on for ever
  kSlow,         // rightly, each after kSlowness
  kLies,         // a load is said to be done, and is not
  kOtherServer,  // as some other server: it is not what it claims
};
inline constexpr absl::Duration kSlowness = absl::Milliseconds(300);

// In which engines differ, and their adapters may, as documented there.
struct Manners {
  // An unload ends the requests that run on the model; else it waits for them,
  // and may give up with MEMORY_IN_USE.
  bool unload_cuts_requests = false;
  // It keeps others from the model at once, and so may be done before its
  // requests are.
  bool unload_stops_serving = false;
  // Somebody's unload of a model that is being loaded ends that load.
  bool unload_aborts_loads = false;
  // A model whose worker was killed is no longer shown as ready.
  bool shows_dead_workers = true;
  // A load whose worker was killed may last until it is given up.
  bool killed_loads_hang = false;
  // A load that was cancelled may come to its end, and shows until a look takes
  // it back.
  bool cancelled_loads_come = false;
  // It may crash of an unload that was asked for during the load: Revive.
  bool may_crash_of_unloads = false;
  // A load in progress shows: Sighting::is_loading.
  bool shows_loading = false;
  // Sighting::was_unloaded: by hand is told from by the engine itself.
  bool shows_unloads_by_hand = true;
  // A load that was cancelled can end within this.
  absl::Duration cancel_time = absl::Seconds(3);
};

struct Description {
  std::string name;                 // "ollama (fake)"
  std::vector<std::string> models;  // at least one; two for kTwoModels
  std::string unknown = "nobody-has-this";
  std::string broken;
  // What cannot be had of it, and why: "a real server answers rightly".
  std::map<Ability, std::string> cannot;
  Manners manners;
};

// One engine server under test, real or fake, with the adapter on it. It begins
// running, with nothing loaded.
//
// Loads, uses and IsLoaded may be called by any thread; they report by their
// Status, and hold no Catch2 assertions. All else is the test's main thread's.
class Subject {
 public:
  explicit Subject(Description description)
      : description_(std::move(description)) {}
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  const Description& description() const { return description_; }
  // Whether it can; else why not.
  const std::string* WhyNot(Ability ability) const {
    const auto it = description_.cannot.find(ability);
    return it == description_.cannot.end() ? nullptr : &it->second;
  }

  // The adapter, the same for the subject's life.
  virtual Engine& engine() = 0;
  virtual ModelSpec Spec(const std::string& model) {
    ModelSpec spec;
    spec.id = model;
    spec.engine = engine().info().id;
    spec.source = model;
    return spec;
  }

  // --- Reality, without the adapter ---
  // Whether the model is in memory and would answer at once: by the server's
  // own answers or its processes. False too while the server is away.
  virtual bool IsLoaded(const std::string& model) = 0;
  virtual int64_t MemoryBytes() { return 0; }

  // --- Its other users, who know nothing of the adapter ---
  // One whole request; loads the model first where the server does so.
  virtual absl::Status Use(const std::string& model) { return No(model); }
  // Begins a request that lasts until EndUse; it is being answered on return.
  virtual absl::Status BeginUse(const std::string& model) { return No(model); }
  // Lets it end. OK: it was answered to its end.
  virtual absl::Status EndUse(const std::string& model) { return No(model); }
  // Returns when it is loaded.
  virtual absl::Status LoadByHand(const std::string& model) {
    return No(model);
  }
  // Returns when it is loaded, to be unloaded by the server itself when nobody
  // has used it for a second or two.
  virtual absl::Status LoadForASecond(const std::string& model) {
    return No(model);
  }
  // May return before it is gone.
  virtual absl::Status UnloadByHand(const std::string& model) {
    return No(model);
  }

  // --- What happens to it ---
  // From now on, loads that begin go on until they are no longer held.
  virtual void HoldLoads(bool are_held) { static_cast<void>(are_held); }
  // Waits until the server is loading the model, which is held.
  virtual void AwaitLoading(const std::string& model) {
    static_cast<void>(model);
  }
  virtual void Kill() {}  // without notice, all of its processes
  virtual void Start() {}
  // Whether it has crashed in the way its manners tell; it is started again
  // then, and that is counted and printed.
  virtual bool Revive() { return false; }
  virtual void KillWorker(const std::string& model) {
    static_cast<void>(model);
  }
  // Still listens, and answers nothing (SIGSTOP); all goes on after Resume.
  virtual void Hang() {}
  virtual void Resume() {}
  virtual void Fail(Fault fault) { static_cast<void>(fault); }
  virtual void Heal() {}

 private:
  static absl::Status No(const std::string& model) {
    return absl::UnimplementedError(model);
  }

  const Description description_;
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECT_H_
