#include "server/grpc_status.h"

#include <string>

#include "absl/strings/escaping.h"
#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/grpc_error.h"

namespace warmup {
namespace {

// gRPC's clients refuse more than 8 KiB of trailers, and say so instead of
// what went wrong. This is what they count of ours, at least.
size_t TrailerBytes(const grpc::Status& status) {
  size_t percent_encoded = 0;
  for (const char c : status.error_message()) {
    percent_encoded += c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
  }
  return percent_encoded + absl::Base64Escape(status.error_details()).size() +
         300;  // names, grpc-status
}

TEST_CASE("ToGrpcStatus: OK is OK") {
  const grpc::Status status = ToGrpcStatus(absl::OkStatus());
  CHECK(status.ok());
  CHECK(status.error_details().empty());
}

TEST_CASE("ToGrpcStatus: carries code, message, reason and metadata") {
  const grpc::Status status = ToGrpcStatus(
      MakeError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                "no model \"m\" in the catalogue", {{"model", "m"}}));
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(status.error_message() == "no model \"m\" in the catalogue");
  const GrpcError error = ReadGrpcError(status);
  CHECK(error.code == 5);
  CHECK(error.message == status.error_message());
  CHECK(error.reason == "MODEL_NOT_FOUND");
  CHECK(error.domain == "warmupd");
  CHECK(error.metadata == std::map<std::string, std::string>{{"model", "m"}});
  CHECK_FALSE(error.retry_after.has_value());
  CHECK(error.detail_count == 1);
}

TEST_CASE("ToGrpcStatus: the codes are gRPC's") {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "text"));
    CHECK(static_cast<int>(status.error_code()) == code);
  }
}

TEST_CASE("ToGrpcStatus: an error without details has its code as reason") {
  const GrpcError error =
      ReadGrpcError(ToGrpcStatus(absl::CancelledError("left")));
  CHECK(error.reason == "CANCELLED");
  CHECK(error.domain == "warmupd");
  CHECK(error.metadata.empty());
}

TEST_CASE("ToGrpcStatus: the retry time is google.rpc.RetryInfo, bytewise") {
  const grpc::Status status =
      ToGrpcStatus(MakeError(absl::StatusCode::kUnavailable, "BACKING_OFF",
                             "later", {}, absl::Milliseconds(1500)));
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(status.error_details()));
  REQUIRE(details.details_size() == 2);
  CHECK(details.details(0).type_url() ==
        "type.googleapis.com/google.rpc.ErrorInfo");
  CHECK(details.details(1).type_url() ==
        "type.googleapis.com/google.rpc.RetryInfo");
  // retry_delay (field 1): seconds (1) = 1, nanos (2) = 500,000,000.
  CHECK(absl::BytesToHexString(details.details(1).value()) ==
        "0a080801"
        "1080cab5ee01");
  CHECK(ReadGrpcError(status).retry_after == absl::Milliseconds(1500));
}

TEST_CASE("ToGrpcStatus: the parts of ErrorInfo are where others read them") {
  const grpc::Status status = ToGrpcStatus(
      MakeError(absl::StatusCode::kNotFound, "R", "t", {{"k", "v"}}));
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(status.error_details()));
  // reason (1) "R", domain (2) "warmupd", metadata (3) {key (1), value (2)}.
  CHECK(absl::BytesToHexString(details.details(0).value()) ==
        "0a0152"
        "12077761726d757064"
        "1a060a016b120176");
}

TEST_CASE("ToGrpcStatus: long errors fit what clients take of trailers") {
  std::string holders;
  for (int i = 0; i < 200; ++i) {
    holders += "org/some-model-name:" + std::to_string(i) + " (ready): 1, ";
  }
  const std::string umlauts = [] {
    std::string text;
    for (int i = 0; i < 4000; ++i) text += "ü";
    return text;
  }();
  for (const std::string& text : {holders, umlauts}) {
    const grpc::Status status = ToGrpcStatus(
        MakeError(absl::StatusCode::kResourceExhausted, "DOES_NOT_FIT",
                  "model \"m\" does not fit: " + text,
                  {{"model", text},
                   {"device", text},
                   {"needed_bytes", text},
                   {"free_bytes", text},
                   {"budget_bytes", text},
                   {"held_by", text}},
                  absl::Seconds(1)));
    CHECK(TrailerBytes(status) < 8192);
    CHECK_THAT(status.error_message(),
               Catch::StartsWith("model \"m\" does not fit: "));
    CHECK_THAT(status.error_message(), Catch::EndsWith("..."));
    const GrpcError error = ReadGrpcError(status);
    CHECK(error.message == status.error_message());
    CHECK(error.metadata.size() == 6);
    CHECK(error.retry_after == absl::Seconds(1));
  }
}

TEST_CASE("ToGrpcStatus: is UTF-8 whatever a file is called") {
  const grpc::Status status = ToGrpcStatus(
      MakeError(absl::StatusCode::kNotFound, "FILE_NOT_FOUND",
                "no \"/m/\xff\xfe.bin\"", {{"path", "/m/\xff\xfe.bin"}}));
  CHECK(status.error_message() == "no \"/m/??.bin\"");
  CHECK(ReadGrpcError(status).metadata["path"] == "/m/??.bin");
}

}  // namespace
}  // namespace warmup
