"""Reads a Dockerfile of the few instructions that ours uses, and carries them
out in Roots (roots.py) instead of a container engine's layers. What it does
not know it refuses: a step that is not carried out is not proved."""

import fnmatch
import json
import os
import re
import shutil

_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_STANDARD_PATH = ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                  "/sbin:/bin")


class DockerfileError(Exception):
    pass


def instructions(text):
    """Yields (line number, word, rest), with continued lines joined."""
    pending, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (pending or line.strip()):
            continue
        first = first if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        word, _, rest = (pending + line).strip().partition(" ")
        yield first, word.upper(), rest.strip()
        pending = ""
    if pending:
        raise DockerfileError(f"Dockerfile:{first}: does not end")


def _flags(rest):
    flags = {}
    while match := _FLAG.match(rest):
        flags[match.group(1)] = match.group(2)
        rest = rest[match.end():]
    return flags, rest


def _ignore_rules(context):
    path = os.path.join(context, ".dockerignore")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [line for line in lines if line and not line.startswith("#")]


def _is_ignored(relative, rules):
    return any(
        fnmatch.fnmatch(os.path.basename(relative), rule[3:])
        if rule.startswith("**/") else fnmatch.fnmatch(relative, rule)
        for rule in rules)


class Image:
    """A finished stage: its root and what a container of it starts with."""

    def __init__(self, root):
        self.root = root
        self.environment = {"PATH": _STANDARD_PATH}
        self.workdir = "/"
        self.user = "0:0"
        self.labels = {}
        self.ports = []
        self.volumes = []
        self.entrypoint = []
        self.health_command = []
        self.health = {}
        self.stop_signal = "SIGTERM"

    def inherit(self, root):
        copy = Image(root)
        copy.__dict__.update({key: value for key, value in vars(self).items()
                              if key != "root"})
        copy.environment = dict(self.environment)
        return copy

    def start(self, command, **options):
        """subprocess.Popen of `command` as the image's user."""
        return self.root.start(command, environment=self.environment,
                               workdir=self.workdir, user=self.user, **options)


class Builder:
    """Builds the stages one after another. `context` is the folder COPY reads;
    `new_root(name)` makes a root from the base image, `copy_root(root, name)`
    from an earlier stage; `step(text, function)` runs and reports one step."""

    def __init__(self, context, new_root, copy_root, step):
        self.context = context
        self._new_root, self._copy_root = new_root, copy_root
        self._step = step
        self._ignored = _ignore_rules(context)
        self._stages = {}  # by name and by number
        self._arguments = {}
        self._image = None

    def build(self, text):
        """Returns the Image of the last stage."""
        for number, word, rest in instructions(text):
            method = getattr(self, "_do_" + word.lower(), None)
            where = f"Dockerfile:{number}"
            if method is None:
                raise DockerfileError(f"{where}: {word} is not understood")
            if self._image is None and word not in ("FROM", "ARG"):
                raise DockerfileError(f"{where}: {word} before FROM")
            self._step(f"{where}: {word} {' '.join(rest.split())}",
                       lambda: method(rest))
        return self._image

    def _expand(self, text):
        values = dict(self._arguments)
        if self._image:
            values.update(self._image.environment)
        return _VARIABLE.sub(
            lambda match: values.get(match.group(1) or match.group(2), ""),
            text)

    def _pairs(self, rest):
        """KEY=value KEY="value" ..."""
        for key, quoted, plain in re.findall(
                r'([\w.]+)=(?:"([^"]*)"|(\S*))', rest):
            yield key, self._expand(quoted or plain)

    def _do_from(self, rest):
        match = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", rest, re.IGNORECASE)
        base, name = match.groups()
        number = str(sum(key.isdigit() for key in self._stages))
        if base in self._stages:
            earlier = self._stages[base]
            self._image = earlier.inherit(
                self._copy_root(earlier.root, name or number))
        elif base == "debian:bookworm-slim":
            self._image = Image(self._new_root(name or number))
        else:
            raise DockerfileError(f"FROM {base}: no such stage or base")
        self._stages[number] = self._image
        if name:
            self._stages[name] = self._image
        self._arguments = {}

    def _do_arg(self, rest):
        key, _, value = rest.partition("=")
        self._arguments[key] = value

    def _do_env(self, rest):
        self._image.environment.update(self._pairs(rest))

    def _do_label(self, rest):
        self._image.labels.update(self._pairs(rest))

    def _do_workdir(self, rest):
        self._image.workdir = os.path.join(self._image.workdir,
                                           self._expand(rest))
        os.makedirs(self._image.root.inside(self._image.workdir),
                    exist_ok=True)

    def _do_user(self, rest):
        self._image.user = self._expand(rest)

    def _do_expose(self, rest):
        self._image.ports += [int(port) for port in rest.split()]

    def _do_volume(self, rest):
        self._image.volumes += json.loads(rest)

    def _do_stopsignal(self, rest):
        self._image.stop_signal = rest

    def _do_entrypoint(self, rest):
        self._image.entrypoint = json.loads(rest)

    def _do_healthcheck(self, rest):
        self._image.health, rest = _flags(rest)
        word, _, command = rest.partition(" ")
        if word != "CMD":
            raise DockerfileError("HEALTHCHECK without CMD")
        self._image.health_command = json.loads(command)

    def _do_run(self, rest):
        image = self._image
        process = image.root.start(
            ["/bin/sh", "-c", rest],
            environment={**image.environment, **self._arguments},
            workdir=image.workdir, user=image.user)
        if process.wait() != 0:
            raise DockerfileError(f"RUN failed ({process.returncode}): {rest}")

    def _do_copy(self, rest):
        flags, rest = _flags(rest)
        unknown = set(flags) - {"from"}
        if unknown:
            raise DockerfileError(f"COPY --{unknown.pop()} is not understood")
        *sources, target = self._expand(rest).split()
        into = self._image.root.inside(
            os.path.join(self._image.workdir, target))
        is_folder = target.endswith(("/", ".")) or len(sources) > 1
        for source in sources:
            if "from" in flags:
                path, ignored = self._stages[flags["from"]].root.inside(
                    source), []
            else:
                path, ignored = os.path.join(self.context, source), \
                    self._ignored
            self._copy(path, into, is_folder, ignored)

    def _copy(self, path, into, is_folder, ignored):
        if os.path.isdir(path):
            self._copy_tree(path, into, ignored)
            return
        target = os.path.join(into, os.path.basename(path)) if is_folder \
            else into
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)  # with its mode, as root

    def _copy_tree(self, top, into, ignored):

        def skip(folder, names):
            relative = os.path.relpath(folder, self.context)
            return [name for name in names if _is_ignored(
                os.path.normpath(os.path.join(relative, name)), ignored)]

        shutil.copytree(top, into, symlinks=True, ignore=skip,
                        copy_function=shutil.copy, dirs_exist_ok=True)
