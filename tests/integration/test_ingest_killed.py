"""An ingest that is killed at any moment leaves the old lake or the new one, never a mixture."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cohortmart.core.lake.file_manifest import CURRENT, read_current
from cohortmart.core.warehouse.home import Home
from ingest.pipeline import ingest
from tests.support.killed_ingests import write_study
from tests.support.paths import ROOT

MOMENTS, DELAYS = 20, 5


def shown(home: Home) -> dict[str, bytes]:
    """Everything that the lake shows, by file; every file is read to its end on the way."""
    files = {CURRENT: (home.lake / CURRENT).read_bytes()}
    for entry in read_current(home.lake):
        pq.read_table(home.lake / entry.path).validate(full=True)
        files[entry.path] = (home.lake / entry.path).read_bytes()
    return files


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_ingest_leaves_old_or_new(tmp_path: Path) -> None:
    study, study_file = write_study(tmp_path / "raw", 1)
    first = study_file.read_bytes()
    ingest(study, Home(tmp_path / "base"), study_file, lambda _: None)
    script = ROOT / "tests" / "support" / "killed_ingests.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(MOMENTS), str(DELAYS)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["events"] >= MOMENTS
    killed = [name for name, status in told["ended"].items() if status == signal.SIGKILL]
    assert len([name for name in killed if name.startswith("event")]) == MOMENTS

    old, new = shown(Home(tmp_path / "base")), shown(Home(tmp_path / "counted"))
    # named after its content: the variables of the sheet are the same in both
    shared = old.keys() & new.keys() - {CURRENT}
    assert [name.partition("-")[0] for name in shared] == ["study_variable"]
    assert old[CURRENT] != new[CURRENT]
    study, study_file = write_study(tmp_path / "raw", 2)
    outcomes = []
    for name in killed:
        home = Home(tmp_path / name)
        found = shown(home)
        assert found in (old, new), name
        outcomes.append(found == new)
        assert home.study_copy.read_bytes() in (first, study_file.read_bytes()), name

        ingest(study, home, study_file, lambda _: None)
        assert shown(home) == new, name
        assert home.study_copy.read_bytes() == study_file.read_bytes()
        left = [p.name for p in (*home.lake.iterdir(), *home.root.iterdir())]
        assert not [n for n in left if n.endswith(".tmp")], name
    assert set(outcomes) == {False, True}
