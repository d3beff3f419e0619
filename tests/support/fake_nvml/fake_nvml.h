#ifndef WARMUP_TESTS_SUPPORT_FAKE_NVML_FAKE_NVML_H_
#define WARMUP_TESTS_SUPPORT_FAKE_NVML_FAKE_NVML_H_

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <vector>

// Both sides name the versions of functions.
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#include "absl/time/time.h"
#include "core/base/mutex.h"

// Whatever a caller holds of the library, it can be told when it is too old.
struct nvmlDevice_st {
  int opening;  // of the library, in which it was given out
  unsigned int gpu;
  int instance;  // -1: the GPU itself
};

namespace warmup {

// A GPU, or an instance of one, as NVML tells it.
struct FakeGpu {
  struct Process {
    unsigned int pid = 0;
    uint64_t bytes = 0;
  };
  std::string uuid;
  std::string name = "NVIDIA Fake";
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;
  std::vector<Process> computing;
  std::vector<Process> drawing;
  unsigned int busy_percent = 0;
  unsigned int link_generation = 5;
  unsigned int link_width = 16;
  unsigned int received_kilobytes_per_second = 0;
  unsigned int sent_kilobytes_per_second = 0;
  nvmlComputeMode_t compute_mode = NVML_COMPUTEMODE_DEFAULT;
  bool is_lost = false;
  bool is_divided = false;
  std::vector<FakeGpu> instances;
  bool is_gap = false;  // an instance that is not there
};

// The world that a fake libnvidia-ml.so.1 shows, and its books of who uses it.
struct FakeNvmlWorld {
  struct Event {
    unsigned int gpu = 0;
    uint64_t type = nvmlEventTypeXidCriticalError;
    uint64_t data = 0;
  };

  nvmlReturn_t init_result = NVML_SUCCESS;
  std::vector<FakeGpu> gpus;
  std::deque<Event> events;  // to be delivered, first in, first out
  std::map<std::string, nvmlReturn_t> failing;  // by the function's name
  // Counts down with each call; the one that brings it to 0 fails. (What gives
  // back never does: there is nothing that a caller could do.)
  int calls_until_failure = 0;
  nvmlReturn_t failure = NVML_ERROR_UNKNOWN;
  // nvmlDeviceGetPcieThroughput takes until this is false again.
  bool throughput_waits = false;

  // The books.
  int calls = 0;
  int throughput_calls = 0;  // begun
  int openings = 0;
  bool is_open = false;
  unsigned int gpus_when_opened = 0;
  int event_sets = 0;  // not given back
  int misuses = 0;     // calls while it is closed, devices of earlier openings
  std::list<nvmlDevice_st> handles;
};

// What a test reaches of a fake library: the world behind one mutex.
// Thread-safe.
class FakeNvml {
 public:
  // Reads or changes the world.
  template <class Function>
  auto With(Function function) {
    struct Notify {
      ~Notify() { changed.NotifyAll(); }
      CondVar& changed;
    } notify{changed_};
    MutexLock lock(mutex_);
    return function(world_);
  }

  // Waits for it to become so; false if it does not.
  template <class Predicate>
  bool Eventually(Predicate predicate) {
    MutexLock lock(mutex_);
    while (!predicate(world_)) {
      if (!changed_.WaitFor(mutex_, absl::Seconds(60))) return false;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  FakeNvmlWorld world_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

// Each of the libraries has a world of its own; a test gets it with dlopen and
// dlsym, as the code that is tested gets the rest.
extern "C" warmup::FakeNvml* fake_nvml();

#endif  // WARMUP_TESTS_SUPPORT_FAKE_NVML_FAKE_NVML_H_
