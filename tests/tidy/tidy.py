#!/usr/bin/env python3
"""Checks what compilers and clang-format do not: layers, sizes, banned calls,
names, comments of the API, the list of locks.

    tests/tidy/tidy.py [root]     one line a finding: path:line: rule: what

The rules and the table of layers are in rules.py. Fails if it finds anything.
"""

import pathlib
import re
import subprocess
import sys

import rules
import source

CODE = re.compile(r"(core|adapters|gpu|server|clients|demo|bench|tests)/.*"
                  r"\.(h|cc)$")
TEXT = re.compile(r"(.*\.(h|cc|proto|py|cmake|sh|yaml|yml|json)"
                  r"|(.*/)?(CMakeLists\.txt|Dockerfile)|(scripts|\.ci)/[^.]*)$")
PROTO = re.compile(r"proto/warmup/v1/.*\.proto$")
WITH_LOCKS = re.compile(r"(core|adapters|gpu|server)/.*\.(h|cc)$")
LOCK_ORDER = "docs/lock_order.md"


class File:
    """A text file by its path in the tree; `code` is its C++ without comments
    and strings."""

    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self._code = None

    @property
    def code(self):
        if self._code is None:
            self._code = source.strip(self.text)
        return self._code

    def includes(self):
        return source.includes(self.text, self.code)

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1


def list_files(root):
    """What git tracks or would; without git, all but build folders."""
    if (root / ".git").exists():
        names = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout.split("\0")
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    skipped = re.compile(r"(^|.*/)(build|node_modules|\.git)/")
    return sorted({name for name in names
                   if name and not skipped.match(name)
                   and (root / name).is_file()})


def check_file(file, cmake, lock_document):
    """Yields (line, rule, what) for one file. `cmake` is the text of every
    CMakeLists.txt."""
    if TEXT.match(file.path):
        yield from rules.tabs(file)
        yield from rules.to_do(file)
    if PROTO.match(file.path):
        yield from rules.proto_comments(file)
    if not CODE.match(file.path):
        return
    yield from rules.layers(file)
    yield from rules.file_length(file)
    yield from rules.function_length(file)
    yield from rules.port_size(file)
    yield from rules.banned(file)
    if file.path.endswith(".h"):
        yield from rules.include_guard(file)
    else:
        yield from rules.is_built(file, cmake)
    if file.path.startswith("tests/"):
        yield from rules.test_names(file)
    if WITH_LOCKS.match(file.path):
        yield from rules.lock_order(file, lock_document)


def check(root):
    """Returns the findings in the tree at `root` as text, sorted by place."""
    files = [File(root, path) for path in list_files(root)
             if TEXT.match(path) or path == LOCK_ORDER]
    cmake = "\n".join(file.text for file in files
                      if file.path.endswith("CMakeLists.txt"))
    lock_document = "".join(file.text for file in files
                            if file.path == LOCK_ORDER)
    findings = []
    for file in files:
        for line, rule, what in sorted(check_file(file, cmake, lock_document)):
            findings.append(f"{file.path}:{line}: {rule}: {what}")
    return findings


def main():
    default = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if sys.argv[1:] else default
    findings = check(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
