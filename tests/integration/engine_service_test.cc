// Engines that are added, removed and watched, in a real daemon.

#include <string>
#include <vector>

#include "tests/integration/served_daemon.h"
#include "tests/support/fake_ollama.h"

namespace warmup {
namespace {

using grpc::StatusCode;

v1::ListEnginesResponse List(ServedDaemon& served) {
  return served.client.Ask(&Engines::ListEngines).Must();
}

bool HasModel(ServedDaemon& served, const std::string& id) {
  return served.client.Ask(&Models::GetModel, "model_id: '" + id + "'").ok();
}

TEST_CASE("Engines: the one built in is always there") {
  ServedDaemon served;
  REQUIRE(Eventually([&] { return List(served).engines(0).has_since(); }));
  const v1::Engine files = List(served).engines(0);
  CHECK(files.engine_id() == "files");
  CHECK(files.is_available());
  CHECK(files.origin() == v1::ENGINE_ORIGIN_CONFIGURED);
  CHECK(files.abilities().can_load());
  CHECK(files.abilities().shows_progress());
  CheckError(
      served.client.Ask(&Engines::RemoveEngine, "engine_id: 'files'").status,
      StatusCode::FAILED_PRECONDITION, "ENGINE_CONFIGURED",
      {{"engine", "files"}});
}

TEST_CASE("Engines: one is added, kept over a kill, and removed") {
  FakeOllama ollama;
  ollama.AddNamed("a:latest");
  const std::vector<std::string> sets = {"memory.budget_mib=10000"};
  ServedDaemon served(sets);
  const std::string where = "endpoint: '" + ollama.endpoint() + "'";
  const v1::Engine added =
      served.client.Ask(&Engines::AddEngine, where + " engine_id: 'mine'")
          .Must()
          .engine();
  CHECK(added.kind() == "ollama");
  CHECK(added.endpoint() == ollama.endpoint());
  CHECK(added.origin() == v1::ENGINE_ORIGIN_ADDED);
  REQUIRE(Eventually([&] { return HasModel(served, "a:latest"); }));
  CHECK(List(served).engines(1).version() == "0.17.4");
  CheckError(served.client.Ask(&Engines::AddEngine, where).status,
             StatusCode::ALREADY_EXISTS, "ENGINE_EXISTS", {{"engine", "mine"}});
  CHECK(served.Load("a:latest").Must().model().held_bytes() > 0);
  CHECK(ollama.IsLoaded("a:latest"));

  served.daemon.Kill();
  const DaemonProcess again = served.home.Start(sets);
  REQUIRE(List(served).engines_size() == 2);
  CHECK(List(served).engines(1).origin() == v1::ENGINE_ORIGIN_ADDED);
  REQUIRE(Eventually(
      [&] { return served.GetState("a:latest") == "MODEL_STATE_READY"; }));

  served.client.Ask(&Engines::RemoveEngine, "engine_id: 'mine'").Must();
  CHECK(List(served).engines_size() == 1);
  CHECK_FALSE(HasModel(served, "a:latest"));
  CHECK(ollama.IsLoaded("a:latest"));  // it stays its user's
  CheckError(
      served.client.Ask(&Engines::RemoveEngine, "engine_id: 'mine'").status,
      StatusCode::NOT_FOUND, "ENGINE_NOT_FOUND", {{"engine", "mine"}});
}

TEST_CASE("Engines: what cannot be one is refused, naming why") {
  ServedDaemon served;
  const auto add = [&](const std::string& request) {
    return served.client.Ask(&Engines::AddEngine, request).status;
  };
  CheckInvalid(add(""), "endpoint");
  CheckInvalid(add("endpoint: 'ftp://a' kind: 'ollama'"), "endpoint");
  CheckInvalid(add("endpoint: 'http://a:1' kind: 'toaster'"), "kind");
  CheckInvalid(add("endpoint: 'http://a:1' engine_id: 'a b'"), "engine_id");
  CheckInvalid(add("endpoint: 'http://a:1' token_file: 'b'"), "token_file");
  CheckInvalid(
      add("endpoint: 'http://a:1' kind: 'ollama' token_file: '/nothing'"),
      "token_file");
  // Nobody listens on port 1.
  CHECK(add("endpoint: 'http://127.0.0.1:1'").error_code() ==
        StatusCode::UNAVAILABLE);
  CHECK(List(served).engines_size() == 1);
}

TEST_CASE("Engines: a watch tells the list at once and when it changes") {
  FakeOllama ollama;
  ServedDaemon served;
  auto watch = served.client.Open(&Engines::WatchEngines, "");
  const auto first = watch.Next();
  REQUIRE(first.has_value());
  CHECK(first->engines_size() == 1);
  served.client
      .Ask(&Engines::AddEngine, "endpoint: '" + ollama.endpoint() +
                                    "' engine_id: 'mine' kind: 'ollama'")
      .Must();
  const auto await = [&](const auto& is_it) {
    for (;;) {
      const auto next = watch.Next();
      if (!next.has_value()) return false;
      if (next->engines_size() == 2 && is_it(next->engines(1))) return true;
    }
  };
  CHECK(await([](const v1::Engine& mine) {
    return mine.is_available() && mine.has_since();
  }));
  ollama.Stop();
  CHECK(await([](const v1::Engine& mine) { return !mine.is_available(); }));
  CHECK(served.daemon.Stop() == 0);
  while (watch.Next().has_value()) {
  }
  CHECK(watch.Finish().error_code() == StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace warmup
