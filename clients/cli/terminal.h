#ifndef WARMUP_CLIENTS_CLI_TERMINAL_H_
#define WARMUP_CLIENTS_CLI_TERMINAL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warmup::cli {

// How the text on one output stream may look. Colours only where a person
// looks: a terminal, NO_COLOR unset, TERM not "dumb".
class Style {
 public:
  // What fits the open file `fd`.
  static Style For(int fd);
  static Style Plain() { return Style(false); }

  bool has_color() const { return has_color_; }

  std::string Bold(std::string_view text) const { return Wrap("1", text); }
  std::string Dim(std::string_view text) const { return Wrap("2", text); }
  std::string Red(std::string_view text) const { return Wrap("31", text); }
  std::string Green(std::string_view text) const { return Wrap("32", text); }
  std::string Yellow(std::string_view text) const { return Wrap("33", text); }
  std::string Blue(std::string_view text) const { return Wrap("34", text); }
  std::string Magenta(std::string_view text) const { return Wrap("35", text); }
  std::string Cyan(std::string_view text) const { return Wrap("36", text); }

 private:
  explicit Style(bool has_color) : has_color_(has_color) {}
  std::string Wrap(std::string_view code, std::string_view text) const;

  bool has_color_;
};

// Joined by dots, the empty ones left out.
std::string Dotted(const std::vector<std::string>& parts, const Style& style);

// Columns and rows of the terminal on `fd`; 100 x 40 where there is none.
struct TerminalSize {
  int columns = 100;
  int rows = 40;
};
TerminalSize GetTerminalSize(int fd);

enum class Align { kLeft, kRight };

// Text in columns as wide as their widest cell. Cells may carry colours.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty.
  void Add(std::vector<std::string> cells);
  // A line of its own below the last row, as long as it is.
  void AddNote(std::string note);
  bool empty() const { return rows_.empty(); }
  // Lines ending in \n: the titles, then the rows.
  std::string Render(const Style& style) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<std::string> notes;
  };

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

// "name   value" lines, the values below each other. Empty values are left
// out.
class Fields {
 public:
  void Add(std::string name, std::string value);
  std::string Render(const Style& style) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_TERMINAL_H_
