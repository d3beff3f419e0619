#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>
#include <string>

#include "server/reflection_service.h"
#include "tests/support/catch.h"
#include "warmup/v1/event.pb.h"
#include "warmup/v1/warmup.pb.h"

namespace warmup {
namespace {

using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
using Response = grpc::reflection::v1alpha::ServerReflectionResponse;

const std::vector<std::string> kServices = {"warmup.v1.EventService",
                                            "warmup.v1.WarmupService"};

std::set<std::string> FileNames(const Response& response) {
  std::set<std::string> names;
  for (const std::string& bytes :
       response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    CHECK(names.insert(file.name()).second);
  }
  return names;
}

TEST_CASE("AnswerReflection: lists the services it was given") {
  Request request;
  request.set_host("h");
  request.set_list_services("");
  const Response response = AnswerReflection(kServices, request);
  CHECK(response.valid_host() == "h");
  CHECK(response.original_request().SerializeAsString() ==
        request.SerializeAsString());
  REQUIRE(response.list_services_response().service_size() == 2);
  CHECK(response.list_services_response().service(1).name() ==
        "warmup.v1.WarmupService");
}

TEST_CASE("AnswerReflection: a symbol's file comes with all it imports") {
  const std::set<std::string> expected = {
      "warmup/v1/warmup.proto", "warmup/v1/model.proto",
      "google/protobuf/duration.proto", "google/protobuf/timestamp.proto"};
  for (const char* symbol :
       {"warmup.v1.WarmupService", "warmup.v1.WarmupService.RecordUsage",
        "warmup.v1.Usage", "warmup.v1.Usage.model_id"}) {
    INFO(symbol);
    Request request;
    request.set_file_containing_symbol(symbol);
    CHECK(FileNames(AnswerReflection(kServices, request)) == expected);
  }
}

TEST_CASE("AnswerReflection: the files suffice to build the service") {
  Request request;
  request.set_file_by_filename("warmup/v1/warmup.proto");
  const Response response = AnswerReflection(kServices, request);
  google::protobuf::DescriptorPool pool;
  // Imports come after those who import them: last things first.
  const auto& files =
      response.file_descriptor_response().file_descriptor_proto();
  std::vector<google::protobuf::FileDescriptorProto> left;
  for (const std::string& bytes : files) {
    REQUIRE(left.emplace_back().ParseFromString(bytes));
  }
  while (!left.empty()) {
    const auto ready = std::find_if(
        left.begin(), left.end(),
        [&](const google::protobuf::FileDescriptorProto& file) {
          return std::all_of(file.dependency().begin(), file.dependency().end(),
                             [&](const std::string& name) {
                               return pool.FindFileByName(name) != nullptr;
                             });
        });
    REQUIRE(ready != left.end());
    REQUIRE(pool.BuildFile(*ready) != nullptr);
    left.erase(ready);
  }
  CHECK(pool.FindServiceByName("warmup.v1.WarmupService") != nullptr);
}

TEST_CASE("AnswerReflection: what is not there is NOT_FOUND, by name") {
  const auto check = [](const Request& request, const std::string& name) {
    const Response response = AnswerReflection(kServices, request);
    CHECK(response.error_response().error_code() == 5);
    CHECK_THAT(response.error_response().error_message(),
               Catch::Contains(name));
  };
  Request request;
  request.set_file_by_filename("no.proto");
  check(request, "no.proto");
  request.set_file_containing_symbol("no.Symbol");
  check(request, "no.Symbol");
  request.mutable_file_containing_extension()->set_containing_type("no.Type");
  check(request, "no.Type");
  request.set_all_extension_numbers_of_type("no.Type");
  check(request, "no.Type");
  // There is the type, but nothing extends it.
  request.mutable_file_containing_extension()->set_containing_type(
      "warmup.v1.Event");
  request.mutable_file_containing_extension()->set_extension_number(100);
  check(request, "warmup.v1.Event");
}

TEST_CASE("AnswerReflection: a type nothing extends has no extensions") {
  Request request;
  request.set_all_extension_numbers_of_type("warmup.v1.Event");
  const Response response = AnswerReflection(kServices, request);
  CHECK(response.all_extension_numbers_response().base_type_name() ==
        "warmup.v1.Event");
  CHECK(response.all_extension_numbers_response().extension_number_size() == 0);
}

TEST_CASE("AnswerReflection: a request that asks nothing is told so") {
  CHECK(AnswerReflection(kServices, {}).error_response().error_code() == 3);
}

}  // namespace
}  // namespace warmup
