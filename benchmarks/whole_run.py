"""The whole command on the study's real CD8+ RNA-seq: seconds and memory, stage by stage.

Usage: python benchmarks/whole_run.py
Needs the real data (COHORTMART_TEST_DATA, default ../shared/data). Memory is the largest sum of
resident memory over the command and its children, sampled ten times a second from /proc.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measured import ROOT, cohortmart

DATA = Path(os.environ.get("COHORTMART_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()
STUDY = ROOT / "examples" / "grams_cd8_rna" / "study.yml"
TARGET_SECONDS, TARGET_GB = 60, 1.5


def main() -> int:
    if not DATA.is_dir():
        print(f"no data at {DATA}: nothing timed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        done = cohortmart(
            "run", str(STUDY), "--out", f"{folder}/out", "--no-report",
            environment={"COHORTMART_TEST_DATA": str(DATA)},
        )  # fmt: skip
        report = cohortmart("report", "--out", f"{folder}/out")
    print(
        "cohortmart run on 13,456 genes x 84 samples, 8 analyses, 91 contrasts, "
        "rebound, enrichment, modules\n"
        f"  seconds     {done.seconds:8.1f} "
        f"(target {TARGET_SECONDS}; load {os.getloadavg()[0]:.1f})\n"
        f"  memory      {done.gigabytes:8.2f} GB (target {TARGET_GB})\n"
        f"  its report  {report.seconds:8.1f} s, {report.gigabytes:.2f} GB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
