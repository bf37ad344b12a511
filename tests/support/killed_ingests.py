"""Ingests that are killed, each in a process of its own.

Run as a script: `killed_ingests.py FOLDER EVENTS DELAYS`. It imports everything once and forks a
child for each moment, so that a moment costs no interpreter start. The script itself never uses
Arrow, whose threads a fork would lose.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from cohortmart.core.study.records import Assay, SampleSheet, Study
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import ingest

#: What Python does to files; the hook sees each before it happens.
_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "fcntl.flock"}
GENES = 500


def write_study(raw: Path, version: int) -> tuple[Study, Path]:
    """Write the raw files of version 1 or 2 of a study, which differ in everything."""
    folder = raw / f"v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"S{n}" for n in range(4 + 2 * version)]
    rows = [f"{s},P{n // 2},MS,{('BP', '1st')[n % 2]}" for n, s in enumerate(names)]
    (folder / "samples.csv").write_text("\n".join(["id,who,arm,visit", *rows]) + "\n")
    header = ",".join(["feature", *names])
    counts = [
        ",".join([f"G{g}v{version}", *(str(version * 1000 + g + n) for n in range(len(names)))])
        for g in range(GENES)
    ]
    (folder / "counts.csv").write_text("\n".join([header, *counts]) + "\n")
    betas = [
        ",".join(
            [f"cg{g}v{version}", *(f"{(g + n + version) % 97 / 97:.4f}" for n in range(len(names)))]
        )
        for g in range(GENES)
    ]
    (folder / "betas.csv").write_text("\n".join([header, *betas]) + "\n")
    study_file = folder / "study.yml"
    study_file.write_text(f"study: version {version}\n" * 100)
    study = Study(
        study=f"v{version}",
        samples=(
            SampleSheet(
                file=folder / "samples.csv",
                sample="id",
                subject="who",
                group="arm",
                timepoint="visit",
            ),
        ),
        timepoints=("BP", "1st"),
        groups=("MS",),
        assays={
            "rna": Assay(kind="counts", files=(folder / "counts.csv",)),
            "methylation": Assay(
                kind="beta", files=(folder / "betas.csv",), m_value_clip=1e-6 * version
            ),
        },
    )
    return study, study_file


class EventCounter:
    """Counts what is done to files below a folder; kills this process at one of the events."""

    def __init__(self, folder: Path, kill_at: int | None) -> None:
        self.folder = str(folder)
        self.kill_at = kill_at
        self.n = 0
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not (event == "fcntl.flock" or self.folder in str(args[0])):
            return
        self.n += 1
        if self.n == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(home: Path, raw: Path, kill_at: int | None) -> int:
    """Start the second version's ingest in a child and return its process id."""
    child = os.fork()
    if child:
        return child
    study, study_file = write_study(raw, 2)
    counter = EventCounter(home, kill_at)
    ingest(study, Home(home), study_file, lambda _: None)
    (home.parent / f"{home.name}.events").write_text(str(counter.n))
    os._exit(0)


def main(root: Path, moments: int, delays: int) -> None:
    """Kill `moments` ingests at events and `delays` at points in time; say what happened."""
    raw, base = root / "raw", root / "base"

    def fresh(name: str) -> Path:
        shutil.copytree(base, root / name)
        return root / name

    started = time.monotonic()
    _, status = os.waitpid(in_child(fresh("counted"), raw, None), 0)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit("the ingest that was not to be killed failed")
    events = int((root / "counted.events").read_text())
    ended = {}
    for k in range(moments):
        name = f"event{k}"
        _, status = os.waitpid(in_child(fresh(name), raw, 1 + k * (events - 1) // (moments - 1)), 0)
        ended[name] = status
    for k in range(delays):
        name = f"delay{k}"
        child = in_child(fresh(name), raw, None)
        time.sleep(seconds * (k + 1) / (delays + 1))
        os.kill(child, signal.SIGKILL)
        ended[name] = os.waitpid(child, 0)[1]
    print(json.dumps({"events": events, "ended": ended}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
