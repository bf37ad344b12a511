"""An explored study of eight samples, counted by hand: one far off, one left out, hostile names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from tests.support.report_quality_rows import IDS, SAMPLES, study

#: Names as the worst of sheets have them, of samples and of people.
HOSTILE = {
    "id1": "</script><script>alert(1)</script>", "id2": "O'Brien & \"sons\"/é?#%",
    "id3": "\u202eabc", "id4": "x" * 300, "Una": "<img src=x onerror=alert(2)>", "Eva": "a&b=c",
}  # fmt: skip
_STUDY = """
study: small
groups: [HP, <b>MS</b>]
timepoints: [1st, 2nd]
assays: {rna: {}, meth: {}, hormones: {}}
analyses: {two: {}, one: {}}
"""


def explored_samples(
    folder: Path, names: dict[str, str] | None = None, *, pseudonymise: bool = False, **tables: Any
) -> Explored:
    """Write the study into a folder and open it.

    Parameters
    ----------
    folder : Path
    names : dict of str to str, optional
        What some samples and people are called instead.
    pseudonymise : bool
    **tables : list of dict
        In the place of those of the study.
    """
    home = Home(folder)
    home.lake.mkdir(parents=True)
    home.results.mkdir()
    home.study_copy.write_text(_STUDY)
    called = names or {}
    with duckdb.connect(str(home.warehouse)) as con:
        for name, rows in {**study(), **_measures(), **tables}.items():
            renamed = [
                {k: called.get(v, v) if isinstance(v, str) else v for k, v in row.items()}
                for row in rows
            ]
            con.register("given", pa.Table.from_pylist(renamed))
            con.execute(f"create table {name} as select * from given")
            con.unregister("given")
    return Explored(home, pseudonymise=pseudonymise)


def _measures() -> dict[str, Any]:
    """Return an assay of one hormone: the place of the sample is its value."""
    of = {"assay": "hormones", "feature_id": "E2", "measure_name": "Estradiol", "unit": "pg/ml"}
    return {
        "dim_measure": [of],
        "visit_measurement": [
            of | {"sample_id": s, "value": float(i), "subject_id": person}
            for i, (s, person) in enumerate(zip(IDS, (row[1] for row in SAMPLES), strict=True))
        ],
    }
