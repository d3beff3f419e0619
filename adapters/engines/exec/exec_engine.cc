#include "adapters/engines/exec/exec_engine.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/cgroup.h"
#include "adapters/engines/exec/kin.h"
#include "adapters/engines/exec/process_table.h"
#include "adapters/engines/http/http_client.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using exec::Child;
using exec::ProcessInfo;

// Walking the memory of a large process takes its time.
constexpr absl::Duration kMeasureEvery = absl::Seconds(5);
// From the end of a process until the keeper knows how.
constexpr absl::Duration kEndKnownWithin = absl::Seconds(1);
constexpr absl::Duration kLeftoverPatience = absl::Seconds(5);
constexpr absl::Duration kShortPause = absl::Milliseconds(5);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);

// False: cancelled meanwhile.
bool Pause(absl::Duration pause, LoadControl& control) {
  const absl::Time end = absl::Now() + pause;
  for (;;) {
    if (control.IsCancelled()) return false;
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return true;
    absl::SleepFor(std::min(left, kCancelLatency));
  }
}

std::string WithLastWords(const std::string& what,
                          const std::string& last_words) {
  if (last_words.empty()) return what + "; it wrote nothing";
  return absl::StrCat(what, "; its last words: \"", last_words, "\"");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExecEngine>> ExecEngine::Create(
    Options options) {
  WARMUP_RETURN_IF_ERROR(ValidateId("id", options.id));
  WARMUP_ASSIGN_OR_RETURN(auto entries,
                          exec::MakeEntries(options.id, options.commands));
  options.commands.clear();
  if (const auto left = exec::EndLeftovers(kLeftoverPatience); !left.empty()) {
    options.on_ended(
        "", absl::AbortedError(absl::StrCat(
                "ended what an earlier warmupd's commands had left: processes ",
                absl::StrJoin(left, ", ",
                              [](std::string* out, const ProcessInfo& process) {
                                absl::StrAppend(out, process.pid);
                              }))));
  }
  WARMUP_ASSIGN_OR_RETURN(auto keeper, exec::Keeper::Create());
  return std::unique_ptr<ExecEngine>(new ExecEngine(
      std::move(options), std::move(entries), std::move(keeper)));
}

ExecEngine::ExecEngine(Options options, std::map<std::string, Entry> entries,
                       std::unique_ptr<exec::Keeper> keeper)
    : options_(std::move(options)),
      entries_(std::move(entries)),
      keeper_(std::move(keeper)) {}

ExecEngine::~ExecEngine() {
  std::map<std::string, std::shared_ptr<Child>> running;
  {
    MutexLock lock(mutex_);
    for (const auto& [model, run] : runs_) {
      if (run.child != nullptr) running[model] = run.child;
    }
  }
  // All at once, and then each in turn.
  for (const auto& [model, child] : running) {
    keeper_->Stop(*child, entries_.at(model).command.grace);
  }
  for (const auto& [model, child] : running) {
    child->AwaitGone(entries_.at(model).command.grace + options_.kill_patience);
  }
}

EngineInfo ExecEngine::info() const {
  return {.id = options_.id,
          .kind = "exec",
          .endpoint = {},
          .version = {},
          .abilities = kExecAbilities};
}

absl::StatusOr<std::vector<ModelSpec>> ExecEngine::Discover() {
  std::vector<ModelSpec> specs;
  for (const auto& [model, entry] : entries_) {
    ModelSpec& spec = specs.emplace_back();
    spec.id = model;
    spec.engine = options_.id;
    spec.source = model;
    spec.size_bytes = entry.command.size_bytes;
  }
  return specs;
}

absl::StatusOr<ModelSpec> ExecEngine::Describe(const ModelSpec& spec) {
  ModelSpec result = spec;
  result.source = NameInEngine(spec);
  WARMUP_ASSIGN_OR_RETURN(const Entry* entry, FindEntry(result.source));
  if (result.size_bytes == 0) result.size_bytes = entry->command.size_bytes;
  return result;
}

absl::StatusOr<LoadResult> ExecEngine::Load(const ModelSpec& spec,
                                            LoadControl& control) {
  const std::string& model = NameInEngine(spec);
  WARMUP_ASSIGN_OR_RETURN(const Entry* entry, FindEntry(model));
  if (const Run run = RunOf(model); run.child != nullptr) {
    if (run.state == State::kReady && run.child->IsAlive()) {
      return LoadResult{.residency = Measure(model, *run.child),
                        .start = LoadStart::kReady};
    }
    WARMUP_RETURN_IF_ERROR(End(model, *run.child, absl::ZeroDuration()));
  }
  WARMUP_RETURN_IF_ERROR(TakeAddress(*entry));
  auto result = StartAndAwait(*entry, control);
  if (!result.ok() && RunOf(model).child == nullptr) Forget(model);
  return result;
}

absl::StatusOr<LoadResult> ExecEngine::StartAndAwait(const Entry& entry,
                                                     LoadControl& control) {
  const std::string& model = entry.command.model;
  if (control.IsCancelled()) {
    return Error(absl::StatusCode::kCancelled, "CANCELLED", model,
                 "cancelled before its command was started");
  }
  control.ReportProgress(0, entry.command.size_bytes);
  WARMUP_ASSIGN_OR_RETURN(const auto child, Start(entry));
  absl::Status status = AwaitReady(entry, *child, control);
  if (status.ok() && !child->MarkReady()) status = Judge(entry, *child);
  if (!status.ok()) {
    const absl::Status ended =
        End(model, *child, std::min(options_.abort_grace, entry.command.grace));
    return ended.ok() ? status : ended;
  }
  const Residency residency = Measure(model, *child);
  int64_t read_bytes = 0;
  for (const ProcessInfo& process : RunOf(model).kin) {
    read_bytes += exec::ReadDiskBytes(process.pid);
  }
  {
    MutexLock lock(mutex_);
    runs_[model].state = State::kReady;
  }
  control.ReportProgress(residency.resident_bytes, residency.total_bytes);
  const int64_t size_bytes = entry.command.size_bytes > 0
                                 ? entry.command.size_bytes
                                 : residency.total_bytes;
  return LoadResult{.residency = residency,
                    .read_bytes = read_bytes,
                    .start = StartOf(read_bytes, size_bytes)};
}

absl::Status ExecEngine::Unload(const ModelSpec& spec) {
  const std::string& model = NameInEngine(spec);
  const Run run = RunOf(model);
  if (run.child == nullptr) return absl::OkStatus();
  return End(model, *run.child, entries_.at(model).command.grace);
}

absl::StatusOr<std::vector<Sighting>> ExecEngine::Look(
    const std::vector<ModelSpec>& specs) {
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  for (const ModelSpec& spec : specs) {
    sightings.push_back(LookAt(NameInEngine(spec)));
  }
  return sightings;
}

absl::Status ExecEngine::Error(absl::StatusCode code, std::string_view reason,
                               const std::string& model,
                               std::string_view what) const {
  return MakeError(code, reason,
                   absl::StrCat("engine \"", options_.id, "\": model \"", model,
                                "\": ", std::string(what)),
                   {{"engine", options_.id}, {"model", model}});
}

absl::Status ExecEngine::About(const std::string& model,
                               const absl::Status& why) const {
  return Error(why.code(), GetErrorDetails(why).reason, model,
               std::string(why.message()));
}

absl::StatusOr<const ExecEngine::Entry*> ExecEngine::FindEntry(
    const std::string& model) const {
  const auto entry = entries_.find(model);
  if (entry != entries_.end()) return &entry->second;
  return Error(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND", model,
               "no command is configured for it");
}

ExecEngine::Run ExecEngine::RunOf(const std::string& model) {
  MutexLock lock(mutex_);
  const auto run = runs_.find(model);
  return run == runs_.end() ? Run{} : run->second;
}

void ExecEngine::Forget(const std::string& model) {
  MutexLock lock(mutex_);
  runs_.erase(model);
}

absl::Status ExecEngine::TakeAddress(const Entry& entry) {
  const std::string& model = entry.command.model;
  const auto in_use = [&](const std::string& by) {
    return Error(absl::StatusCode::kFailedPrecondition, "ADDRESS_IN_USE", model,
                 absl::StrCat(by, " at ", entry.ready.where(),
                              " already; its command was not started"));
  };
  {
    MutexLock lock(mutex_);
    for (const auto& [other, run] : runs_) {
      if (other != model &&
          entry.ready.SharesAddressWith(entries_.at(other).ready)) {
        return in_use(absl::StrCat("the command of model \"", other, "\" is"));
      }
    }
    runs_[model] = {.state = State::kStarting};
  }
  if (!entry.ready.IsTaken()) return absl::OkStatus();
  Forget(model);
  return in_use("somebody else answers");
}

absl::StatusOr<std::shared_ptr<Child>> ExecEngine::Start(const Entry& entry) {
  const Command& command = entry.command;
  const std::string& model = command.model;
  const Environment environment =
      exec::FullEnvironment(command, options_.inherited);
  const auto path = environment.find("PATH");
  auto program = exec::FindProgram(
      command.argv[0], path == environment.end() ? "" : path->second);
  if (!program.ok()) return About(model, program.status());
  Child::Options options;
  options.marker = exec::MakeMarker(options_.id, model);
  options.launch = {
      .program = *std::move(program),
      .argv = command.argv,
      .environment = exec::EnvironmentEntries(environment, options.marker),
      .working_directory = command.working_directory,
      .cgroup = options_.cgroup.empty()
                    ? ""
                    : exec::MakeCgroup(options_.cgroup, options.marker)};
  options.stop_signal = command.stop_signal;
  options.awaited_line = command.ready.line;
  options.on_line = [this, model](std::string_view line) {
    options_.on_output(model, line);
  };
  options.on_lost = [this, model](const exec::ProcessEnd& end,
                                  const std::string& last_words) {
    options_.on_ended(model, EndedError(model, end, last_words));
  };
  auto child = std::make_shared<Child>(std::move(options));
  if (const auto status = keeper_->Start(child); !status.ok()) {
    return About(model, status);
  }
  MutexLock lock(mutex_);
  runs_[model].child = child;
  return child;
}

absl::Status ExecEngine::Judge(const Entry& entry, const Child& child) const {
  const std::string& model = entry.command.model;
  const Child::View view = child.view();
  if (view.failure.has_value()) {
    return About(model, exec::Explain(*view.failure, child.launch()));
  }
  if (!view.end.has_value()) return absl::OkStatus();
  if (view.end->left_behind > 0 && !view.end->was_signalled &&
      view.end->code == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "COMMAND_LEFT", model,
                 "the command went into the background; it must stay in the "
                 "foreground, so what it left was ended");
  }
  return EndedError(model, *view.end, view.last_words);
}

