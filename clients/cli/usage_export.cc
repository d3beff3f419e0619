// `warmupctl usage export`: the daemon's log of use as files that
// `warmupctl replay` reads.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "adapters/trace/trace_writer.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

using google::protobuf::Timestamp;

// What `usage export` was asked for.
struct ExportOptions {
  v1::ExportUsageRequest request;
  std::string path = "-";
  std::string context_path;  // empty: none
};

struct Cost {
  int64_t mib = 0;  // 0: not known
  int64_t load_us = 0;
};
using Costs = std::map<std::string, Cost>;

// Rounded up: a replay's memory must not hold what the real one does not.
Cost CostOf(const v1::Model& model) {
  const v1::LearnedCosts& learned = model.learned();
  const int64_t bytes = learned.steady_bytes() > 0 ? learned.steady_bytes()
                                                   : model.spec().size_bytes();
  if (bytes <= 0 || !learned.cold_load().has_time()) return {};
  constexpr int64_t kMib = int64_t{1} << 20;
  constexpr int64_t kDayUs = int64_t{24} * 3600 * 1'000'000;
  const auto& load = learned.cold_load().time();
  return {(bytes + kMib - 1) / kMib,
          std::clamp<int64_t>(load.seconds() * 1'000'000 + load.nanos() / 1000,
                              0, kDayUs)};
}

