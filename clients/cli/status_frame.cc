#include "clients/cli/status_frame.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "clients/cli/event_text.h"
#include "clients/cli/format.h"
#include "clients/cli/model_text.h"
#include "clients/cli/words.h"

namespace warmup::cli {
namespace {

using Lines = std::vector<std::string>;

constexpr int kBarCells = 32;
constexpr int kStateCells = 24;
constexpr int kForecastCells = 13;
constexpr int kMinModelRows = 3;
constexpr int kMinEventRows = 5;

std::string Right(const std::string& text, int width) {
  const int pad = std::max(0, width - DisplayWidth(text));
  return absl::StrCat(std::string(static_cast<size_t>(pad), ' '), text);
}

void AddHead(const StatusView& view, const Style& style, int columns,
             Lines* lines) {
  const v1::GetWarmupMetricsResponse& metrics = view.metrics;
  const std::string left = Dotted(
      {style.Bold("warmupd"), style.Dim(Printable(view.target)),
       absl::StrCat("up ", HumanDuration(absl::Trunc(
                               absl::Seconds(metrics.uptime_seconds()),
                               absl::Seconds(1)))),
       Plural(metrics.session_count(), "session"),
       metrics.is_store_healthy() ? "" : style.Red("store cannot write")},
      style);
  const std::string time =
      absl::FormatTime("%H:%M:%S", view.now, absl::LocalTimeZone());
  const int space = columns - DisplayWidth(left) - DisplayWidth(time);
  lines->push_back(
      space < 1 ? left : absl::StrCat(left, Right("", space), style.Dim(time)));
  if (!view.trouble.empty()) {
    lines->push_back(style.Red(
        absl::StrCat("no answer, trying again: ", Printable(view.trouble))));
  }
  // Those that nobody has models of are no loss.
  for (const v1::EngineMetrics& engine : metrics.engines()) {
    if (engine.is_available() || !engine.has_since() ||
        engine.model_count() == 0) {
      continue;
    }
    lines->push_back(style.Yellow(absl::StrCat(
        Printable(engine.engine_id()), " has not been there for ",
        HumanDuration(absl::Trunc(view.now - FromProto(engine.since()),
                                  absl::Seconds(1))),
        ": ", Printable(engine.error()))));
  }
  lines->emplace_back();
}

void AddDevices(const StatusView& view, const Style& style, Lines* lines) {
  int width = 0;
  for (const v1::DeviceMetrics& device : view.metrics.devices()) {
    width = std::max(width, DisplayWidth(Printable(device.device())));
  }
  for (const v1::DeviceMetrics& device : view.metrics.devices()) {
    const double budget = device.budget_bytes();
    const double ratio = budget > 0 ? device.used_bytes() / budget : 0;
    const std::string bar = Bar(ratio, kBarCells);
    std::string measured;
    if (device.measured_total_bytes() > 0) {
      measured = style.Dim(
          absl::StrCat(HumanBytes(device.measured_free_bytes()), " of ",
                       HumanBytes(device.measured_total_bytes()), " free"));
    }
    lines->push_back(absl::StrCat(
        style.Bold(Fit(Printable(device.device()), width)), "  ",
        style.Dim("▕"), ratio > 0.9 ? style.Yellow(bar) : style.Blue(bar),
        style.Dim("▏"), " ",
        Dotted({absl::StrCat(HumanBytes(device.used_bytes()), " of ",
                             HumanBytes(budget), " held"),
                measured},
               style)));
  }
  lines->emplace_back();
}

// What is shown first where there is no room for all; greatest first.
auto Interest(const v1::Model& model) {
  const bool is_moving = model.state() == v1::MODEL_STATE_LOADING ||
                         model.state() == v1::MODEL_STATE_UNLOADING ||
                         model.waiter_count() > 0;
  const bool is_telling = model.state() == v1::MODEL_STATE_READY ||
                          model.state() == v1::MODEL_STATE_FAILED;
  return std::make_tuple(
      is_moving, is_telling, model.tier() != v1::MODEL_TIER_COLD,
      model.probability_next(), model.last_used_time().seconds());
}

// The most interesting `count` models, in order of their ids.
std::vector<const v1::Model*> Choose(const StatusView& view, size_t count) {
  std::vector<const v1::Model*> chosen;
  for (const auto& [id, model] : view.models) chosen.push_back(&model);
  if (chosen.size() <= count) return chosen;
  std::sort(chosen.begin(), chosen.end(),
            [](const v1::Model* a, const v1::Model* b) {
              return Interest(*a) > Interest(*b);
            });
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end(),
            [](const v1::Model* a, const v1::Model* b) {
              return a->spec().model_id() < b->spec().model_id();
            });
  return chosen;
}

std::string NotesOn(const v1::Model& model, const Style& style) {
  std::string kind;
  if (model.load_kind() == v1::LOAD_KIND_SPECULATIVE) kind = "on a forecast";
  if (model.load_kind() == v1::LOAD_KIND_ANNOUNCED) kind = "announced";
  std::string failure;
  if (model.state() == v1::MODEL_STATE_FAILED) {
    failure = style.Red(LastErrorText(model));
  }
  return Dotted({style.Cyan(kind), HoldsText(model), failure}, style);
}

std::string Forecast(const v1::Model& model, const Style& style) {
  const double probability = model.probability_next();
  if (probability <= 0) return Fit("", kForecastCells);
  return absl::StrCat(style.Magenta(Bar(probability, 6)),
                      Right(HumanPercent(probability), kForecastCells - 6));
}

void AddModels(const StatusView& view, const Style& style, int columns,
               size_t count, Lines* lines) {
  const std::vector<const v1::Model*> models = Choose(view, count);
  if (models.empty()) {
    lines->push_back(style.Dim(
        "no model is registered: `warmupctl models register --help`"));
    lines->emplace_back();
    return;
  }
  int width = DisplayWidth("MODEL");
  for (const v1::Model* model : models) {
    width = std::max(width, DisplayWidth(Printable(model->spec().model_id())));
  }
  width = std::min(width, std::max(12, columns - 76));
  const auto line = [width](const std::string& name, const std::string& state,
                            const std::string& size,
                            const std::string& forecast,
                            const std::string& used, const std::string& notes) {
    return absl::StrCat(Fit(name, width), "  ", Fit(state, kStateCells), "  ",
                        Right(size, 8), "  ", Fit(forecast, kForecastCells),
                        "  ", Right(used, 10), "  ", notes);
  };
  lines->push_back(
      style.Dim(line("MODEL", "STATE", "SIZE", "USED NEXT", "LAST USED", "")));
  for (const v1::Model* model : models) {
    const std::string name = Printable(model->spec().model_id());
    const bool is_cold = model->state() == v1::MODEL_STATE_COLD;
    lines->push_back(
        line(is_cold ? name : style.Bold(name), StateText(*model, style),
             SizeText(*model), Forecast(*model, style),
             LastUsedText(*model, view.now), NotesOn(*model, style)));
  }
  if (models.size() < view.models.size()) {
    lines->push_back(style.Dim(
        absl::StrCat("and ", view.models.size() - models.size(), " more")));
  }
  lines->emplace_back();
}

// The shares side by side; told apart without colours too.
std::string ShareBar(const v1::DemandMetrics& demands, double total,
                     const Style& style) {
  const auto cells = [total](double count) {
    return static_cast<int>(std::lround(count / total * kBarCells));
  };
  const auto repeat = [](const char* cell, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += cell;
    return text;
  };
  const int warm = cells(demands.warm_count());
  const int late = cells(demands.warm_count() + demands.late_count()) - warm;
  const int cold = kBarCells - warm - late;
  return absl::StrCat(style.Green(repeat("█", warm)),
                      style.Yellow(repeat("▓", late)),
                      style.Red(repeat("░", cold)));
}

void AddDemands(const StatusView& view, const Style& style, Lines* lines) {
  const v1::DemandMetrics& demands = view.metrics.demands();
  const v1::LoadMetrics& loads = view.metrics.loads();
  const double total =
      demands.warm_count() + demands.late_count() + demands.cold_count();
  if (total > 0) {
    lines->push_back(absl::StrCat(
        style.Bold("found"), "  ", style.Dim("▕"),
        ShareBar(demands, total, style), style.Dim("▏"), " ",
        Dotted({style.Green(absl::StrCat(
                    HumanPercent(demands.warm_count() / total), " warm")),
                style.Yellow(absl::StrCat(
                    HumanPercent(demands.late_count() / total), " late")),
                style.Red(absl::StrCat(
                    HumanPercent(demands.cold_count() / total), " cold"))},
               style)));
  }
  lines->push_back(absl::StrCat(
      style.Bold("asked"), "  ",
      Dotted(
          {absl::StrCat(
               Plural(total + demands.failed_count(), "time"),
               demands.failed_count() > 0
                   ? style.Red(absl::StrCat(
                         ", ", HumanCount(demands.failed_count()), " in vain"))
                   : ""),
           absl::StrCat("waited ",
                        HumanDuration(absl::Seconds(demands.waited_seconds()))),
           view.metrics.waiter_count() > 0
               ? style.Yellow(absl::StrCat(
                     HumanCount(view.metrics.waiter_count()),
                     view.metrics.waiter_count() == 1 ? " waits" : " wait"))
               : ""},
          style)));
  lines->push_back(absl::StrCat(
      style.Bold("loads"), "  ",
      Dotted({absl::StrCat(HumanCount(loads.demand_count()), " on demand"),
              absl::StrCat(HumanCount(loads.announced_count()), " announced"),
              absl::StrCat(HumanCount(loads.speculative_count()),
                           " on a forecast"),
              Plural(loads.eviction_count(), "eviction"),
              absl::StrCat(HumanBytes(loads.read_bytes()), " read")},
             style)));
  lines->emplace_back();
}

void AddEvents(const StatusView& view, const Style& style, size_t count,
               Lines* lines) {
  lines->push_back(style.Dim("EVENTS"));
  const size_t shown = std::min(count, view.events.size());
  for (size_t i = view.events.size() - shown; i < view.events.size(); ++i) {
    lines->push_back(EventLine(view.events[i], style));
  }
  if (shown == 0) lines->push_back(style.Dim("none yet"));
}

}  // namespace

