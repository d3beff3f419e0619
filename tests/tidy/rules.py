"""The rules of tidy.py. Each takes a File and yields (line, rule, what)."""

import re

import source

# --- The layers: who may include whom ---------------------------------------
# A folder not named here inherits from its parent; one without either is a
# finding, so a new layer must be entered. Every folder may include itself.
# "proto" is the code generated from proto/.

_VALUES = ["core/base", "core/model"]
# What the ports speak of: whoever implements or calls one sees these too.
_PORTS = _VALUES + ["core/events", "core/session", "core/ports"]
_DECIDERS = ["core/events", "core/schedule", "core/session", "core/state",
             "core/registry", "core/monitor"]

LAYERS = {
    "core/base": [],
    "core/model": ["core/base"],
    "core/events": ["core/base"],
    # How victims are chosen is the same on shadow machines and in reality.
    "core/schedule": _VALUES + ["core/shadow"],
    "core/session": _VALUES,
    "core/state": _VALUES,
    "core/registry": _VALUES,
    "core/monitor": _VALUES,
    "core/ports": _PORTS,
    "core/shadow": ["core/base"],
    "core/foresight": ["core/base", "core/shadow"],
    "core/runtime": _PORTS + _DECIDERS + ["core/foresight", "core/shadow"],
    "core/replay": _PORTS + _DECIDERS + ["core/runtime", "core/shadow",
                                           "core/foresight"],
    "adapters/engines": _PORTS + ["adapters/host"],
    "adapters/engines/kserve": _PORTS + ["adapters/engines", "proto"],
    "adapters/host": _PORTS,
    "adapters/store": _PORTS + ["proto"],
    "adapters/probes": _PORTS + ["proto"],
    "adapters/lsp": _PORTS,
    "adapters/fleet": _PORTS + ["proto"],
    "adapters/trace": ["core/base", "core/replay", "core/shadow"],
    "gpu": _PORTS,
    "server": ["core", "adapters", "gpu", "proto"],
    "clients": ["proto"],
    # `warmupctl usage export` writes what `warmupctl replay` reads.
    "clients/cli": ["adapters/trace", "clients", "proto"],
    # `warmupctl replay` asks no daemon: it is the replay itself.
    "clients/cli/replay": ["adapters/trace", "clients", "core/base",
                           "core/replay", "core/shadow"],
    # Its models have the sizes that the replay draws.
    "demo": ["clients", "proto", "core/replay"],
    "bench": ["core", "adapters", "gpu", "server", "clients", "demo", "proto"],
    "tests": ["core", "adapters", "gpu", "server", "clients", "demo", "proto"],
}
_OURS = re.compile(r"(core|adapters|gpu|server|clients|demo|bench|tests)/")

# Headers from outside that a layer must not see.
_CORE_FORBIDDEN = re.compile(
    r"grpc|google/protobuf|\.pb\.h|cuda|nvml|curl|sqlite|prometheus|spdlog"
    r"|yaml-cpp|systemd|httplib")
# The deciders take `now` and plain values, and return plain values.
_SANS_IO = re.compile(
    r"^(core/(schedule|session|shadow|foresight|state|registry|monitor)"
    r"/|core/runtime/director)")
_SANS_IO_FORBIDDEN = re.compile(
    r"^(thread|mutex|condition_variable|future|chrono|fstream|iostream|cstdio"
    r"|unistd\.h|sys/.*|absl/time/clock\.h|core/base/mutex\.h)$")


def _layer(path):
    folder = path
    while "/" in folder:
        folder = folder.rsplit("/", 1)[0]
        if folder in LAYERS:
            return folder
    return None


def layers(file):
    layer = _layer(file.path)
    if layer is None:
        yield 1, "layer", "its folder is not in the table of tests/tidy/rules.py"
        return
    for number, name in file.includes():
        header = name[1:-1]
        if file.path.startswith("core/") and _CORE_FORBIDDEN.search(header):
            yield number, "layer", f"core must not see {name}"
        if _SANS_IO.match(file.path) and _SANS_IO_FORBIDDEN.match(header):
            yield number, "layer", f"a decider must not see {name}"
        if header.endswith(".pb.h") and "proto" not in LAYERS[layer]:
            yield number, "layer", f"{layer} must not see generated {name}"
        if not _OURS.match(header):
            continue
        if name[0] == "<":
            yield number, "layer", f"our own headers go in quotes: {name}"
        allowed = [layer] + LAYERS[layer]
        if not any(header.startswith(folder + "/") for folder in allowed):
            yield number, "layer", f"{layer} must not include {name}"


# --- Size --------------------------------------------------------------------
# About 400 and about 60 lines are meant; these are where it is too much.
MAX_FILE_LINES = 420
MAX_FUNCTION_LINES = 80
LONG_FILES = {}  # path: why it is longer


def file_length(file):
    lines = len(file.lines)
    if lines > MAX_FILE_LINES and file.path not in LONG_FILES:
        yield lines, "file-length", f"{lines} lines; {MAX_FILE_LINES} at most"


def function_length(file):
    for number, lines in source.functions(file.code):
        if lines > MAX_FUNCTION_LINES:
            yield number, "function-length", (
                f"a body of {lines} lines; {MAX_FUNCTION_LINES} at most")


MAX_PORT_FUNCTIONS = 6


