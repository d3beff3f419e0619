#include "tests/support/real_kserve.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

constexpr const char* kModels[] = {"a", "b", "big", "broken"};
// After this, a server is better started anew.
constexpr absl::Duration kUnloadTime = absl::Seconds(5);

}  // namespace

RealKserve::RealKserve(Kind kind, const std::string& program)
    : kind_(kind),
      http_port_(FreePort()),
      grpc_port_(FreePort()),
      metrics_port_(FreePort()),
      endpoint_(absl::StrCat("grpc://127.0.0.1:", grpc_port_)),
      process_(Prepare(program)),
      user_(endpoint_) {
  process_.Start();
}

ServerProcess::Options RealKserve::Prepare(const std::string& program) const {
  const std::string models = folder_.File("models");
  const bool is_triton = kind_ == Kind::kTriton;
  // In the Python that will run them.
  const auto python =
      std::filesystem::path(program).parent_path().parent_path() /
      "venv/bin/python";
  const std::string command =
      absl::StrCat("'", python.string(), "' '", WARMUP_MAKE_REPOSITORY, "' ",
                   is_triton ? "triton" : "mlserver", " '", models, "'");
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
  ServerProcess::Options options = {
      .command = {program},
      .environment = {},
      .folder = folder_.path(),
      .log_path = folder_.File("log"),
      .ready_url =
          absl::StrCat("http://127.0.0.1:", http_port_, "/v2/health/live")};
  if (is_triton) {
    for (const std::string& argument :
         {absl::StrCat("--model-repository=", models),
          std::string("--model-control-mode=explicit"),
          std::string("--http-address=127.0.0.1"),
          absl::StrCat("--http-port=", http_port_),
          std::string("--grpc-address=127.0.0.1"),
          absl::StrCat("--grpc-port=", grpc_port_),
          std::string("--metrics-address=127.0.0.1"),
          absl::StrCat("--metrics-port=", metrics_port_)}) {
      options.command.push_back(argument);
    }
    return options;
  }
  options.command.insert(options.command.end(), {"start", models});
  std::ofstream(models + "/settings.json") << absl::StrCat(
      R"({"host":"127.0.0.1","http_port":)", http_port_, R"(,"grpc_port":)",
      grpc_port_, R"(,"metrics_port":)", metrics_port_,
      R"(,"load_models_at_startup":false,"parallel_workers":1,)",
      R"("metrics_dir":")", folder_.path(), R"("})");
  return options;
}

void RealKserve::BeginAnew() {
  for (const auto& hold :
       std::filesystem::directory_iterator(folder_.File("models.hold"))) {
    std::filesystem::remove(hold);
  }
  process_.Continue();
  // Of one that has ended, a worker may be left.
  if (process_.IsAlive() && UnloadAll()) return;
  process_.Kill();
  process_.Start();
}

bool RealKserve::UnloadAll() {
  for (const char* model : kModels) {
    // Of one that is not loaded, some say that it is not there.
    user_.Unload(model).IgnoreError();
  }
  return Eventually(
      [&] {
        return std::all_of(std::begin(kModels), std::end(kModels),
                           [&](const char* model) {
                             const std::string state = user_.StateOf(model);
                             return state.empty() || state == "UNAVAILABLE" ||
                                    state == "State.UNAVAILABLE";
                           });
      },
      kUnloadTime);
}

std::string RealKserve::metrics_endpoint() const {
  return absl::StrCat("http://127.0.0.1:", metrics_port_);
}

bool RealKserve::IsReady(const std::string& model) {
  const std::string state = user_.StateOf(model);
  return state == "READY" || state == "State.READY";
}

void RealKserve::HoldLoads(const std::string& model, bool are_held) const {
  Hold(model + ".load", are_held);
}

void RealKserve::HoldUses(const std::string& model, bool are_held) const {
  Hold(model + ".use", are_held);
}

void RealKserve::AwaitLoading(const std::string& model) const {
  Await(model + ".loading");
}

void RealKserve::AwaitUsing(const std::string& model) const {
  Await(model + ".using");
}

void RealKserve::Hold(const std::string& file, bool is_held) const {
  const std::string path = folder_.File("models.hold/" + file);
  if (is_held) {
    std::ofstream(path) << "held";
  } else {
    std::filesystem::remove(path);
  }
}

void RealKserve::Await(const std::string& file) const {
  const std::string path = folder_.File("models.hold/" + file);
  REQUIRE(Eventually([&] { return std::filesystem::exists(path); }));
}

}  // namespace warmup