std::vector<std::string> RenderStatus(const StatusView& view,
                                      const Style& style, TerminalSize size) {
  Lines head;
  AddHead(view, style, size.columns, &head);
  AddDevices(view, style, &head);
  Lines demands;
  AddDemands(view, style, &demands);
  size_t model_count = view.models.size();
  size_t event_count = size_t{kMinEventRows};
  if (size.rows > 0) {
    // Models come first; what they leave goes to the events. Beside both:
    // their titles, "and 9 more" and an empty line.
    const int room =
        size.rows - static_cast<int>(head.size() + demands.size()) - 4;
    const int models =
        std::clamp(static_cast<int>(model_count), kMinModelRows,
                   std::max(room - kMinEventRows, kMinModelRows));
    model_count = static_cast<size_t>(models);
    event_count = static_cast<size_t>(std::max(room - models, kMinEventRows));
  }
  Lines lines = head;
  AddModels(view, style, size.columns, model_count, &lines);
  lines.insert(lines.end(), demands.begin(), demands.end());
  AddEvents(view, style, event_count, &lines);
  if (size.rows > 0 && lines.size() > static_cast<size_t>(size.rows)) {
    lines.resize(static_cast<size_t>(size.rows));
  }
  for (std::string& line : lines) {
    if (DisplayWidth(line) > size.columns) line = Fit(line, size.columns);
    while (!line.empty() && line.back() == ' ') line.pop_back();
  }
  return lines;
}

}  // namespace warmup::cli