def port_size(file):
    """A port is an interface that somebody else can implement in a day."""
    if not file.path.startswith("core/ports/"):
        return
    functions = {}
    lines = file.code.split("\n")
    for number, line in enumerate(lines, 1):
        if re.match(r"\s+virtual\s+(?!~)", line):
            name = source.enclosing_class(lines, number)
            functions[name] = functions.get(name, 0) + 1
            if functions[name] == MAX_PORT_FUNCTIONS + 1:
                yield number, "port-size", (
                    f"{name} has more than {MAX_PORT_FUNCTIONS} virtual "
                    "functions")


# --- Form ----------------------------------------------------------------------
def include_guard(file):
    guard = "WARMUP_" + re.sub(r"\W", "_", file.path).upper() + "_"
    directives = [(number, line.split()) for number, line in
                  enumerate(file.code.split("\n"), 1) if line.startswith("#")]
    words = [line for _, line in directives[:2]]
    if words != [["#ifndef", guard], ["#define", guard]]:
        line = directives[0][0] if directives else 1
        yield line, "include-guard", f"begins with #ifndef and #define {guard}"
    elif file.lines[-1] != f"#endif  // {guard}":
        yield len(file.lines), "include-guard", f"ends with #endif  // {guard}"


_TEST_NAME = re.compile(
    r'\b(?:TEST_CASE|SCENARIO|TEST_CASE_METHOD\s*\(\s*\w+\s*,)\s*\(?\s*'
    r'"((?:\\.|[^"\\])*)"')


def test_names(file):
    for match in _TEST_NAME.finditer(file.text):
        name = match.group(1)
        if not re.match(r"[A-Z][^:]*: ", name):
            yield file.line_at(match.start()), "test-name", (
                f'"{name}" is not like "Ledger: refuses a load above ..."')


_TO_DO = re.compile(r"\bTO" r"DO\b(?!\([a-z][\w.-]*\):)")


def to_do(file):
    for number, line in enumerate(file.lines, 1):
        if _TO_DO.search(line):
            yield number, "to-do", "names no owner: (name): follows the word"


def tabs(file):
    for number, line in enumerate(file.lines, 1):
        if "\t" in line:
            yield number, "tab", "spaces instead"


# --- Banned calls ----------------------------------------------------------------
# (where the rule holds, what is looked for in code, what to do instead)
_DAEMON = "core/|adapters/|gpu/|server/"
BANNED = [
    (r"(?!tests/support/eventually\.h)(?:core/|tests/)",
     r"\b(?:u|nano)?sleep\s*\(|\bsleep_(?:for|until)\b"
     r"|\bSleepFor\b", "no sleeps: a condition, a clock or a fake"),
    (r"", r"\b(?:strcpy|strcat|sprintf|vsprintf|gets)\s*\(",
     "it does not know how long its target is"),
    (r"", r"\b(?:s?rand|rand_r)\s*\(", "<random> with a seed"),
    (_DAEMON, r"\bstd::cout\b", "the log, or what the caller hands in"),
    (r"", r"\babsl::(?:Mutex|MutexLock|CondVar)\b", "core/base/mutex.h"),
    (r"(?!core/base/mutex\.h)(?:" + _DAEMON + ")",
     r"\bstd::(?:\w+_)?mutex\b|\bstd::condition_variable\b",
     "core/base/mutex.h"),
    (r"", r"(?m)^using\s+namespace\b", "not at file scope"),
    (r"(?!server/|clients/|demo/|bench/|tests/(?:cli|server)/)", r"\bgetenv\b",
     "settings come in through Options"),
]


def banned(file):
    for where, what, instead in BANNED:
        if not re.match(where, file.path):
            continue
        for match in re.finditer(what, file.code):
            yield file.line_at(match.start()), "banned", (
                f"{match.group().rstrip(' (')}: {instead}")


# --- What must be written down elsewhere too ---------------------------------------
_PROTO_ITEM = re.compile(
    r"^\s*(?:(?P<kind>message|enum|service|rpc)\s+(?P<name>\w+)"
    r"|(?:repeated |optional )?(?:map\s*<[^>]+>|[\w.]+)\s+(?P<field>\w+)"
    r"\s*=\s*\d+)")


def proto_comments(file):
    above = ""
    for number, line in enumerate(file.lines, 1):
        match = _PROTO_ITEM.match(line)
        if match and not above.startswith("//") and "//" not in line:
            name = match.group("name") or match.group("field")
            kind = match.group("kind") or "field"
            yield number, "proto-comment", f"{kind} {name} has no comment"
        above = line.strip()


def is_built(file, cmake):
    """`cmake` is the text of every CMakeLists.txt."""
    name = file.path.rsplit("/", 1)[1]
    if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", cmake):
        yield 1, "not-built", "no CMakeLists.txt names it"


_MUTEX_MEMBER = re.compile(
    r"^\s+(?:mutable\s+)?Mutex\s+(\w+)(?:\s+ABSL_.*)?;")


def lock_order(file, document):
    lines = file.code.split("\n")
    for number, line in enumerate(lines, 1):
        match = _MUTEX_MEMBER.match(line)
        name = match and source.enclosing_class(lines, number)
        if not name:
            continue
        mutex = f"{name}::{match.group(1)}`"
        if not re.search(r"\b" + mutex, document):
            yield number, "lock-order", f"docs/lock_order.md names no `{mutex}"
