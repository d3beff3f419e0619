#include "clients/cli/target.h"

#include <cstdlib>
#include <optional>

#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

// A variable of the environment for the length of a test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() {
    old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
  std::optional<std::string> old_;
};

TEST_CASE("Target: the flag is stronger than the environment") {
  const ScopedVariable variable("WARMUP_TARGET", "127.0.0.1:1");
  CHECK(ResolveTarget("localhost:7") == "localhost:7");
  CHECK(ResolveTarget("") == "127.0.0.1:1");
}

TEST_CASE("Target: a path is a Unix socket") {
  CHECK(ResolveTarget("/run/d.sock") == "unix:/run/d.sock");
  CHECK(ResolveTarget("./d.sock") == "unix:./d.sock");
  CHECK(ResolveTarget("unix:/run/d.sock") == "unix:/run/d.sock");
}

TEST_CASE("Target: the user's own socket is the default") {
  const TempFolder folder;
  const ScopedVariable no_target("WARMUP_TARGET", "");
  const ScopedVariable runtime("XDG_RUNTIME_DIR", folder.File("run"));
  WriteFile(folder.File("run"), "");  // no folder: the socket cannot be there
  const std::string own = "unix:" + (folder.File("run")) + "/warmupd.sock";
  const std::string found = ResolveTarget("");
  // A daemon of the system, if this machine runs one, is as good.
  CHECK((found == own || found == "unix:/run/warmupd/warmupd.sock"));
}

}  // namespace
}  // namespace warmup::cli
