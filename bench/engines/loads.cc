#include "bench/engines/loads.h"

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/engines/ide.h"
#include "bench/support/raw_client.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"
#include "bench/support/warmupd.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::bench {
namespace {

constexpr char kModel[] = "large";
// While somebody is here, warmupd looks each second.
constexpr int kLookMs = 1'000;
// What a look and its ticker may add.
constexpr int kLateMs = 100;

// The daemon, and its one client.
class Client {
 public:
  Client(const std::string& socket, std::string model)
      : stub_(v1::ModelService::NewStub(NewChannel(socket))),
        model_(std::move(model)) {}

  v1::ModelState State() {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    v1::GetModelResponse response;
    request.set_model_id(model_);
    return stub_->GetModel(&context, request, &response).ok()
               ? response.model().state()
               : v1::MODEL_STATE_UNSPECIFIED;
  }
  void AwaitState(v1::ModelState state) {
    Await(absl::StrCat(model_, ": ", v1::ModelState_Name(state)),
          [&] { return State() == state; });
  }
  void Load() {
    grpc::ClientContext context;
    v1::LoadModelRequest request;
    v1::LoadModelResponse response;
    request.set_model_id(model_);
    request.set_wait(true);
    const auto status = stub_->LoadModel(&context, request, &response);
    if (!status.ok()) Fail(status.error_message());
    if (response.served_as() != v1::SERVED_AS_COLD) Fail("was loaded already");
  }

 private:
  const std::unique_ptr<v1::ModelService::Stub> stub_;
  const std::string model_;
};

}  // namespace

void MeasureLoads(const Places& places, const ServerKind& kind, int rounds) {
  const TemporaryFolder folder;
  const auto server = kind.start(folder.path());
  std::filesystem::create_directory(folder.path() + "/warmupd");
  Warmupd warmupd(places.build, folder.path() + "/warmupd",
                  {server->Setting(), "policy.predictive_preloading=false"});
  Client client(warmupd.socket(), server->IdOf(kModel));
  client.AwaitState(v1::MODEL_STATE_COLD);
  Ide somebody_is_here(warmupd.socket());
  somebody_is_here.OpenSession(server->IdOf(kModel));
  server->Load(kModel);
  client.AwaitState(v1::MODEL_STATE_READY);
  server->Unload(kModel);
  client.AwaitState(v1::MODEL_STATE_COLD);

  const auto milliseconds = [](auto call) {
    const double start = MonotonicSeconds();
    call();
    return 1e3 * (MonotonicSeconds() - start);
  };
  // Not always at the same time before a look.
  std::mt19937 random(1);
  std::uniform_int_distribution<int> phase_ms(0, kLookMs);
  std::vector<double> ours, bare, late;
  for (int round = 0; round < rounds; ++round) {
    Say(absl::StrCat(kind.name, ": load ", round + 1, " of ", rounds));
    ours.push_back(milliseconds([&] { client.Load(); }));
    absl::SleepFor(absl::Milliseconds(phase_ms(random)));
    server->Unload(kModel);
    late.push_back(
        milliseconds([&] { client.AwaitState(v1::MODEL_STATE_COLD); }));
    bare.push_back(milliseconds([&] { server->Load(kModel); }));
    client.AwaitState(v1::MODEL_STATE_READY);
    server->Unload(kModel);
    client.AwaitState(v1::MODEL_STATE_COLD);
  }
  Print({.what = kind.name + ", a load through warmupd; bare: its own call",
         .unit = "ms",
         .ours = Median(std::move(ours)),
         .bare = Median(std::move(bare)),
         .aim = {Aim::Kind::kDifferenceBelow, 20}});
  Print({.what = kind.name + ", an unload by hand is seen after, median",
         .unit = "ms",
         .ours = Median(late)});
  Print({.what = kind.name + ", an unload by hand is seen after, slowest",
         .unit = "ms",
         .ours = Percentile(late, 100),
         .aim = {Aim::Kind::kBelow, kLookMs + kLateMs}});
}

}  // namespace warmup::bench
