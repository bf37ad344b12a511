"""The output folder of the hostile study: run once, for all tests that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.finished_run import cohortmart
from tests.support.hostile_study import write_hostile_study
from tests.support.made_once import made_once


def hostile_run(factory: pytest.TempPathFactory) -> Path:
    """Return the folder; it is not to be changed."""

    def make(folder: Path) -> None:
        study = write_hostile_study(folder / "raw")
        cohortmart("run", study, "--out", folder / "out", "--no-report")

    return made_once(factory, "hostile", make) / "out"
