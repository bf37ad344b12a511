"""A new list of masked probes, or another manifest, computes methylation results anew."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cohortmart.app.cli import main
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.warehouse.home import connect_read_only
from tests.support.array_study import NO_CPG, ON_X, ArrayStudy

pytestmark = pytest.mark.slow  # several builds

ANALYSES = """
  main:
    assay: meth
    values: m_value
    model: {means: [group, timepoint], block: subject}
    contrasts: {late: HP.3rd - HP.1st}
"""


class Runs:
    """The study run again and again."""

    def __init__(self, arrays: ArrayStudy) -> None:
        self.arrays = arrays

    def tested(self) -> set[str]:
        """Run everything; return the probes of the results, alike in files and tables."""
        with pytest.raises(SystemExit) as left:
            main([
                "run", str(self.arrays.write()), "--out", str(self.arrays.home.root),
                "--quiet", "--no-report",
            ])  # fmt: skip
        assert left.value.code == 0
        con = connect_read_only(self.arrays.home)
        try:
            rows = con.execute("select feature_id from fct_contrast_result").fetchall()
        finally:
            con.close()
        assert {name for (name,) in rows} == set(self.written("feature_id"))
        return {name for (name,) in rows}

    def written(self, column: str) -> list[str]:
        results = self.arrays.home.results
        (path,) = (e.path for e in read_current(results) if e.table_name == "contrast_result")
        found: list[str] = pq.read_table(results / path)[column].to_pylist()
        return found


def test_masks_and_manifest_reach_the_results(tmp_path: Path) -> None:
    arrays = ArrayStudy(tmp_path, normalise_steps="[]", analyses=ANALYSES)
    runs = Runs(arrays)
    first = runs.tested()
    assert not {ON_X, NO_CPG} & first
    masked = sorted(first)[10:15]
    arrays.masked = masked
    assert runs.tested() == first - set(masked)
    arrays.on_x.add(min(first))
    assert runs.tested() == first - set(masked) - {min(first)}
    arrays.masked = masked[:1]
    assert runs.tested() == first - {masked[0], min(first)}
