// Servers that are away, hang, lie, or are none of these.

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/adapters/engines/kserve/kserve_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

using Kind = FakeKserve::Kind;

absl::Status LookAtIt(KserveEngine& engine) {
  return engine.Look({KserveSpec("a")}).status();
}

// A Triton by its name, whose index is whatever the test says.
class RawServer final
    : private inference::GRPCInferenceService::
          WithRawCallbackMethod_RepositoryIndex<
              inference::GRPCInferenceService::
                  WithCallbackMethod_ServerMetadata<
                      inference::GRPCInferenceService::Service>> {
 public:
  explicit RawServer(std::string index) : index_(std::move(index)) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
    endpoint_ = absl::StrCat("grpc://127.0.0.1:", port);
  }
  const std::string& endpoint() const { return endpoint_; }

 private:
  grpc::ServerUnaryReactor* ServerMetadata(
      grpc::CallbackServerContext* context,
      const inference::ServerMetadataRequest* /*request*/,
      inference::ServerMetadataResponse* answer) override {
    answer->add_extensions("model_repository");
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* RepositoryIndex(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
      grpc::ByteBuffer* answer) override {
    const grpc::Slice slice(index_);
    *answer = grpc::ByteBuffer(&slice, 1);
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const std::string index_;
  std::string endpoint_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

TEST_CASE("KserveEngine faults: endpoints that are none are refused") {
  for (const char* endpoint :
       {"", "127.0.0.1:8001", "http://127.0.0.1:8001", "grpc://",
        "grpc://127.0.0.1", "grpc://127.0.0.1:", "grpc://127.0.0.1:x",
        "grpc://127.0.0.1:99999", "grpc://127.0.0.1:8001/path",
        "grpc://user:secret@127.0.0.1:8001", "grpc://a b:1", "unix:relative",
        "grpc://http://127.0.0.1:1"}) {
    CAPTURE(endpoint);
    const auto engine = KserveEngine::Create("kserve", endpoint, {});
    CHECK(absl::IsInvalidArgument(engine.status()));
  }
  for (const char* endpoint : {"grpc://127.0.0.1:8001", "grpc://localhost:8001",
                               "grpc://[::1]:8001", "unix:/run/triton.sock"}) {
    CAPTURE(endpoint);
    CHECK(KserveEngine::Create("kserve", endpoint, {}).ok());
  }
  CHECK(absl::IsInvalidArgument(
      KserveEngine::Create("kserve", "grpc://127.0.0.1:8001",
                           {.metrics_endpoint = "127.0.0.1:8002"})
          .status()));
}

TEST_CASE("KserveEngine faults: a server that is away is told, and found") {
  KserveWorld world(Kind::kTriton);
  world.LoadOk("a");
  world.fake.Stop();
  const absl::Status status = LookAtIt(*world.engine);
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_UNAVAILABLE");
  CHECK(status.message().find("engine \"kserve\" at grpc://") !=
        std::string::npos);
  CHECK(ReasonOf(world.Load("a").status()) == "ENGINE_UNAVAILABLE");
  CHECK(ReasonOf(world.Unload("a")) == "ENGINE_UNAVAILABLE");
  world.fake.Start();
  REQUIRE(Eventually([&] { return LookAtIt(*world.engine).ok(); }));
  const Sighting back = world.LookAt("a");
  CHECK(back.residency.tier == Tier::kCold);
  CHECK_FALSE(back.was_unloaded);
  world.LoadOk("a");
  CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine faults: a server that dies in a load ends it") {
  KserveWorld world(Kind::kTriton);
  world.fake.HoldLoads(true);
  BackgroundLoad load(*world.engine, KserveSpec("a"));
  world.fake.AwaitLoading("a");
  world.fake.Stop();
  CHECK(absl::IsUnavailable(load.Result().status()));
}

TEST_CASE("KserveEngine faults: a server that hangs is told in time") {
  KserveWorld world(Kind::kTriton);
  world.LookAt("a");
  world.fake.Hang(true);
  const absl::Time start = absl::Now();
  const absl::Status status = LookAtIt(*world.engine);
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(ReasonOf(status) == "ENGINE_TOO_SLOW");
  CHECK(absl::Now() - start < absl::Seconds(10));
  BackgroundLoad load(*world.engine, KserveSpec("a"));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
}

TEST_CASE("KserveEngine faults: what the server says is told") {
  KserveWorld world(Kind::kTriton);
  world.LookAt("a");
  const auto reason_for = [&](grpc::StatusCode code, const std::string& words) {
    world.fake.Answer({code, words});
    const absl::Status status = LookAtIt(*world.engine);
    CHECK_FALSE(status.ok());
    world.fake.Heal();
    return ReasonOf(status);
  };
  CHECK(reason_for(grpc::StatusCode::INTERNAL, "x") == "ENGINE_FAILED");
  CHECK(reason_for(grpc::StatusCode::CANCELLED, "x") == "ENGINE_FAILED");
  CHECK(reason_for(grpc::StatusCode::UNAUTHENTICATED, "x") == "ENGINE_REFUSES");
  CHECK(reason_for(grpc::StatusCode::UNAVAILABLE, "x") == "ENGINE_UNAVAILABLE");
  CHECK(reason_for(grpc::StatusCode::UNIMPLEMENTED, "x") == "NOT_KSERVE");
  // A backtrace that is longer than gRPC's own limit.
  CHECK(reason_for(grpc::StatusCode::INTERNAL, std::string(20'000, 'x')) ==
        "ENGINE_FAILED");
  CHECK(world.IsReady("a") == false);
}

TEST_CASE("KserveEngine faults: another gRPC server is none of these") {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  inference::GRPCInferenceService::Service empty;
  builder.RegisterService(&empty);
  const auto server = builder.BuildAndStart();
  const std::string endpoint = absl::StrCat("grpc://127.0.0.1:", port);
  const auto probed = KserveEngine::Probe("kserve", endpoint);
  CHECK(absl::IsFailedPrecondition(probed.status()));
  CHECK(ReasonOf(probed.status()) == "NOT_KSERVE");
  const auto engine = EngineOn(endpoint, {});
  CHECK(ReasonOf(LookAtIt(*engine)) == "NOT_KSERVE");
  CHECK(ReasonOf(engine->Discover().status()) == "NOT_KSERVE");
}

TEST_CASE("KserveEngine faults: an HTTP server is none of these") {
  ScriptedServer http([](ScriptedServer::Peer& peer) {
    peer.ReadRequest();
    peer.Write(HttpAnswer(400, "no"));
  });
  const std::string endpoint = "grpc://" + http.endpoint().substr(7);
  const auto probed = KserveEngine::Probe("kserve", endpoint);
  INFO(probed.status().ToString());
  CHECK_FALSE(probed.ok());
  CHECK(ReasonOf(probed.status()) == "NOT_KSERVE");
}

TEST_CASE("KserveEngine faults: a server that says nothing is told in time") {
  ScriptedServer mute([](ScriptedServer::Peer& peer) { peer.AwaitClosed(); });
  const auto probed =
      KserveEngine::Probe("kserve", "grpc://" + mute.endpoint().substr(7));
  CHECK_FALSE(probed.ok());
}

TEST_CASE("KserveEngine faults: a Unix socket without a server is away") {
  const TempFolder folder;
  const auto engine = EngineOn("unix:" + folder.File("socket"), {});
  CHECK(ReasonOf(LookAtIt(*engine)) == "ENGINE_UNAVAILABLE");
}

TEST_CASE("KserveEngine faults: an index that is garbage is refused") {
  RawServer server("\xff\xff\xff garbage");
  const absl::Status status = LookAtIt(*EngineOn(server.endpoint(), {}));
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_ANSWER_UNREADABLE");
}

TEST_CASE("KserveEngine faults: an index without end is refused") {
  SECTION("of too many bytes") {
    RawServer server(std::string(9 << 20, 'x'));
    const absl::Status status = LookAtIt(*EngineOn(server.endpoint(), {}));
    CHECK(absl::IsUnavailable(status));
    CHECK(ReasonOf(status) == "ENGINE_ANSWER_TOO_LONG");
  }
  SECTION("of too many models") {
    inference::RepositoryIndexResponse index;
    for (int i = 0; i < 20'001; ++i) index.add_models();
    RawServer server(index.SerializeAsString());
    const absl::Status status = LookAtIt(*EngineOn(server.endpoint(), {}));
    CHECK(ReasonOf(status) == "ENGINE_ANSWER_TOO_LONG");
  }
}

}  // namespace warmup
