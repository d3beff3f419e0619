// Loads a model with the script that it is given and says so; then it waits to
// be killed.
//   exec_engine_owner ENGINE FOLDER SCRIPT

#include <unistd.h>

#include <iostream>
#include <string>
#include <utility>

#include "adapters/engines/exec/exec_engine.h"

namespace {

class Control final : public warmup::LoadControl {
 public:
  bool IsCancelled() const override { return false; }
  void ReportProgress(int64_t /*done*/, int64_t /*total*/) override {}
};

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 4) return 2;
  warmup::Command command;
  command.model = "a";
  command.argv = {argv[3]};
  command.working_directory = argv[2];
  command.ready.line = "I am ready";
  warmup::ExecEngine::Options options;
  options.id = argv[1];
  options.commands = {std::move(command)};
  options.inherited = warmup::InheritableEnvironment();
  const auto engine = warmup::ExecEngine::Create(std::move(options));
  if (!engine.ok()) {
    std::cout << engine.status() << std::endl;
    return 1;
  }
  warmup::ModelSpec spec;
  spec.id = "a";
  spec.source = "a";
  Control control;
  std::cout << (*engine)->Load(spec, control).status() << std::endl;
  pause();
  return 0;
}
