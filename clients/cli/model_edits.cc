// `models register`, `update` and `remove`.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "clients/cli/model_text.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::ModelService::Stub;

// What the flags of `register` and `update` do to an entry, in their order.
using Edits = std::vector<std::function<void(v1::ModelSpec*)>>;

// The embedded engine reads paths from its own working directory.
void MakeSourceAbsolute(v1::ModelSpec* spec) {
  const bool is_path = spec->engine().empty() || spec->engine() == "files";
  if (!is_path || spec->source().empty()) return;
  std::error_code error;
  const auto path = std::filesystem::absolute(spec->source(), error);
  if (!error) spec->set_source(path.lexically_normal().string());
}

void AddSpecText(CLI::App* command, Edits* edits, const std::string& name,
                 const std::string& type,
                 void (*set)(v1::ModelSpec*, const std::string&),
                 const std::string& help) {
  command
      ->add_option_function<std::string>(
          name,
          [edits, set](const std::string& text) {
            edits->push_back(
                [set, text](v1::ModelSpec* spec) { set(spec, text); });
          },
          help)
      ->type_name(type);
}

void AddSpecTexts(CLI::App* command, Edits* edits) {
  AddSpecText(
      command, edits, "--engine", "NAME",
      [](v1::ModelSpec* spec, const std::string& text) {
        spec->set_engine(text);
      },
      "What holds it (default files, the embedded engine)");
  AddSpecText(
      command, edits, "--device", "DEVICE",
      [](v1::ModelSpec* spec, const std::string& text) {
        spec->set_device(text);
      },
      "The memory it lives in (default host)");
  AddSpecText(
      command, edits, "--format", "NAME",
      [](v1::ModelSpec* spec, const std::string& text) {
        spec->set_format(text);
      },
      "gguf, safetensors, raw (default: from the file)");
  AddSpecText(
      command, edits, "--architecture", "NAME",
      [](v1::ModelSpec* spec, const std::string& text) {
        spec->set_architecture(text);
      },
      "llama, bert ... (default: from the file)");
  AddSpecText(
      command, edits, "--label", "KEY=VALUE",
      [](v1::ModelSpec* spec, const std::string& text) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos) {
          (*spec->mutable_labels())[text] = "";
        } else {
          (*spec->mutable_labels())[text.substr(0, equals)] =
              text.substr(equals + 1);
        }
      },
      "For people and tools");
}

void AddSpecFlags(CLI::App* command, Edits* edits) {
  AddEnum<v1::ModelType>(
      command, "--type",
      [edits](auto type) {
        edits->push_back(
            [type](v1::ModelSpec* spec) { spec->set_model_type(type); });
      },
      "What it is for");
  AddEnum<v1::RequestPriority>(
      command, "--priority",
      [edits](auto priority) {
        edits->push_back(
            [priority](v1::ModelSpec* spec) { spec->set_priority(priority); });
      },
      "Its weight when models compete");
  AddBytes(
      command, "--size",
      [edits](int64_t bytes) {
        edits->push_back(
            [bytes](v1::ModelSpec* spec) { spec->set_size_bytes(bytes); });
      },
      "While it is ready (default: the engine is asked)");
  AddBytes(
      command, "--peak",
      [edits](int64_t bytes) {
        edits->push_back(
            [bytes](v1::ModelSpec* spec) { spec->set_peak_bytes(bytes); });
      },
      "The most while it is loaded");
  AddNumber<int32_t>(
      command, "--context-length",
      [edits](int32_t tokens) {
        edits->push_back([tokens](v1::ModelSpec* spec) {
          spec->set_context_length(tokens);
        });
      },
      "In tokens (default: from the file)");
  AddSpecTexts(command, edits);
}

