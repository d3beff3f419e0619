#include "tests/adapters/engines/exec/exec_fixture.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "adapters/engines/exec/kin.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// serve.py PORT [--mib N] [--ignore-term] [--late SECONDS] [--status N]
// [--child MIB]
constexpr std::string_view kServer = R"py(#!/usr/bin/env python3
import argparse, http.server, os, signal, subprocess, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("--mib", type=int, default=0)
parser.add_argument("--child", type=int, default=0)
parser.add_argument("--ignore-term", action="store_true")
parser.add_argument("--late", type=float, default=0)
parser.add_argument("--status", type=int, default=200)
options = parser.parse_args()
if options.ignore_term:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
memory = b"\1" * (options.mib << 20)
if options.child:
    subprocess.Popen([sys.executable, "-c",
        f"memory = b'\1' * ({options.child} << 20)\n"
        "print('child', flush=True)\nimport time; time.sleep(600)"],
        start_new_session=True, stdout=sys.stdout)
time.sleep(options.late)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/burn":
            end = time.process_time() + 1
            while time.process_time() < end:
                pass
        self.send_response(options.status if self.path == "/health" else 200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer.allow_reuse_address = True
http.server.HTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
)py";

std::string NewId() {
  static int count = 0;
  return absl::StrCat("exec-", getpid(), "-", ++count);
}

}  // namespace

ExecHome::ExecHome() : id_(NewId()) {}

ExecHome::~ExecHome() {
  engine_.reset();
  CHECK(Processes().empty());
}

std::string ExecHome::Script(const std::string& name,
                             const std::string& text) const {
  const std::string path = folder_.File(name);
  std::ofstream(path) << (text.starts_with("#!") ? "" : "#!/bin/sh\n") << text;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

Command ExecHome::Server(const std::string& model, int port,
                         const std::vector<std::string>& rest) const {
  Command command;
  command.model = model;
  command.argv = {Script("serve.py", std::string(kServer)),
                  std::to_string(port)};
  command.argv.insert(command.argv.end(), rest.begin(), rest.end());
  command.ready.url = absl::StrCat("http://127.0.0.1:", port, "/health");
  return command;
}

Command ExecHome::Shell(const std::string& model,
                        const std::string& text) const {
  Command command;
  command.model = model;
  command.argv = {Script(model + ".sh", text)};
  command.working_directory = folder_.path();
  command.ready.line = "I am ready";
  return command;
}

ExecEngine::Options ExecHome::Options(std::vector<Command> commands) {
  ExecEngine::Options options;
  options.id = id_;
  options.commands = std::move(commands);
  options.inherited = InheritableEnvironment();
  options.on_output = [this](std::string_view model, std::string_view line) {
    MutexLock lock(mutex_);
    lines_.push_back(absl::StrCat(std::string(model), ": ", std::string(line)));
  };
  options.on_ended = [this](std::string_view model, const absl::Status& why) {
    MutexLock lock(mutex_);
    // What other tests leave is not ours.
    if (!model.empty()) ended_.emplace_back(model, why);
  };
  options.abort_grace = absl::Milliseconds(200);
  return options;
}

ExecEngine& ExecHome::Start(std::vector<Command> commands) {
  return Start(Options(std::move(commands)));
}

ExecEngine& ExecHome::Start(ExecEngine::Options options) {
  auto engine = ExecEngine::Create(std::move(options));
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  engine_ = *std::move(engine);
  return *engine_;
}

ModelSpec ExecHome::Spec(const std::string& model) const {
  ModelSpec spec;
  spec.id = model;
  spec.engine = id_;
  spec.source = model;
  return spec;
}

absl::StatusOr<LoadResult> ExecHome::Load(const std::string& model) {
  TestControl control;
  return engine_->Load(Spec(model), control);
}

LoadResult ExecHome::LoadOk(const std::string& model) {
  const auto result = Load(model);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return *result;
}

void ExecHome::UnloadOk(const std::string& model) {
  const absl::Status status = engine_->Unload(Spec(model));
  INFO(status.ToString());
  REQUIRE(status.ok());
}

Sighting ExecHome::LookAt(const std::string& model) {
  const auto sightings = engine_->Look({Spec(model)});
  INFO(sightings.status().ToString());
  REQUIRE(sightings.ok());
  REQUIRE(sightings->size() == 1);
  return (*sightings)[0];
}

std::vector<exec::ProcessInfo> ExecHome::Processes() const {
  std::vector<exec::ProcessInfo> found;
  for (const exec::ProcessInfo& process : exec::ReadProcesses()) {
    const auto marker = exec::ReadVariable(process.pid, exec::kMarkerName);
    if (marker.has_value() && marker->starts_with(id_ + "/")) {
      found.push_back(process);
    }
  }
  return found;
}

std::optional<exec::ProcessInfo> ExecHome::FindLeader(
    const std::string& model) const {
  for (const exec::ProcessInfo& process : Processes()) {
    const auto marker = exec::ReadVariable(process.pid, exec::kMarkerName);
    if (process.parent == getpid() && marker.has_value() &&
        marker->starts_with(absl::StrCat(id_, "/", model, "/"))) {
      return process;
    }
  }
  return std::nullopt;
}

exec::ProcessInfo ExecHome::LeaderOf(const std::string& model) const {
  const auto leader = FindLeader(model);
  INFO("the process of " << model);
  REQUIRE(leader.has_value());
  return *leader;
}

std::string ExecHome::Await(const std::string& file) const {
  std::string text;
  REQUIRE(Eventually([&] {
    std::ifstream stream(File(file));
    text = {std::istreambuf_iterator<char>(stream), {}};
    return text.ends_with('\n');
  }));
  return text;
}

std::vector<std::string> ExecHome::lines() {
  MutexLock lock(mutex_);
  return lines_;
}

std::vector<std::pair<std::string, absl::Status>> ExecHome::ended() {
  MutexLock lock(mutex_);
  return ended_;
}

}  // namespace warmup
