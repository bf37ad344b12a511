"""The whole command on the study's real CD8+ RNA-seq: seconds and memory, stage by stage.

Usage: python benchmarks/whole_run.py
Needs the real data (COHORTMART_TEST_DATA, default ../shared/data). Memory is the largest sum of
resident memory over the command and its children, sampled ten times a second from /proc.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("COHORTMART_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()
STUDY = ROOT / "examples" / "grams_cd8_rna" / "study.yml"
TARGET_SECONDS, TARGET_GB = 60, 1.5
PAGE = os.sysconf("SC_PAGE_SIZE")


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


def main() -> int:
    if not DATA.is_dir():
        print(f"no data at {DATA}: nothing timed")
        return 0
    environment = os.environ | {"COHORTMART_TEST_DATA": str(DATA)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cohortmart.cli", "run", str(STUDY), "--out"]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, f"{folder}/out"], env=environment, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        peak, done = [0], threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                peak[0] = max(peak[0], resident_bytes(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        out, err = process.communicate()
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
    if process.returncode != 0:
        print(out, err, sep="\n")
        return 1
    print(
        "cohortmart run on 13,456 genes x 84 samples, 7 analyses, 90 contrasts\n"
        f"  seconds     {seconds:8.1f} (target {TARGET_SECONDS}; load {os.getloadavg()[0]:.1f})\n"
        f"  memory      {peak[0] / 1e9:8.2f} GB (target {TARGET_GB})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
