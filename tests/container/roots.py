"""Clean Debian 12 file systems to run commands in: mmdebstrap makes the first,
a cached archive of it the others.

Everything here happens in a mount and process namespace of its own (see run),
so that mounts and processes end with it, however it ends.
"""

import contextlib
import os
import platform
import subprocess
import time

_CACHE_DAYS = 7
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_FALLBACK = """\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
"""


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def apt_sources():
    """This machine's sources of Debian 12, or Debian's own."""
    lines = set()
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        for line in _output("apt-get", "indextargets", "--format",
                            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                            "Created-By: Packages").splitlines():
            uri, suite, component = line.split()
            if suite.startswith("bookworm") and component == "main":
                lines.add(f"deb {uri} {suite} {component}\n")
    return "".join(sorted(lines)) or _FALLBACK


def apt_settings():
    """How this machine's apt reaches them: proxies and the like."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        wanted = tuple(f"Acquire::{name}" for name in
                       ("http", "https", "Retries", "Check-"))
        return "".join(
            line + "\n" for line in
            _output("apt-config", "dump", "--format", '%F "%v";%n',
                    "Acquire").splitlines()
            if line.startswith(wanted))
    return ""


def proxy_environment():
    """Settings of proxies, which a container engine hands on as well."""
    names = ("http_proxy", "https_proxy", "no_proxy")
    return {name: os.environ[name] for lower in names
            for name in (lower, lower.upper()) if name in os.environ}


def base_archive(report):
    """The archive of a minimal root, made if there is none of this week."""
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME")
                          or os.path.expanduser("~/.cache"), "warmupd")
    path = os.path.join(folder, f"bookworm-{platform.machine()}.tar")
    if (os.path.exists(path) and
            time.time() - os.path.getmtime(path) < _CACHE_DAYS * 86400):
        return path
    report("Make a clean Debian 12 with mmdebstrap")
    os.makedirs(folder, exist_ok=True)
    made = f"{path}.{os.getpid()}.tmp"
    # As debian:bookworm-slim is: /bin is /usr/bin from the start, and what
    # people read is left out.
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar",
               "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
               "--include=usr-is-merged"]
    for option in apt_settings().splitlines():
        command.append(f"--aptopt={option}")
    for what in ("man", "info", "locale", "lintian"):
        command.append(f"--dpkgopt=path-exclude=/usr/share/{what}/*")
    try:
        subprocess.run([*command, "bookworm", made, "-"], check=True,
                       input=apt_sources(), text=True)
        os.replace(made, path)
    finally:
        if os.path.exists(made):
            os.remove(made)
    return path


class Root:
    """One file system under `path`, with the devices and the network settings
    that a container engine would give it."""

    def __init__(self, path):
        self.path = path

    @classmethod
    def from_archive(cls, archive, path):
        os.makedirs(path)
        subprocess.run(["tar", "--extract", "--file", archive, "--directory",
                        path, "--numeric-owner", "--preserve-permissions",
                        "--exclude=./dev/*"], check=True)
        root = cls(path)
        root._write("etc/apt/sources.list", apt_sources())
        root._write("etc/apt/apt.conf.d/99host", apt_settings())
        root._mount()
        return root

    @classmethod
    def copy_of(cls, other, path):
        subprocess.run(["cp", "--archive", "--one-file-system", other.path,
                        path], check=True)
        root = cls(path)
        root._mount()
        return root

    def _write(self, name, text):
        with open(os.path.join(self.path, name), "w",
                  encoding="utf-8") as file:
            file.write(text)

    def _mount(self):

        def mount(target, *arguments):
            subprocess.run(["mount", *arguments, self.inside(target)],
                           check=True)

        mount("/proc", "-t", "proc", "proc")
        mount("/dev", "-t", "tmpfs", "-o", "mode=755", "tmpfs")
        for name in _DEVICES:
            open(self.inside(f"/dev/{name}"), "x").close()
            mount(f"/dev/{name}", "--bind", f"/dev/{name}")
        for name in ("shm", "pts"):
            os.mkdir(self.inside(f"/dev/{name}"))
        mount("/dev/shm", "-t", "tmpfs", "-o", "mode=1777", "tmpfs")
        mount("/dev/pts", "-t", "devpts", "-o", "newinstance,ptmxmode=666",
              "devpts")
        for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"),
                             ("stdin", "fd/0"), ("stdout", "fd/1"),
                             ("stderr", "fd/2")):
            os.symlink(target, self.inside("/dev") + "/" + name)
        for name in ("/etc/resolv.conf", "/etc/hosts"):
            with contextlib.suppress(FileExistsError):
                open(self.inside(name), "x").close()
            mount(name, "--bind", os.path.realpath(name))

    def inside(self, path):
        """Where `path` of this root is, seen from outside."""
        outside = os.path.realpath(os.path.join(self.path, path.lstrip("/")))
        if not (outside + "/").startswith(self.path + "/"):
            raise ValueError(f"{path} leads out of the root")
        return outside

    def start(self, command, *, environment, workdir="/", user="0:0",
              **options):
        """subprocess.Popen of `command` in this root."""
        settings = {**proxy_environment(), **environment}
        return subprocess.Popen(
            ["chroot", f"--userspec={user}", "--groups=", self.path,
             "/usr/bin/env", "--ignore-environment", f"--chdir={workdir}",
             *(f"{key}={value}" for key, value in settings.items()),
             *command],
            stdin=subprocess.DEVNULL, **options)

    def query(self, *command):
        """What `command` prints, run as root."""
        process = self.start(command, environment={"PATH": "/usr/sbin:/usr/bin"
                                                   ":/sbin:/bin"},
                             stdout=subprocess.PIPE, text=True)
        output, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed in {self.path}")
        return output

    def packages(self):
        return set(self.query("dpkg-query", "--show", "--showformat",
                              "${Package}\n").split())
