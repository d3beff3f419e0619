#include "clients/cli/model_text.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"
#include "clients/cli/words.h"

namespace warmup::cli {
namespace {

constexpr int kBarCells = 8;

std::string Bytes(int64_t bytes) {
  return HumanBytes(static_cast<double>(bytes));
}

std::string LoadingText(const v1::Model& model, const Style& style) {
  if (model.total_bytes() <= 0) {
    return absl::StrCat("◐ loading ", Bytes(model.done_bytes()));
  }
  const double ratio = ProgressOf(model);
  return absl::StrCat("◐ loading ", style.Blue(Bar(ratio, kBarCells)),
                      absl::StrFormat(" %3.0f %%", ratio * 100));
}

std::string MemoryText(const v1::Model& model) {
  const v1::ModelSpec& spec = model.spec();
  const v1::LearnedCosts& learned = model.learned();
  std::vector<std::string> parts;
  if (spec.size_bytes() > 0) parts.push_back(Bytes(spec.size_bytes()));
  if (spec.peak_bytes() > spec.size_bytes()) {
    parts.push_back(
        absl::StrCat(Bytes(spec.peak_bytes()), " while it is loaded"));
  }
  if (model.measured_bytes() > 0) {
    parts.push_back(
        absl::StrCat(Bytes(model.measured_bytes()), " as measured"));
  }
  if (learned.peak_bytes() > 0) {
    parts.push_back(absl::StrCat("at the most ", Bytes(learned.peak_bytes())));
  }
  if (learned.memory_count() > 0) {
    parts.push_back(
        absl::StrCat("from ", Plural(learned.memory_count(), "load")));
  }
  return absl::StrJoin(parts, ", ");
}

std::string FormatText(const v1::ModelSpec& spec) {
  std::vector<std::string> parts;
  if (!spec.format().empty()) parts.push_back(spec.format());
  if (!spec.architecture().empty()) parts.push_back(spec.architecture());
  if (spec.context_length() > 0) {
    parts.push_back(absl::StrCat(spec.context_length(), " tokens of context"));
  }
  return Printable(absl::StrJoin(parts, ", "));
}

std::string ForecastText(const v1::Model& model) {
  if (model.probability_1h() <= 0) return "not in sight";
  return absl::StrCat(HumanPercent(model.probability_next()), " next, ",
                      HumanPercent(model.probability_5min()), " in 5 min, ",
                      HumanPercent(model.probability_1h()), " in 1 h");
}

std::string FailureText(const v1::Model& model, absl::Time now) {
  if (model.failure_count() == 0) return "";
  std::string text = absl::StrCat(
      model.failure_count(), " in a row, the last: ", LastErrorText(model));
  if (model.has_retry_time()) {
    absl::StrAppend(&text, "; next try ",
                    HumanAge(FromProto(model.retry_time()), now));
  }
  return text;
}

// "1.24 s, from 3 loads", "~ 1.24 s"; empty: nothing is known.
std::string CostText(const v1::LearnedTime& learned, std::string_view what) {
  if (!learned.has_time()) return "";
  const std::string time = HumanDuration(FromProto(learned.time()));
  if (learned.measured_count() == 0) return absl::StrCat("~ ", time);
  return absl::StrCat(time, ", from ", Plural(learned.measured_count(), what));
}

}  // namespace

double ProgressOf(const v1::Model& model) {
  if (model.total_bytes() <= 0) return 0;
  return static_cast<double>(model.done_bytes()) /
         static_cast<double>(model.total_bytes());
}

std::string StateText(const v1::Model& model, const Style& style) {
  switch (model.state()) {
    case v1::MODEL_STATE_READY:
      return style.Green("● ready");
    case v1::MODEL_STATE_LOADING:
      return LoadingText(model, style);
    case v1::MODEL_STATE_UNLOADING:
      return style.Yellow("◌ unloading");
    case v1::MODEL_STATE_FAILED:
      return style.Red("✗ failed");
    default:
      break;
  }
  if (model.tier() == v1::MODEL_TIER_HOST) return "○ cold, in RAM";
  if (model.tier() == v1::MODEL_TIER_READY) return "○ cold, yet answers";
  return style.Dim("○ cold");
}

std::string HoldsText(const v1::Model& model) {
  std::vector<std::string> parts;
  if (model.spec().is_pinned()) parts.emplace_back("pinned");
  if (model.lease_count() > 0) {
    parts.push_back(Plural(model.lease_count(), "lease"));
  }
  if (model.waiter_count() > 0) {
    parts.push_back(absl::StrCat(
        model.waiter_count(), model.waiter_count() == 1 ? " waits" : " wait"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string SizeText(const v1::Model& model) {
  const int64_t bytes = model.measured_bytes() > 0 ? model.measured_bytes()
                                                   : model.spec().size_bytes();
  return bytes > 0 ? Bytes(bytes) : "-";
}

std::string MemoryHeldText(const v1::Model& model) {
  if (model.held_bytes() <= 0) return "";
  const bool is_ready = model.state() == v1::MODEL_STATE_READY;
  return absl::StrCat(is_ready ? "holds " : "reserves ",
                      Bytes(model.held_bytes()), " on ",
                      Printable(model.spec().device()));
}

std::string LastErrorText(const v1::Model& model) {
  const std::string name =
      absl::StrCat("model \"", model.spec().model_id(), "\": ");
  std::string text = model.last_error();
  if (absl::StartsWith(text, name)) text = text.substr(name.size());
  return Printable(text);
}

std::string LastUsedText(const v1::Model& model, absl::Time now) {
  if (!model.has_last_used_time()) return "-";
  return HumanAge(FromProto(model.last_used_time()), now);
}

std::string LearnedTimeText(const v1::LearnedTime& learned) {
  if (!learned.has_time()) return "-";
  const std::string time = HumanDuration(FromProto(learned.time()));
  return learned.measured_count() > 0
             ? absl::StrCat(time, " (", HumanCount(learned.measured_count()),
                            ")")
             : absl::StrCat("~ ", time);
}

std::string DescribeModel(const v1::Model& model, absl::Time now,
                          const Style& style) {
  const v1::ModelSpec& spec = model.spec();
  Fields fields;
  std::string state = StateText(model, style);
  const std::string held = MemoryHeldText(model);
  if (!held.empty()) absl::StrAppend(&state, ", ", held);
  if (model.load_kind() != v1::LOAD_KIND_UNSPECIFIED) {
    absl::StrAppend(&state, " (", Word(model.load_kind()), ")");
  }
  fields.Add("state", state);
  fields.Add("tier", Word(model.tier()));
  fields.Add("held by", HoldsText(model));
  fields.Add("type", Word(spec.model_type()));
  fields.Add("priority", spec.priority() == v1::REQUEST_PRIORITY_UNSPECIFIED
                             ? "medium"
                             : Word(spec.priority()));
  fields.Add("engine",
             Printable(absl::StrCat(spec.engine(), " on ", spec.device())));
  fields.Add("source", Printable(spec.source()));
  fields.Add("format", FormatText(spec));
  fields.Add("memory", MemoryText(model));
  const v1::LearnedCosts& learned = model.learned();
  fields.Add("cold load", CostText(learned.cold_load(), "load"));
  fields.Add("warm load", CostText(learned.warm_load(), "load"));
  fields.Add("any load", CostText(learned.other_load(), "load"));
  fields.Add("first answer", CostText(learned.first_answer(), "request"));
  fields.Add("forecast", ForecastText(model));
  fields.Add("last used", LastUsedText(model, now));
  fields.Add("failures", FailureText(model, now));
  for (const auto& [key, value] : spec.labels()) {
    fields.Add("label", Printable(absl::StrCat(key, "=", value)));
  }
  fields.Add("revision", absl::StrCat(spec.revision()));
  return absl::StrCat(style.Bold(Printable(spec.model_id())), "\n",
                      fields.Render(style));
}

}  // namespace warmup::cli
