"""Runs a command and says how long it took and how much memory it held."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """Wall time, and the largest sum of resident memory over the command and its children."""

    seconds: float
    gigabytes: float
    output: str


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all its descendants."""
    total = 0
    try:
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += resident_bytes(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command from the project's folder; memory is sampled ten times a second."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | dict(environment or {}), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], resident_bytes(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{output}")
    return Measured(seconds, peak[0] / 1e9, output)


def cohortmart(*arguments: str, environment: Mapping[str, str] | None = None) -> Measured:
    """Run one of our commands."""
    return run([sys.executable, "-m", "cohortmart.app.cli", *arguments], environment)
