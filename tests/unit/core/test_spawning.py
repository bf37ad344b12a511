"""Processes of a script that is not guarded: it runs once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SCRIPT = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from cohortmart.core.spawning import without_main
print("begins")
with without_main(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
    print(list(pool.map(abs, [-1, -2])))
class Mine: pass
import pickle
print(type(pickle.loads(pickle.dumps(Mine()))) is Mine)
"""


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["begins", "[1, 2]", "True"]
