#ifndef WARMUP_CLIENTS_CLI_FLAGS_H_
#define WARMUP_CLIENTS_CLI_FLAGS_H_

#include <google/protobuf/map.h>
#include <google/protobuf/repeated_field.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "clients/cli/words.h"

// Options whose values people write in words: each of these adds one to `app`.
// A value that does not fit is told with what would.
namespace warmup::cli {

// A command below `parent`: `summary` is its line in the list, `details` (may
// be empty) come below it in its own help, `examples` one a line.
CLI::App* AddCommand(CLI::App* parent, const std::string& name,
                     const std::string& summary, const std::string& details,
                     const std::string& examples);

// "250ms", "90s", "1h30m".
CLI::Option* AddDuration(CLI::App* app, const std::string& name,
                         const std::function<void(absl::Duration)>& set,
                         const std::string& help);
// The same for a field in milliseconds, rounded up.
CLI::Option* AddMilliseconds(CLI::App* app, const std::string& name,
                             const std::function<void(uint32_t)>& set,
                             const std::string& help);
// "400MiB", "1.5GiB".
CLI::Option* AddBytes(CLI::App* app, const std::string& name,
                      const std::function<void(int64_t)>& set,
                      const std::string& help);
// May be given several times.
CLI::Option* AddTexts(CLI::App* app, const std::string& name,
                      const std::string& type,
                      google::protobuf::RepeatedPtrField<std::string>* texts,
                      const std::string& help);
// One of these words.
CLI::Option* AddWord(CLI::App* app, const std::string& name,
                     const std::vector<std::string>& words,
                     const std::function<void(const std::string&)>& set,
                     const std::string& help);
// on|off.
CLI::Option* AddSwitch(CLI::App* app, const std::string& name,
                       const std::function<void(bool)>& set,
                       const std::string& help);
// May be given several times; each is "key=value", shown as `type` ("K=V").
CLI::Option* AddPairs(CLI::App* app, const std::string& name,
                      const std::string& type,
                      google::protobuf::Map<std::string, std::string>* pairs,
                      const std::string& help);

// A whole number that the type holds.
template <class Number>
CLI::Option* AddNumber(CLI::App* app, const std::string& name,
                       const std::function<void(Number)>& set,
                       const std::string& help) {
  const auto parse = [name, set](const std::string& text) {
    Number number = 0;
    if (!absl::SimpleAtoi(text, &number)) {
      throw CLI::ValidationError(
          name, absl::StrCat("'", text, "' is not a whole number in range"));
    }
    set(number);
  };
  return app->add_option_function<std::string>(name, parse, help)
      ->type_name("N");
}

// One of an enum's words.
template <class Enum>
CLI::Option* AddEnum(CLI::App* app, const std::string& name,
                     const std::function<void(Enum)>& set,
                     const std::string& help) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Enum>();
  return AddWord(
      app, name, EnumWords(*descriptor),
      [descriptor, set](const std::string& word) {
        set(static_cast<Enum>(EnumFromWord(*descriptor, word).value_or(0)));
      },
      help);
}

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_FLAGS_H_
