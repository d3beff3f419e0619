"""The command `warmupctl replay`, as benchmarks run it."""

import csv
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARMUPCTL = ROOT / "build/release/clients/cli/warmupctl"


def replay(trace, budgets, policies, seeds=(1,), context=None, per_user=False,
           reliability=None):
    """The rows of its CSV; `trace`, `context` and `reliability` are files."""
    command = [WARMUPCTL, "replay", "-o", "csv", "--trace", trace,
               "--budget", ",".join(budgets), "--policy", ",".join(policies),
               "--seed", ",".join(map(str, seeds))]
    if context:
        command += ["--context", context]
    if per_user:
        command.append("--per-user")
    if reliability:
        command += ["--reliability", reliability]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return list(csv.DictReader(result.stdout.splitlines()))
