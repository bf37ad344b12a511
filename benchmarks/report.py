"""The report: seconds, memory, size, and how soon a browser shows it; demo and real study.

Usage: python benchmarks/report.py [DIR ...]
DIR are output folders of finished runs, whose report is written anew; without any the demo is
run. benchmarks/findings.py times the report at full EPIC size. The browser is timed where there
is a Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from measured import cohortmart

TARGET = "target 60 s for the demo, 180 s and 3 GB at EPIC size; 8 MB; opens in 1 s"


#: Notes in the page itself when its first figure is there: what a reader waits for, without
#: the time that the test driver takes to hear of it.
_NOTE = """
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.dataset.drawn === "true") window.firstFigure ??= performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
"""


def opening_seconds(index: Path) -> float | None:
    """Time from the address to the first page with its first figure, best of three."""
    browser = shutil.which("chromium")
    if browser is None:
        return None
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(3):
            tab = window.new_page(viewport={"width": 1280, "height": 900})
            tab.add_init_script(_NOTE)
            tab.goto(index.as_uri())
            tab.wait_for_selector(".drawing[data-drawn=true]")
            times.append(tab.evaluate("window.firstFigure") / 1000)
            tab.close()
        window.close()
    return min(times)


def timed(out: Path) -> None:
    """Write the report of a finished run and print what it took."""
    done = cohortmart("report", "--out", str(out))
    index = out / "report" / "index.html"
    opened = opening_seconds(index)
    print(f"report of {out.name}, {len(list((out / 'report' / 'figures').glob('*.svg')))} figures")
    print(f"  seconds     {done.seconds:8.1f}")
    print(f"  memory      {done.gigabytes:8.2f} GB")
    print(f"  page        {index.stat().st_size / 1e6:8.2f} MB")
    if opened is not None:
        print(f"  first figure{opened:8.2f} s after opening")


def main() -> int:
    print(f"{TARGET}; load {os.getloadavg()[0]:.1f}", flush=True)
    folders = [Path(name) for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as temporary:
        if not folders:
            folders = [Path(temporary) / "demo"]
            cohortmart("demo", "--no-report", "--out", str(folders[0]))
        for folder in folders:
            timed(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
