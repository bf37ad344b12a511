"""The explorer on a finished study, as people start it: a process of its own on a free port."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT


@dataclass(frozen=True)
class Running:
    """An explorer that runs.

    Parameters
    ----------
    address : str
        Of its first page, with the token where there is one; ends with `/` without one.
    process : Popen
    """

    address: str
    process: subprocess.Popen[str]

    def stop(self) -> str:
        """Press Ctrl-C, as people do; return what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=20)
        return said

    def most_memory(self) -> int:
        """Return the most memory it had so far, in MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


@contextmanager
def running_explorer(
    folder: Path, *, pseudonymise: bool = False, token: bool = False
) -> Iterator[Running]:
    """Start the explorer on an output folder; it is stopped at the end, and must end well."""
    flags = ["--pseudonymise"] * pseudonymise + ["--no-token"] * (not token)
    command = [sys.executable, "-m", "cohortmart", "explore", "--out", str(folder),
               "--port", "0", "--no-browser", *flags]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    running = Running(process.stdout.readline().strip().rpartition(": ")[2], process)
    try:
        assert running.address.startswith("http://"), running.stop()
        yield running
    finally:
        said = running.stop() if process.returncode is None else ""
        process.stdout.close()
    assert "Traceback" not in said, said


@contextmanager
def explorer(folder: Path, *, pseudonymise: bool = False, token: bool = False) -> Iterator[str]:
    """Start the explorer on an output folder; give the address of its first page."""
    with running_explorer(folder, pseudonymise=pseudonymise, token=token) as running:
        yield running.address
