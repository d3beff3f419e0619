"""Just enough C++ to check style: code without comments and strings, and where
functions begin and end. It relies on the layout that clang-format gives."""

import re

_TOKEN = re.compile(
    r"""
      R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"
    | (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
    | "(?:\\.|[^"\\\n])*"
    | (?P<number>\b[0-9](?:'?[0-9A-Za-z_.])*)
    | '(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])')
_SCOPE = re.compile(
    r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?"
    r"(?:namespace|class|struct|union|enum|extern)\b")
_CLASS_LINE = re.compile(
    r"^ *(?:template\s*<.*>\s*)?(?:class|struct)\s+"
    r"(?:[A-Z][A-Z0-9_]+(?:\([^)]*\))?\s+)*(?P<name>(?:\w+::)*\w+)"
    r"(?:\s+final)?\s*(?:[:{]|$)")

_ACCESS = re.compile(r"^ *(?:public|protected|private):")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip(text):
    """`text` with its comments and the inside of its strings and characters
    blanked. Lines and columns stay."""

    def replace(match):
        if match.group("number"):
            return match.group()
        if match.group("comment"):
            return _blank(match.group())
        whole = match.group()
        return whole[0] + _blank(whole[1:-1]) + whole[-1]

    return _TOKEN.sub(replace, text)


def includes(text, code):
    """Yields (line number, '<x.h>' or '"x.h"'); `code` is strip(text)."""
    pairs = zip(text.split("\n"), code.split("\n"))
    for number, (line, code_line) in enumerate(pairs, 1):
        match = _INCLUDE.match(line)
        if match and code_line.lstrip().startswith("#"):
            yield number, match.group(1)


def _brace_pairs(code):
    """Yields (line index of "{", line index of "}") for braces that open at
    the end of a line and close at the start of one; outer pairs first."""
    lines = code.split("\n")
    open_braces, pairs = [], []
    for index, line in enumerate(lines):
        for column, char in enumerate(line):
            if char == "{":
                is_last = not line[column + 1:].strip()
                open_braces.append((index, is_last))
            elif char == "}" and open_braces:
                opened, is_last = open_braces.pop()
                if is_last and line.strip() == "}":
                    pairs.append((opened, index))
    return sorted(pairs)


def _indent(line):
    return len(line) - len(line.lstrip())


def functions(code):
    """Yields (line number of the head, lines in the body) of each function;
    lambdas and blocks belong to the function they are in. `code` comes from
    strip()."""
    lines = code.split("\n")
    ends = -1
    directives_blank = _DIRECTIVE.sub(lambda match: _blank(match.group()), code)
    for opened, closed in _brace_pairs(directives_blank):
        if opened < ends:
            continue
        first = opened
        while first > 0 and _indent(lines[first]) > _indent(lines[closed]):
            first -= 1
        head = "\n".join(lines[first:opened + 1])
        if "(" not in head or _SCOPE.match(head):
            continue
        ends = closed
        yield first + 1, closed - opened - 1


def enclosing_class(lines, number):
    """The innermost class or struct around line `number` (from 1), or None."""
    indent = _indent(lines[number - 1])
    for line in reversed(lines[:number - 1]):
        if _indent(line) >= indent or not line.strip():
            continue
        match = _CLASS_LINE.match(line)
        if match:
            return match.group("name").split("::")[-1]
        if not _ACCESS.match(line):
            indent = _indent(line)
    return None
