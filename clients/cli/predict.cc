#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

constexpr double kMiB = 1 << 20;

std::string UntilUse(const v1::PredictedModel& model) {
  if (!model.has_expected_seconds_until_use()) return "-";
  return absl::StrCat(
      "~ ", HumanDuration(absl::Seconds(model.expected_seconds_until_use())));
}

std::string WarmUp(const v1::PredictedModel& model, const Style& style) {
  if (model.tier() == v1::MODEL_TIER_READY) return style.Green("ready");
  const std::string time =
      HumanDuration(absl::Milliseconds(model.estimated_warmup_time_ms()));
  return model.meets_acceptable_latency() ? time : style.Red(time + ", late");
}

std::string PredictionText(const v1::GetWarmupPredictionResponse& response,
                           const Style& style) {
  if (response.predicted_models().empty()) {
    return "no model is in sight: nothing was used, bound or announced yet\n";
  }
  Table table({{"MODEL"},
               {"TYPE"},
               {"NEXT", Align::kRight},
               {"5 MIN", Align::kRight},
               {"1 H", Align::kRight},
               {"USE IN", Align::kRight},
               {"TIER"},
               {"WARM-UP", Align::kRight},
               {"MEMORY", Align::kRight}});
  for (const v1::PredictedModel& model : response.predicted_models()) {
    table.Add({style.Bold(Printable(model.model_id())),
               Word(model.model_type()), HumanPercent(model.probability_next()),
               HumanPercent(model.probability_5min()),
               HumanPercent(model.probability_1h()), UntilUse(model),
               Word(model.tier()), WarmUp(model, style),
               HumanBytes(model.resource_requirements().memory_mb() * kMiB)});
    if (model.reasons().empty()) continue;
    table.AddNote(absl::StrCat(
        "  ", style.Dim(Printable(absl::StrJoin(model.reasons(), "; ")))));
  }
  const double warmup_ms = response.estimated_warmup_time_ms();
  const std::string ready =
      warmup_ms == 0
          ? "all are ready"
          : absl::StrCat("all ready in ",
                         HumanDuration(absl::Milliseconds(warmup_ms)));
  return absl::StrCat(
      table.Render(style), "\nconfidence ",
      HumanPercent(response.confidence_score()), "; ", ready, " with ",
      HumanBytes(response.resource_requirements().memory_mb() * kMiB), "\n");
}

void Predict(Cli& cli, const v1::GetWarmupPredictionRequest& request) {
  const auto response =
      cli.Call(&v1::WarmupService::Stub::GetWarmupPrediction, request);
  if (response) cli.Print(*response, PredictionText(*response, cli.out()));
}

}  // namespace

void AddPredict(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "predict", "Which models will be used next, and how soon",
      "Ranks the models by the probability that they are what is used next, "
      "tells how probable a use within five minutes and an hour is and why, "
      "how warm each of them is, and how long it would take to get it "
      "ready.\n\n"
      "It only asks, unless --warm is given: then the model that the session "
      "binds to the task counts as announced, and the daemon loads what is "
      "worth it, within its limits.",
      "warmupctl predict\n"
      "warmupctl predict --task chat --session ide-1 --warm\n"
      "warmupctl predict --acceptable-latency 300ms -o json | jq "
      "'.predicted_models[].model_id'");
  auto& request = cli.Keep<v1::GetWarmupPredictionRequest>();
  AddEnum<v1::ModelType>(
      command, "--task", [&request](auto task) { request.set_task(task); },
      "What the model is wanted for");
  command
      ->add_option("--session", *request.mutable_session_id(),
                   "A live session; its roles and its user count")
      ->type_name("ID");
  command
      ->add_option_function<std::string>(
          "--user",
          [&request](const std::string& user) {
            request.mutable_user_context()->set_user_id(user);
          },
          "Who asks, if not the session's user")
      ->type_name("NAME");
  AddEnum<v1::RequestPriority>(
      command, "--priority",
      [&request](auto priority) { request.set_priority(priority); },
      "How urgent it is");
  AddNumber<int32_t>(
      command, "--max-models",
      [&request](int32_t count) { request.set_max_models(count); },
      "At most this many models, 1 to 64 (default 5)");
  AddMilliseconds(
      command, "--acceptable-latency",
      [&request](uint32_t ms) { request.set_acceptable_latency_ms(ms); },
      "A wait that the user would accept; later models are marked");
  command
      ->add_option("--device", *request.mutable_preferred_hardware(),
                   "The device wanted, such as host or gpu0")
      ->type_name("DEVICE");
  command
      ->add_option_function<std::string>(
          "--language",
          [&request](const std::string& language) {
            request.mutable_project_context()->set_language(language);
          },
          "Of the project, such as rust or cpp")
      ->type_name("NAME");
  command->add_flag_callback(
      "--warm",
      [&request] { request.set_mode(v1::PREDICTION_MODE_PREDICT_AND_WARM); },
      "Have the predicted models warmed too");
  command->callback([&cli, &request] { Predict(cli, request); });
}

}  // namespace warmup::cli