absl::Status ExecEngine::EndedError(const std::string& model,
                                    const exec::ProcessEnd& end,
                                    const std::string& last_words) const {
  std::string what = absl::StrCat("its command ", end.Text());
  if (end.left_behind > 0) {
    absl::StrAppend(&what, " and left ", end.left_behind,
                    " processes, which were ended");
  }
  return Error(absl::StatusCode::kUnavailable, "COMMAND_ENDED", model,
               WithLastWords(what, last_words));
}

absl::Status ExecEngine::AwaitReady(const Entry& entry, Child& child,
                                    LoadControl& control) {
  const auto is_cancelled = [&] { return control.IsCancelled(); };
  absl::Duration pause = kShortPause;
  for (;;) {
    WARMUP_RETURN_IF_ERROR(Judge(entry, child));
    const Child::View view = child.view();
    const bool is_ready =
        view.runs_program &&
        (entry.ready.has_address() ? entry.ready.IsReady(is_cancelled)
                                   : view.has_said_awaited);
    if (is_ready && child.IsAlive()) return absl::OkStatus();
    // Whose end the keeper has yet to learn is judged in the next round.
    if (!Pause(pause, control)) break;
    pause = std::min(2 * pause, kLongPause);
  }
  return Error(absl::StatusCode::kCancelled, "CANCELLED", entry.command.model,
               entry.ready.has_address()
                   ? absl::StrCat("cancelled before its command was ready at ",
                                  entry.ready.where())
                   : "cancelled before its command said that it is ready");
}

