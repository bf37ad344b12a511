"""One table says of each column of the sample sheets what it is, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cohortmart.core.study.variables import study_variables, variable_kinds
from ingest.forget.pipeline import forget_file, forget_subject
from ingest.read.samples.sample_sheet import sample_schema
from tests.support.raw_study import RawStudy

ROLES = [
    ("study_group", "group", "factor", False),
    ("timepoint", "timepoint", "factor", False),
    ("cell_type", "cell_type", "factor", False),
    ("subject_id", "subject", "factor", False),
]


def study(tmp_path: Path, **block: Any) -> RawStudy:
    raw = RawStudy(tmp_path, block=block)
    lines = (raw.raw / "samples.csv").read_text().splitlines()
    more = ["state,batch,age,dose", *(f"Resting,b{n % 2},{30 + n},0.5" for n in range(6))]
    text = "\n".join(f"{line},{end}" for line, end in zip(lines, more, strict=True))
    (raw.raw / "samples.csv").write_text(text + "\n")
    return raw


def variables(raw: RawStudy) -> list[tuple[Any, ...]]:
    rows = raw.table("study_variable")
    assert [row["variable_order"] for row in rows] == list(range(1, len(rows) + 1))
    return [(r["variable"], r["role"], r["kind"], r["in_visit_key"]) for r in rows]


def test_roles_come_first_then_factors_then_numbers(tmp_path: Path) -> None:
    raw = study(tmp_path, factors=("batch",), covariates=("age", "dose"))
    raw.ingest()
    assert variables(raw) == [
        *ROLES,
        ("batch", "factor", "factor", False),
        ("age", "covariate", "number", False),
        ("dose", "covariate", "number", False),
    ]


def test_the_joined_visit_key_is_a_variable_where_there_are_several(tmp_path: Path) -> None:
    raw = study(tmp_path, visit_key=("state",), factors=("batch",))
    raw.ingest()
    own = [("state", "factor", "factor", True), ("batch", "factor", "factor", False)]
    assert variables(raw) == [*ROLES, *own]
    raw.block = {"visit_key": ("state", "batch")}
    raw.ingest()
    joined = ("visit_key", "visit_key", "factor", True)
    own = [("state", "factor", "factor", True), ("batch", "factor", "factor", True)]
    assert variables(raw) == [*ROLES, joined, *own]


def test_columns_of_the_samples_have_the_type_of_their_kind(tmp_path: Path) -> None:
    raw = study(tmp_path, factors=("batch",), covariates=("age", "dose"))
    types = {field.name: str(field.type) for field in sample_schema(raw.study)}
    kinds = variable_kinds(raw.study)
    assert list(kinds) == [v.name for v in study_variables(raw.study)]
    words = {"factor": "string", "number": "double"}
    assert {name: types[name] for name in kinds} == {n: words[k] for n, k in kinds.items()}
    assert set(types) - set(kinds) == {"sample_id", "group_order", "visit_order", "visit_key"}


def test_it_stays_when_people_go_and_goes_with_the_sheet(tmp_path: Path) -> None:
    raw = study(tmp_path, factors=("batch",))
    raw.ingest()
    before = variables(raw)
    forget_subject(raw.home, "anna", raw.said.append)
    assert variables(raw) == before
    forget_file(raw.home, "counts.csv", raw.said.append)
    assert variables(raw) == before
    forget_file(raw.home, "samples.csv", raw.said.append)
    assert not list(raw.home.lake.glob("study_variable*"))


def test_the_same_study_gives_the_same_table(tmp_path: Path) -> None:
    raw = study(tmp_path, factors=("batch",))
    assert raw.ingest().changed
    assert not raw.ingest().changed
    raw.block = {"covariates": ("age",)}
    assert raw.ingest().changed
    assert variables(raw) == [*ROLES, ("age", "covariate", "number", False)]


def test_it_says_what_each_column_is(tmp_path: Path) -> None:
    raw = study(tmp_path, factors=("batch",), covariates=("age",))
    raw.describe = {"age": "age at inclusion, years"}
    raw.ingest()
    said = {row["variable"]: row["description"] for row in raw.table("study_variable")}
    assert said["age"] == "age at inclusion, years"
    assert said["batch"] == "Column `batch` of samples.csv."
    raw.describe = {"age": "years"}
    assert raw.ingest().changed
