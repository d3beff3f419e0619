"""What must be true of the finished image."""

import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
import urllib.request

_TOOLS = re.compile(
    r"^(cc|c\+\+|cpp|ld|as|make|cmake|ninja|protoc|(gcc|g\+\+|clang|clang\+\+)"
    r"(-\d+)?)$")
_TOOL_PACKAGES = re.compile(
    r"(-dev|-dbg|-dbgsym)$"
    r"|^(gcc|g\+\+|cpp|clang|llvm|binutils|make|cmake|ninja-build|git)(-\d+)?$")
_MODEL_BYTES = 8 << 20


class Failure(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failure(text)


def only_run_time(image, base_packages):
    """No tool, no header, no package that the two binaries do not need."""
    root = image.root
    extra = sorted(filter(_TOOL_PACKAGES.search, root.packages()))
    require(not extra, f"packages for building: {', '.join(extra)}")
    for folder, folders, names in os.walk(root.path):
        if folder == root.path:
            folders[:] = [name for name in folders
                          if name not in ("proc", "dev", "sys")]
        for name in names:
            path = os.path.join(folder, name)[len(root.path):]
            require(not name.endswith((".h", ".hpp", ".a", ".cc")),
                    f"{path} is for building")
            require(not (folder.endswith("bin") and _TOOLS.match(name)),
                    f"{path} is for building")
    require(not os.path.exists(root.path + "/src"), "/src is in the image")
    _every_package_is_linked(root, base_packages)


def _every_package_is_linked(root, base_packages):
    lines = root.query("ldd", "/usr/bin/warmupd", "/usr/bin/warmupctl")
    require("not found" not in lines, f"a library is missing:\n{lines}")
    # /lib is /usr/lib; dpkg knows a file by one name of the two.
    names = {os.path.basename(path)
             for path in re.findall(r"=> (/\S+)", lines)}
    # Asked for by name; what these depend on is Debian's affair.
    named = set(root.query("apt-mark", "showmanual").split())
    for package in sorted(named - base_packages):
        files = root.query("dpkg-query", "--listfiles", package).split()
        require(any(os.path.basename(path) in names for path in files),
                f"package {package} is not needed: no library of it is linked")


def _seconds(text):
    return int(text.removesuffix("s"))


def _own_network():
    """A network with a loopback only, as a container has: whatever listens on
    this machine is not in the way."""
    libc = ctypes.CDLL(None, use_errno=True)
    require(libc.unshare(0x40000000) == 0,  # CLONE_NEWNET
            f"unshare: {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914,  # SIOCSIFFLAGS: IFF_UP
                    struct.pack("16sH14x", b"lo", 1))


def _add_model(image):
    """A model of 8 MiB, somebody else's, as a mounted folder's are."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [_MODEL_BYTES // 4],
                               "data_offsets": [0, _MODEL_BYTES]}}).encode()
    with open(image.root.inside("/models") + "/tiny.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.write(os.urandom(_MODEL_BYTES))


def _await_model(image):
    """It is looked for in the background."""
    for _ in range(100):
        if "tiny" in _ctl(image, "models", "list"):
            return
        time.sleep(0.1)
    raise Failure("warmupctl models list does not name it")


def _wait_until_healthy(image, daemon):
    """Runs the HEALTHCHECK as an engine does, but without its pauses."""
    end = time.monotonic() + _seconds(image.health["start-period"]) + (
        int(image.health["retries"]) * _seconds(image.health["interval"]))
    while time.monotonic() < end:
        require(daemon.poll() is None,
                f"the daemon ended with {daemon.returncode}")
        probe = image.start(image.health_command)
        try:
            if probe.wait(_seconds(image.health["timeout"])) == 0:
                return
        except subprocess.TimeoutExpired:
            probe.kill()
            probe.wait()
        time.sleep(0.1)
    raise Failure("HEALTHCHECK never passed")


def _ctl(image, *arguments):
    process = image.start(["warmupctl", *arguments], stdout=subprocess.PIPE,
                          text=True)
    output, _ = process.communicate(timeout=30)
    require(process.returncode == 0,
            f"warmupctl {' '.join(arguments)} ended with {process.returncode}")
    return output


def _check_user(daemon):
    with open(f"/proc/{daemon.pid}/status", encoding="utf-8") as file:
        uid = re.search(r"^Uid:\s+(\d+)", file.read(), re.MULTILINE).group(1)
    require(uid == "10001", f"the daemon runs as user {uid}")


def _check_metrics(image):
    url = f"http://127.0.0.1:{image.ports[0]}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    require(re.search(r"^warmup_\w+", text, re.MULTILINE),
            f"{url} has no metric of ours")


def serves(image, step):
    """The entry point becomes healthy, works, and ends when it is told to."""
    _own_network()
    _add_model(image)
    daemon = image.start(image.entrypoint)
    try:
        step("HEALTHCHECK passes", lambda: _wait_until_healthy(image, daemon))
        step("The daemon is not root", lambda: _check_user(daemon))
        step("/metrics answers", lambda: _check_metrics(image))
        step("The model in /models is found", lambda: _await_model(image))
        step("It is loaded", lambda: _ctl(image, "load", "tiny"))
        stop = getattr(signal, image.stop_signal)
        daemon.send_signal(stop)
        step(f"{image.stop_signal} ends it with 0", lambda: require(
            daemon.wait(30) == 0, f"it ended with {daemon.returncode}"))
    finally:
        daemon.kill()
        daemon.wait()
