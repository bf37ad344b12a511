"""Runs a command and says how long it took and how much memory it held."""

from __future__ import annotations

import os
import shutil
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


#: Notes in the page itself when its first figure is there: what a reader waits for, without
#: the time that the test driver takes to hear of it.
_NOTE = """
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.dataset.drawn === "true") window.firstFigure ??= performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
"""


def first_figure_seconds(address: str) -> float | None:
    """Seconds from opening a page to its first figure, best of three; None without Chromium."""
    browser = shutil.which("chromium")
    if browser is None:
        return None
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(3):
            context = window.new_context(viewport={"width": 1280, "height": 900})
            tab = context.new_page()
            tab.add_init_script(_NOTE)
            tab.goto(address)
            tab.wait_for_selector(".drawing[data-drawn=true]")
            times.append(tab.evaluate("window.firstFigure") / 1000)
            context.close()
        window.close()
    return min(times)
