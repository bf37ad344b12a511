"""What a run, and `check` after one, say of whose samples are whose."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from cohortmart.app.check.identity import identity_text
from cohortmart.app.commands.summary_identity import identity_lines
from cohortmart.core.text import Noun
from cohortmart.core.warehouse.home import Home
from tests.support.identity_study import study
from tests.support.report_identity_rows import SAMPLES, identity

PATIENT = Noun("patient", "patients")


def written(con: duckdb.DuckDBPyConnection, rows: list[dict[str, object]]) -> None:
    samples = pa.table(
        {"sample_id": [s[0] for s in SAMPLES], "subject_id": [s[1] for s in SAMPLES]}
    )
    for name, table in {"qc_identity": pa.Table.from_pylist(rows), "dim_sample": samples}.items():
        con.register("given", table)
        con.execute(f"create table {name} as select * from given")
        con.unregister("given")


def test_numbers_and_every_odd_sample() -> None:
    con = duckdb.connect()
    assert identity_lines(con, PATIENT) == []
    written(con, identity())
    first, *odd = identity_lines(con, PATIENT)
    assert first == (
        "  identity: 5 of 24 measured samples are of the patient that the sheet says, 7 are not, "
        "12 cannot be told (table qc_identity)"
    )
    assert [line[:50] for line in odd] == [
        "    WARNING: meth: A2 and B2 are exchanged, by gen",
        "    WARNING: meth: C3 is not of C, but of nobody e",
        "    WARNING: patient D (3 samples: D1, D2, D3): fe",
        "    WARNING: meth: contaminated or failed by its S",
    ]


def test_nothing_where_nothing_can_be_told() -> None:
    con = duckdb.connect()
    written(con, [r for r in identity() if r["assay"] == "rna"])
    assert identity_lines(con, PATIENT) == []


def test_check_says_it_after_a_run(tmp_path: Path) -> None:
    assert identity_text(tmp_path, study()) == ""
    with duckdb.connect(str(Home(tmp_path).warehouse)) as con:
        written(con, identity())
    said = identity_text(tmp_path, study()).splitlines()
    assert said[0] == "Whose samples, by the last run"
    assert len(said) == 6
