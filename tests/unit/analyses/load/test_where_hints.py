"""A `where` that fails: the message names the column, the quotes or the value that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from analyses.load.samples import chosen_samples
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Analysis, SampleSheet

SHEET = SampleSheet(
    file=Path("s.csv"), sample="library name", subject="patient", group="Disease", cell_type="cells"
)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(
            "create table dim_sample as select * from (values"
            " ('s1', 'p1', 'MS', '1st', 'CD8', 30.0, 'A'),"
            " ('s2', 'p2', 'HP', '3rd', 'CD4', 31, 'B')"
            ") as t (sample_id, subject_id, study_group, timepoint, cell_type, age, batch)"
        )
        con.execute(
            "create table qc_sample as select 'rna' as assay, sample_id,"
            " cast(null as varchar) as filter_reason from dim_sample"
        )
        yield con


def chosen(con: duckdb.DuckDBPyConnection, where: str) -> list[str]:
    analysis = Analysis.model_validate(
        {"assay": "rna", "values": "voom", "where": where, "model": {"means": ["group"]},
         "contrasts": {"x": "a"}}
    )  # fmt: skip
    study: Any = SimpleNamespace(samples=(SHEET,))
    ids: list[str] = chosen_samples(con, "main", analysis, study)["sample_id"].to_list()
    return ids


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("group = 'MS'", "the column for `group` is `study_group`"),
        ("GROUP = 'MS'", "the column for `GROUP` is `study_group`"),
        ("\"group\" = 'MS'", "the column for `group` is `study_group`"),
        ("age > 3 and not group in ('HC')", "the column for `group` is `study_group`"),
        ("lower(group) = 'ms'", "the column for `group` is `study_group`"),
        ("dim_sample.group = 'MS'", "the column for `group` is `study_group`"),
        ("subject = 'p1'", "the column for `subject` is `subject_id`"),
        ("sample <> 's1'", "the column for `sample` is `sample_id`"),
        ("patient = 'p1'", "the column for `patient` is `subject_id`"),
        ("disease = 'MS'", "the column for `disease` is `study_group`"),
        ("Cells = 'CD8'", "the column for `Cells` is `cell_type`"),
        ("\"library name\" = 's1'", "the column for `library name` is `sample_id`"),
        ("group = 'MS' and subject = 'p1'", "`study_group`; the column for `subject`"),
        ('study_group = "MS"', "a value stands in single quotes: `study_group = 'MS'`"),
        ("study_group = MS", "a value stands in single quotes: `study_group = 'MS'`"),
        ('study_group = "XY"', "a value stands in single quotes: 'XY'"),
        ("timepoint in (1st, 3rd)", "single quotes: `timepoint = '1st'`"),
        ("study_group = ‘MS’", "write straight single quotes: '"),
        ("cell_typ = 'CD8'", "did you mean `cell_type`?"),
        ("age = 30 & batch = 'A'", "write `and` for &"),
        ("age = 30 || batch = 'A' = 3", "write `or` for |"),
        ("where age = 30", "leave the word `where` out"),
        ("age = 30;", "leave the ; out"),
        ("(age = 30", "as many parentheses"),
        ("study_group = 'MS", "a quote is opened and not closed"),
        ("subject_id = 3", "text in single quotes"),
        ("nonsense >", "describe dim_sample"),
    ],
)
def test_what_was_meant(con: duckdb.DuckDBPyConnection, where: str, hint: str) -> None:
    with pytest.raises(AnalysisError) as error:
        chosen(con, where)
    assert hint in (error.value.hint or "")
    assert "sample_id, subject_id, study_group" in str(error.value)


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("cell_type = 'cd8'", "no sample has the cell_type 'cd8'; did you mean 'CD8'?"),
        ("CELL_TYPE == 'NK'", "no sample has the cell_type 'NK': there are CD4, CD8"),
        ("timepoint in ('2nd', 'PP')", "the timepoint 'PP': there are 1st, 3rd"),
        ("study_group = 'MS' and cell_type = 'CD4'", "loosen the condition"),
        ("age > 99", "loosen the condition"),
    ],
)
def test_values_that_no_sample_has(con: duckdb.DuckDBPyConnection, where: str, hint: str) -> None:
    with pytest.raises(AnalysisError, match="no sample of assay rna is chosen") as error:
        chosen(con, where)
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    "where", ["timepoint == '1st'", "Study_Group = 'MS'", "batch in ['A']", "age = 30 -- group"]
)
def test_what_works_is_left_alone(con: duckdb.DuckDBPyConnection, where: str) -> None:
    assert chosen(con, where) == ["s1"]


def test_a_column_of_the_study_with_the_name_of_a_role_is_its_own(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("alter table dim_sample add column \"group\" varchar default 'X'")
    assert chosen(con, "\"group\" = 'X' and age = 30") == ["s1"]
    with pytest.raises(AnalysisError) as error:
        chosen(con, "\"group\" = 'X' and subject = 'p1'")
    assert error.value.hint == "the column for `subject` is `subject_id`"
