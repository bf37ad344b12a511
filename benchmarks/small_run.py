"""A small study from raw files to tables: processor time, beside that of another checkout.

Usage: python benchmarks/small_run.py [OTHER_CHECKOUT] [TIMES]
OTHER_CHECKOUT (or COHORTMART_OTHER) is a folder with the code to compare with; its .venv is used
if it has one. Each code runs once unmeasured, so that what it keeps from run to run is there, and
then TIMES times (3) in turns with the other. Processor time of a command and all it starts, the
least of the runs: less depends on what else the machine does than wall time.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from measured import ROOT

STUDY = """
study: small
samples: {file: samples.csv, sample: sample_id, subject: subject, group: group, timepoint: visit}
timepoints: ['1st', '3rd']
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [counts.tsv]}
analyses:
  main:
    assay: rna
    values: log_cpm
    model: {means: [group, timepoint]}
    contrasts: {HP_3rd-1st: HP.3rd - HP.1st, MSvsHP_1st: MS.1st - HP.1st}
"""


def write_study(folder: Path) -> Path:
    """Ten samples of five people, fifty genes."""
    samples = [f"{group}{i}_{visit}" for group in ("HP", "MS") for i in range(3)
               for visit in ("1st", "3rd")][:10]  # fmt: skip
    sheet = ["sample_id,subject,group,visit"]
    sheet += [f"{name},{name[:3]},{name[:2]},{name[4:]}" for name in samples]
    (folder / "samples.csv").write_text("\n".join(sheet) + "\n")
    counts = np.random.default_rng(3).negative_binomial(5, 0.02, (50, len(samples)))
    rows = [f"G{g}\t" + "\t".join(map(str, row)) for g, row in enumerate(counts)]
    (folder / "counts.tsv").write_text("\n".join(["gene\t" + "\t".join(samples), *rows]) + "\n")
    (folder / "study.yml").write_text(STUDY)
    return folder / "study.yml"


def processor_seconds(code: Path, study: Path, out: Path) -> float:
    """User and system time of `run --no-report` with the code of a checkout."""
    own = code / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    command = [python, "-m", "cohortmart", "--quiet", "run", str(study)]
    command += ["--out", str(out), "--no-report"]
    child = os.fork()
    if child == 0:
        os.chdir(code)
        os.execve(python, command, os.environ | {"PYTHONPATH": str(code)})
    _, status, used = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed with {code}")
    return used.ru_utime + used.ru_stime


def main() -> int:
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("COHORTMART_OTHER")
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    codes = {"this code": ROOT} | ({"the other": Path(named).resolve()} if named else {})
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    with tempfile.TemporaryDirectory() as folder:
        study = write_study(Path(folder))
        for i in range(times + 1):
            for name, code in codes.items():
                seconds[name].append(processor_seconds(code, study, Path(folder, f"{name}{i}")))
    print("processor time of `run --no-report` of a small study (10 samples, 50 genes)")
    print(f"{'':12} {'first run':>10} {'later runs':>11}")
    for name, (first, *later) in seconds.items():
        print(f"{name:12} {first:8.1f} s {min(later):9.1f} s")
    if named:
        ratio = min(seconds["this code"][1:]) / min(seconds["the other"][1:])
        print(f"ratio        {'':10} {ratio:9.2f}   (target 0.25)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
