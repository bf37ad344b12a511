"""Signatures of study.yml: paths, columns, and names that mean one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import StudyError
from cohortmart.core.study.load import load_study
from cohortmart.core.study.records import Study
from cohortmart.core.study.rules.signatures import signatures_of

HEAD = """\
study: s
samples: {file: s.csv, subject: p, sample: i, timepoint: t}
timepoints: [a, b]
assays: {rna: {kind: counts, files: [c.tsv]}}
analyses:
"""
ANALYSIS = """\
  %s:
    assay: rna
    values: log_cpm
    model: {means: [timepoint]}
    contrasts: {time_within_group: all}
    signatures: %s
"""


def load(folder: Path, *signatures: str) -> Study:
    text = HEAD + "".join(ANALYSIS % (f"a{i}", s) for i, s in enumerate(signatures))
    (folder / "study.yml").write_text(text)
    return load_study(folder / "study.yml")


def test_a_path_alone_and_a_block(tmp_path: Path) -> None:
    study = load(tmp_path, "{ms: ms.csv, ra: {file: ra.xlsx, estimate: beta, opposite: true}}")
    signatures = signatures_of(study)
    assert list(signatures) == ["ms", "ra"]
    assert signatures["ms"].file == tmp_path / "ms.csv"
    assert signatures["ra"].file == tmp_path / "ra.xlsx"
    assert (signatures["ra"].estimate, signatures["ra"].opposite) == ("beta", True)
    assert (signatures["ms"].found, signatures["ms"].id) == (0.05, None)


def test_one_table_in_several_analyses(tmp_path: Path) -> None:
    study = load(tmp_path, "{ms: ms.csv}", "{ms: ms.csv, ra: ra.csv}")
    assert sorted(signatures_of(study)) == ["ms", "ra"]


@pytest.mark.parametrize(
    ("signatures", "said", "line"),
    [
        (("{ms: ms.csv}", "{ms: other.csv}"), "`ms` is another table here than in analysis `a0`",
         17),
        (("{ms: ms.csv}", "{ms: {file: ms.csv, p: P}}"), "`ms` is another table here", 17),
        (("{ms: {file: ms.csv, id: a, estimate: a}}",), "`id` and `estimate` name the same column",
         11),
        (("{ms: {file: ms.csv, estimat: a}}",), "estimate", 11),
        (('{"": ms.csv}',), "a table of `signatures` has no name", 11),
        (("{ms: {estimate: a}}",), "file", 11),
        (("{ms: {file: ms.csv, found: 2}}",), "found", 11),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, signatures: tuple[str, ...], said: str, line: int) -> None:
    with pytest.raises(StudyError) as error:
        load(tmp_path, *signatures)
    assert said in str(error.value)
    assert error.value.line == line