absl::Status ExecEngine::End(const std::string& model, Child& child,
                             absl::Duration grace) {
  {
    MutexLock lock(mutex_);
    runs_[model].state = State::kEnding;
  }
  keeper_->Stop(child, grace);
  if (child.AwaitGone(grace + options_.kill_patience)) {
    Forget(model);
    return absl::OkStatus();
  }
  const std::string pids = absl::StrJoin(
      child.Kin(), ", ", [](std::string* out, const ProcessInfo& process) {
        absl::StrAppend(out, process.pid);
      });
  return Error(absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", model,
               absl::StrCat("processes that were killed do not end: ", pids));
}

Residency ExecEngine::Measure(const std::string& model, Child& child) {
  std::vector<ProcessInfo> kin = child.Kin();
  int64_t bytes = child.MemoryBytes(kin);
  if (bytes == 0) bytes = entries_.at(model).command.size_bytes;
  MutexLock lock(mutex_);
  const auto run = runs_.find(model);
  if (run != runs_.end() && run->second.child.get() == &child) {
    run->second.bytes = bytes;
    run->second.measured_at = absl::Now();
    run->second.kin = std::move(kin);
  }
  return {Tier::kReady, bytes, bytes};
}

Sighting ExecEngine::LookAt(const std::string& model) {
  Run run = RunOf(model);
  Sighting sighting;
  sighting.is_loading = run.state == State::kStarting;
  if (run.child == nullptr || run.state == State::kStarting) return sighting;
  if (run.state == State::kEnding) {
    if (!run.child->is_gone()) {
      sighting.residency = {Tier::kHost, run.bytes, run.bytes};
    }
    return sighting;
  }
  if (!run.child->IsAlive()) return LookAtEnded(model, *run.child);
  if (absl::Now() - run.measured_at > kMeasureEvery) {
    Measure(model, *run.child);
    run = RunOf(model);
  }
  sighting.residency = {Tier::kReady, run.bytes, run.bytes};
  const std::vector<ProcessInfo> kin = exec::ReadAgain(run.kin);
  MutexLock lock(mutex_);
  const auto now = runs_.find(model);
  if (now == runs_.end() || now->second.child != run.child) return sighting;
  const auto verdict =
      now->second.cpu.Observe(absl::Now(), kin, sysconf(_SC_CLK_TCK));
  sighting.is_busy = verdict.is_busy;
  sighting.uses = verdict.uses;
  return sighting;
}

Sighting ExecEngine::LookAtEnded(const std::string& model, Child& child) {
  Sighting sighting;
  child.AwaitEnd(kEndKnownWithin);
  const auto end = child.view().end;
  MutexLock lock(mutex_);
  const auto run = runs_.find(model);
  if (run == runs_.end() || run->second.child.get() != &child) return sighting;
  // Told once: from here on it is one that ends.
  if (run->second.state == State::kReady) {
    sighting.was_unloaded = end.has_value() && end->WasAsked();
    run->second.state = State::kEnding;
  }
  return sighting;
}

}  // namespace warmup
