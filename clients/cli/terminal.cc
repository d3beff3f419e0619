#include "clients/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"

namespace warmup::cli {

Style Style::For(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool is_refused = no_color != nullptr && *no_color != '\0';
  const bool is_dumb = term == nullptr || std::string_view(term) == "dumb";
  return Style(isatty(fd) == 1 && !is_refused && !is_dumb);
}

std::string Style::Wrap(std::string_view code, std::string_view text) const {
  if (!has_color_ || text.empty()) return std::string(text);
  return absl::StrCat("\033[", std::string(code), "m", std::string(text),
                      "\033[0m");
}

std::string Dotted(const std::vector<std::string>& parts, const Style& style) {
  std::vector<std::string> some;
  for (const std::string& part : parts) {
    if (!part.empty()) some.push_back(part);
  }
  return absl::StrJoin(some, style.Dim(" · "));
}

TerminalSize GetTerminalSize(int fd) {
  TerminalSize size;
  winsize window{};
  if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
      window.ws_row > 0) {
    size.columns = window.ws_col;
    size.rows = window.ws_row;
  }
  return size;
}

void Table::Add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), {}});
}

void Table::AddNote(std::string note) {
  rows_.back().notes.push_back(std::move(note));
}

std::string Table::Render(const Style& style) const {
  std::vector<int> widths;
  for (const Column& column : columns_) {
    widths.push_back(DisplayWidth(column.title));
  }
  for (const Row& row : rows_) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row.cells[i]));
    }
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto space =
          static_cast<size_t>(widths[i] - DisplayWidth(cells[i]));
      const std::string pad(space, ' ');
      if (i > 0) line += "  ";
      if (columns_[i].align == Align::kRight) line += pad;
      line += cells[i];
      if (columns_[i].align == Align::kLeft) line += pad;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    absl::StrAppend(&text, line, "\n");
  };
  std::vector<std::string> titles;
  for (const Column& column : columns_) {
    titles.push_back(style.Dim(column.title));
  }
  add_line(titles);
  for (const Row& row : rows_) {
    add_line(row.cells);
    for (const std::string& note : row.notes) {
      absl::StrAppend(&text, note, "\n");
    }
  }
  return text;
}

void Fields::Add(std::string name, std::string value) {
  if (value.empty()) return;
  fields_.emplace_back(std::move(name), std::move(value));
}

std::string Fields::Render(const Style& style) const {
  int width = 0;
  for (const auto& [name, value] : fields_) {
    width = std::max(width, DisplayWidth(name));
  }
  std::string text;
  for (const auto& [name, value] : fields_) {
    absl::StrAppend(&text, style.Dim(Fit(name, width)), "  ", value, "\n");
  }
  return text;
}

}  // namespace warmup::cli
