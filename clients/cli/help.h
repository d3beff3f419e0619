#ifndef WARMUP_CLIENTS_CLI_HELP_H_
#define WARMUP_CLIENTS_CLI_HELP_H_

#include <CLI/CLI.hpp>
#include <string>

#include "clients/cli/terminal.h"

namespace warmup::cli {

// Writes `--help` like a page of a manual: what a command does, its usage,
// arguments, options and examples, wrapped to the terminal.
//
// Of a command's description the first paragraph is its summary; its footer
// are its examples, one a line, "# ..." a remark; a line in capitals begins a
// part of its own.
class HelpFormatter : public CLI::FormatterBase {
 public:
  // `style` is asked when help is written, not before; it outlives this.
  HelpFormatter(const Style& style, int columns)
      : style_(style), columns_(columns) {}

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;

 private:
  std::string Heading(const std::string& text) const;
  std::string Entry(const std::string& name, const std::string& text,
                    int name_width) const;
  std::string Usage(const CLI::App& app, const std::string& name) const;
  std::string Commands(const CLI::App& app) const;
  std::string Options(const CLI::App& app) const;
  std::string Examples(const CLI::App& app) const;

  const Style& style_;
  const int columns_;
};

// The first paragraph of a command's description.
std::string SummaryOf(const CLI::App& app);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_HELP_H_
