#include "clients/cli/flags.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"

namespace warmup::cli {

CLI::App* AddCommand(CLI::App* parent, const std::string& name,
                     const std::string& summary, const std::string& details,
                     const std::string& examples) {
  CLI::App* command = parent->add_subcommand(
      name, details.empty() ? summary : absl::StrCat(summary, "\n\n", details));
  command->footer(examples);
  // -h after the command, and the global options too.
  command->fallthrough();
  return command;
}

CLI::Option* AddDuration(CLI::App* app, const std::string& name,
                         const std::function<void(absl::Duration)>& set,
                         const std::string& help) {
  const auto parse = [name, set](const std::string& text) {
    const absl::StatusOr<absl::Duration> duration = ParseDuration(text);
    if (!duration.ok()) {
      throw CLI::ValidationError(name,
                                 std::string(duration.status().message()));
    }
    set(*duration);
  };
  return app->add_option_function<std::string>(name, parse, help)
      ->type_name("DURATION");
}

CLI::Option* AddMilliseconds(CLI::App* app, const std::string& name,
                             const std::function<void(uint32_t)>& set,
                             const std::string& help) {
  const auto round = [name, set](absl::Duration duration) {
    const int64_t ms =
        absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1)));
    if (ms > std::numeric_limits<uint32_t>::max()) {
      throw CLI::ValidationError(name, "is longer than 49 days");
    }
    set(static_cast<uint32_t>(ms));
  };
  return AddDuration(app, name, round, help);
}

CLI::Option* AddTexts(CLI::App* app, const std::string& name,
                      const std::string& type,
                      google::protobuf::RepeatedPtrField<std::string>* texts,
                      const std::string& help) {
  const auto add = [texts](const std::vector<std::string>& given) {
    texts->Add(given.begin(), given.end());
  };
  return app->add_option_function<std::vector<std::string>>(name, add, help)
      ->type_name(type)
      ->allow_extra_args(false);
}

CLI::Option* AddBytes(CLI::App* app, const std::string& name,
                      const std::function<void(int64_t)>& set,
                      const std::string& help) {
  const auto parse = [name, set](const std::string& text) {
    const absl::StatusOr<int64_t> bytes = ParseBytes(text);
    if (!bytes.ok()) {
      throw CLI::ValidationError(name, std::string(bytes.status().message()));
    }
    set(*bytes);
  };
  return app->add_option_function<std::string>(name, parse, help)
      ->type_name("SIZE");
}

CLI::Option* AddWord(CLI::App* app, const std::string& name,
                     const std::vector<std::string>& words,
                     const std::function<void(const std::string&)>& set,
                     const std::string& help) {
  const auto parse = [name, words, set](const std::string& text) {
    if (std::find(words.begin(), words.end(), text) == words.end()) {
      throw CLI::ValidationError(
          name,
          absl::StrCat("'", text, "' is none of ", absl::StrJoin(words, ", ")));
    }
    set(text);
  };
  return app->add_option_function<std::string>(name, parse, help)
      ->type_name(absl::StrJoin(words, "|"));
}

CLI::Option* AddSwitch(CLI::App* app, const std::string& name,
                       const std::function<void(bool)>& set,
                       const std::string& help) {
  return AddWord(
      app, name, {"on", "off"},
      [set](const std::string& word) { set(word == "on"); }, help);
}

CLI::Option* AddPairs(CLI::App* app, const std::string& name,
                      const std::string& type,
                      google::protobuf::Map<std::string, std::string>* pairs,
                      const std::string& help) {
  const auto parse = [name, type,
                      pairs](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw CLI::ValidationError(name,
                                   absl::StrCat("'", text, "' is not ", type));
      }
      (*pairs)[text.substr(0, equals)] = text.substr(equals + 1);
    }
  };
  // One value for each time that it is given: what follows is another's.
  return app->add_option_function<std::vector<std::string>>(name, parse, help)
      ->type_name(type)
      ->allow_extra_args(false);
}

}  // namespace warmup::cli