void Register(Cli& cli, const std::string& id, const std::string& source,
              const Edits& edits) {
  v1::RegisterModelRequest request;
  request.mutable_spec()->set_model_id(id);
  request.mutable_spec()->set_source(source);
  for (const auto& edit : edits) edit(request.mutable_spec());
  MakeSourceAbsolute(request.mutable_spec());
  const auto response = cli.Call(&Stub::RegisterModel, request);
  if (!response) return;
  cli.Print(*response,
            DescribeModel(response->model(), absl::Now(), cli.out()));
}

// Reads the entry, changes what was given and writes it back, unless somebody
// else has changed it meanwhile.
void Update(Cli& cli, const std::string& id, const Edits& edits) {
  v1::GetModelRequest get;
  get.set_model_id(id);
  const auto present = cli.Call(&Stub::GetModel, get);
  if (!present) return;
  v1::UpdateModelRequest request;
  *request.mutable_spec() = present->model().spec();
  request.set_expected_revision(request.spec().revision());
  for (const auto& edit : edits) edit(request.mutable_spec());
  MakeSourceAbsolute(request.mutable_spec());
  const auto response = cli.Call(&Stub::UpdateModel, request);
  if (!response) return;
  cli.Print(*response,
            DescribeModel(response->model(), absl::Now(), cli.out()));
}

void Remove(Cli& cli, const v1::RemoveModelRequest& request) {
  const auto response = cli.Call(&Stub::RemoveModel, request);
  if (!response) return;
  cli.Print(*response, "");
  cli.Say(absl::StrCat(Printable(request.model_id()), " is removed"));
}

void AddRegister(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "register", "Add a model to the catalogue",
      "What is not given is asked from the engine: size, format, "
      "architecture, context length, type. For the embedded engine SOURCE is "
      "a file, one part of a split GGUF, or a folder.",
      "warmupctl models register coder ~/models/coder.gguf --type completion\n"
      "warmupctl models register llama ./llama --priority high --pin");
  auto& id = cli.Keep<std::string>();
  auto& source = cli.Keep<std::string>();
  auto& edits = cli.Keep<Edits>();
  command->add_option("MODEL", id, "Its id in the catalogue")
      ->type_name("NAME")
      ->required();
  command->add_option("SOURCE", source, "A path, or the engine's name for it")
      ->type_name("FILE")
      ->required();
  AddSpecFlags(command, &edits);
  command->add_flag_callback(
      "--pin",
      [&edits] {
        edits.push_back([](v1::ModelSpec* spec) { spec->set_is_pinned(true); });
      },
      "Never evict it");
  command->callback(
      [&cli, &id, &source, &edits] { Register(cli, id, source, edits); });
}

void AddUpdate(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "update", "Change a model's entry",
      "Changes what is given and nothing else. It is refused if somebody else "
      "changed the entry meanwhile. Engine, source and device can change only "
      "while the model is cold.",
      "warmupctl models update coder --priority critical\n"
      "warmupctl models update coder --label team=tools");
  auto& id = cli.Keep<std::string>();
  auto& edits = cli.Keep<Edits>();
  command->add_option("MODEL", id, "The model")->type_name("MODEL")->required();
  AddSpecText(
      command, &edits, "--source", "FILE",
      [](v1::ModelSpec* spec, const std::string& text) {
        spec->set_source(text);
      },
      "A path, or the engine's name for it");
  AddSpecFlags(command, &edits);
  command->callback([&cli, &id, &edits] {
    if (edits.empty()) {
      throw CLI::RequiredError("models update: one of its options");
    }
    Update(cli, id, edits);
  });
}

}  // namespace

void AddModelEdits(CLI::App* models, Cli& cli) {
  AddRegister(models, cli);
  AddUpdate(models, cli);
  CLI::App* remove = AddCommand(
      models, "remove", "Forget a model",
      "Only a cold model that is not pinned and not leased. Its files stay.",
      "warmupctl models remove coder");
  auto& request = cli.Keep<v1::RemoveModelRequest>();
  remove->add_option("MODEL", *request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  remove->callback([&cli, &request] { Remove(cli, request); });
}

}  // namespace warmup::cli
