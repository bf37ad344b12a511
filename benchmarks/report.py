"""The report: seconds, memory, size, and how soon a browser shows it; demo and real study.

Usage: python benchmarks/report.py [DIR ...]
DIR are output folders of finished runs, whose report is written anew; without any the demo is
run. benchmarks/findings.py times the report at full EPIC size. The browser is timed where there
is a Chromium.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measured import cohortmart, first_figure_seconds

TARGET = "target 60 s for the demo, 180 s and 3 GB at EPIC size; 8 MB; opens in 1 s"


def timed(out: Path) -> None:
    """Write the report of a finished run and print what it took."""
    done = cohortmart("report", "--out", str(out))
    index = out / "report" / "index.html"
    opened = first_figure_seconds(index.as_uri())
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
