"""The study file, held against the formats of matrix files that ingest reads."""

from __future__ import annotations

from pathlib import Path

from cohortmart.core.study import load
from cohortmart.core.study.records import Study


def load_study(path: Path | str) -> Study:
    """Read and check a study file, see `cohortmart.core.study.load.load_study`."""
    from ingest.read.formats import FORMATS  # pyarrow, which `--help` need not wait for

    return load.load_study(path, formats=tuple(reversed(FORMATS)))