// What the models of the catalogue cost now; nothing after an error.
std::optional<Costs> FetchCosts(Cli& cli) {
  Costs costs;
  v1::ListModelsRequest request;
  request.set_page_size(1000);
  do {
    const auto page = cli.Call(&v1::ModelService::Stub::ListModels, request);
    if (!page) return std::nullopt;
    for (const v1::Model& model : page->models()) {
      costs[model.spec().model_id()] = CostOf(model);
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return costs;
}

// Takes the records apart into the files, and counts them.
class UsageFiles {
 public:
  explicit UsageFiles(Costs costs) : costs_(std::move(costs)) {}

  absl::Status Open(const ExportOptions& options) {
    auto trace = TraceWriter::Create(options.path);
    if (!trace.ok()) return trace.status();
    trace_ = *std::move(trace);
    if (options.context_path.empty()) return absl::OkStatus();
    auto context = TraceWriter::Create(options.context_path);
    if (!context.ok()) return context.status();
    context_ = *std::move(context);
    return absl::OkStatus();
  }

  void Add(const v1::UsageRecord& record) {
    switch (record.record_type()) {
      case v1::USAGE_RECORD_TYPE_USE:
        ++uses_;
        AddRow(trace_.get(), record, record.model_id());
        models_.insert(record.model_id());
        return;
      case v1::USAGE_RECORD_TYPE_SESSION:
        AddRow(context_.get(), record,
               absl::StrCat("session:", record.model_id()));
        return;
      case v1::USAGE_RECORD_TYPE_HINT:
        AddRow(context_.get(), record,
               absl::StrCat("hint:", record.model_id()));
        return;
      default:
        AddRow(context_.get(), record, KindText(record.activity_kind()));
    }
  }

  // The files are there, or none is that was not there before.
  absl::Status Finish() {
    if (context_ != nullptr) {
      const absl::Status status = context_->Finish();
      if (!status.ok()) return status;
    }
    return trace_->Finish();
  }

  int64_t uses() const { return uses_; }
  size_t models() const { return models_.size(); }
  // Of what was used.
  std::vector<std::string> WithoutCost() const {
    std::vector<std::string> names;
    for (const std::string& model : models_) {
      if (FindCost(model).mib == 0) names.push_back(Printable(model));
    }
    return names;
  }

 private:
  // A kind that looks like an announcement is none.
  static std::string KindText(const std::string& kind) {
    const bool is_like_one =
        kind.rfind("session:", 0) == 0 || kind.rfind("hint:", 0) == 0;
    return absl::StrCat(is_like_one ? "activity:" : "", kind);
  }
  Cost FindCost(const std::string& model) const {
    const auto it = costs_.find(model);
    return it == costs_.end() ? Cost() : it->second;
  }
  void AddRow(TraceWriter* file, const v1::UsageRecord& record,
              const std::string& item) {
    if (file == nullptr) return;
    const Timestamp& time = record.timestamp();
    const Cost cost = FindCost(record.model_id());
    file->Add({time.seconds() * 1'000'000 + time.nanos() / 1000,
               record.user_id(), item, cost.mib, cost.load_us});
  }

  const Costs costs_;
  std::unique_ptr<TraceWriter> trace_;
  std::unique_ptr<TraceWriter> context_;
  int64_t uses_ = 0;
  std::set<std::string> models_;
};

void FailFile(Cli& cli, const absl::Status& status) {
  cli.Fail(status.code() == absl::StatusCode::kPermissionDenied ? kExitForbidden
           : status.code() == absl::StatusCode::kNotFound       ? kExitNotFound
                                                                : kExitFailed,
           std::string(status.message()));
}

void Tell(Cli& cli, const ExportOptions& options, const UsageFiles& files) {
  cli.Say(absl::StrCat(Plural(static_cast<double>(files.uses()), "use"), " of ",
                       Plural(static_cast<double>(files.models()), "model"),
                       options.path == "-"
                           ? ""
                           : absl::StrCat(" in ", Printable(options.path))));
  const std::vector<std::string> unknown = files.WithoutCost();
  if (unknown.empty()) return;
  cli.Warn(absl::StrCat(
      "what it costs is not known, so a replay draws it: ",
      absl::StrJoin(
          unknown.begin(),
          unknown.begin() + std::min<std::ptrdiff_t>(8, std::ssize(unknown)),
          ", "),
      unknown.size() > 8 ? ", ..." : ""));
}

void Export(Cli& cli, const ExportOptions& options) {
  grpc::ClientContext context;
  const StopSignal stop([&context] { context.TryCancel(); });
  std::optional<Costs> costs = FetchCosts(cli);
  if (!costs.has_value()) return;
  UsageFiles files(*std::move(costs));
  if (const absl::Status status = files.Open(options); !status.ok()) {
    FailFile(cli, status);
    return;
  }
  cli.SetDeadline(&context, absl::InfiniteDuration());
  v1::WarmupService::Stub stub(cli.channel());
  const auto reader = stub.ExportUsage(&context, options.request);
  v1::ExportUsageResponse part;
  while (reader->Read(&part)) {
    for (const v1::UsageRecord& record : part.records()) files.Add(record);
  }
  const grpc::Status ended = reader->Finish();
  if (stop.is_requested()) {
    cli.Fail(kExitFailed, "stopped before the end: no file was written");
    return;
  }
  if (!cli.Check(ended)) return;
  if (files.uses() == 0) {
    cli.Fail(kExitNotFound, "no use is recorded in that time",
             "the daemon records what it is told with `warmupctl usage` or "
             "RecordUsage, and what it sees at the engines");
    return;
  }
  if (const absl::Status status = files.Finish(); !status.ok()) {
    FailFile(cli, status);
    return;
  }
  Tell(cli, options, files);
}

// "30d", "12h", "2026-11-01", "2026-11-01T08:30:00Z".
absl::StatusOr<absl::Time> ParseTime(const std::string& text) {
  const absl::Time now = absl::Now();
  double days = 0;
  if (text.ends_with('d') &&
      absl::SimpleAtod(text.substr(0, text.size() - 1), &days) && days >= 0 &&
      days < 1e6) {
    return now - days * absl::Hours(24);
  }
  if (const auto ago = ParseDuration(text); ago.ok()) return now - *ago;
  absl::Time time;
  std::string error;
  for (const char* const format : {absl::RFC3339_full, "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, absl::LocalTimeZone(), &time, &error)) {
      return time;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is no time (examples: 30d, 12h, 2026-11-01, "
                   "2026-11-01T08:30:00Z)"));
}

void AddTime(CLI::App* command, const std::string& name,
             const std::function<void(const Timestamp&)>& set,
             const std::string& help) {
  const auto parse = [name, set](const std::string& text) {
    const absl::StatusOr<absl::Time> at = ParseTime(text);
    if (!at.ok()) {
      throw CLI::ValidationError(name, std::string(at.status().message()));
    }
    Timestamp time;
    time.set_seconds(absl::ToUnixSeconds(*at));
    set(time);
  };
  command->add_option_function<std::string>(name, parse, help)
      ->type_name("TIME");
}

}  // namespace

void AddUsageExport(CLI::App* usage, Cli& cli) {
  CLI::App* command = AddCommand(
      usage, "export", "Write the log of use as a trace to replay",
      "What was used when, as it was reported or seen at the engines, with the "
      "size and the load time that each model has now. The files hold names of "
      "users and models, kinds and times, never text. `warmupctl replay` says "
      "what other policies would have made of it.",
      "warmupctl usage export -o my.csv.zst --context my.context.csv.zst\n"
      "warmupctl replay --trace my.csv.zst --context my.context.csv.zst \\\n"
      "  --budget f0.3 --policy lru,warmup,ttl:300");
  auto& options = cli.Keep<ExportOptions>();
  command
      ->add_option("-o,--output", options.path,
                   "The trace; compressed by zstd if it ends in .zst (default "
                   "-, the standard output)")
      ->type_name("FILE");
  command
      ->add_option("--context", options.context_path,
                   "Sessions, announcements and activities, for replay's "
                   "--context (default: left out)")
      ->type_name("FILE");
  AddTime(
      command, "--since",
      [&options](const Timestamp& time) {
        *options.request.mutable_since() = time;
      },
      "From then on: 30d or 12h ago, a day, a time (default: all that is "
      "kept)");
  AddTime(
      command, "--until",
      [&options](const Timestamp& time) {
        *options.request.mutable_until() = time;
      },
      "Before then, in the same words (default: now)");
  command->callback([&cli, &options] {
    if (options.path == options.context_path) {
      throw CLI::ValidationError("--context", "it is the trace's own file");
    }
    options.request.set_include_context(!options.context_path.empty());
    Export(cli, options);
  });
}

}  // namespace warmup::cli
