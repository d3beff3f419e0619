#include <google/protobuf/descriptor.pb.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace warmup::cli {
namespace {

namespace reflection = grpc::reflection::v1alpha;

// One question on a stream of its own. On an error tells it and returns
// nothing.
std::optional<reflection::ServerReflectionResponse> Ask(
    Cli& cli, const reflection::ServerReflectionRequest& request) {
  grpc::ClientContext context;
  cli.SetDeadline(&context, absl::Seconds(10));
  reflection::ServerReflection::Stub stub(cli.channel());
  const auto stream = stub.ServerReflectionInfo(&context);
  reflection::ServerReflectionResponse response;
  stream->Write(request);
  const bool is_answered = stream->Read(&response);
  stream->WritesDone();
  if (!cli.Check(stream->Finish())) return std::nullopt;
  if (!is_answered) {
    cli.Fail(kExitFailed, "the daemon closed the stream without an answer");
    return std::nullopt;
  }
  return response;
}

void ListServices(Cli& cli) {
  reflection::ServerReflectionRequest request;
  request.set_list_services("*");
  const auto response = Ask(cli, request);
  if (!response) return;
  std::string lines;
  for (const auto& service : response->list_services_response().service()) {
    absl::StrAppend(&lines, Printable(service.name()), "\n");
  }
  cli.Print(response->list_services_response(), lines);
}

// Of a service "warmup.v1.ModelService" in a file of the package "warmup.v1".
std::optional<google::protobuf::ServiceDescriptorProto> FindService(
    const reflection::FileDescriptorResponse& response,
    const std::string& name) {
  for (const std::string& bytes : response.file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) continue;
    for (const auto& service : file.service()) {
      if (absl::StrCat(file.package(), ".", service.name()) == name) {
        return service;
      }
    }
  }
  return std::nullopt;
}

// ".warmup.v1.Model" -> "Model", streams marked.
std::string TypeText(const std::string& type, bool is_stream) {
  const std::string name = Printable(type.substr(type.rfind('.') + 1));
  return is_stream ? absl::StrCat("stream ", name) : name;
}

void ListMethods(Cli& cli, const std::string& name) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol(name);
  const auto response = Ask(cli, request);
  if (!response) return;
  // An error_response means that nothing of this name is known.
  const auto service = FindService(response->file_descriptor_response(), name);
  if (!service) {
    cli.Fail(kExitNotFound,
             absl::StrCat("the daemon has no service \"", name, "\""),
             "`warmupctl services` lists them by their full names");
    return;
  }
  Table table({{"METHOD"}, {"REQUEST"}, {"RESPONSE"}});
  for (const auto& method : service->method()) {
    table.Add({cli.out().Bold(Printable(method.name())),
               TypeText(method.input_type(), method.client_streaming()),
               TypeText(method.output_type(), method.server_streaming())});
  }
  cli.Print(*service, table.Render(cli.out()));
}

}  // namespace

void AddServices(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "services", "The gRPC services of the daemon, and their methods",
      "Asks the daemon itself (gRPC server reflection).",
      "warmupctl services\n"
      "warmupctl services warmup.v1.ModelService");
  auto& name = cli.Keep<std::string>();
  command->add_option("SERVICE", name, "Full name: list its methods instead")
      ->type_name("NAME");
  command->callback([&cli, &name] {
    name.empty() ? ListServices(cli) : ListMethods(cli, name);
  });
}

}  // namespace warmup::cli
