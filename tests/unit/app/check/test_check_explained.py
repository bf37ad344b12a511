"""`cohortmart check` on `explained_by`: what will be parted, and what would be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cohortmart.app.check.report import check_study
from tests.support.mediated_raw_study import write_study
from tests.support.small_study import said


def text_of(folder: Path, **options: Any) -> str:
    return said(write_study(folder, {"explained_by": options}))


def test_it_says_what_it_will_do(tmp_path: Path) -> None:
    text = text_of(tmp_path, variables=["memory", "hormone"])
    assert (
        "note: explained_by: 3 contrasts within people will be parted into what `memory` and "
        "`hormone` explain and what remains, on 54 samples" in text
    )
    assert "note: not within people, so not parted: MSvsHP_3rd" in text
    named = text_of(tmp_path, variables=["memory"], contrasts=["MS_3rd-1st"])
    assert (
        "1 contrast within people will be parted into what `memory` explains and what remains"
        in named
    )
    assert "not parted" not in named


def test_it_refuses_what_the_analysis_would(tmp_path: Path) -> None:
    report = check_study(write_study(tmp_path, {"explained_by": {"variables": ["age"]}}))
    text = " ".join(report.text.split())
    assert "`age` explains nothing: it is the same at every timepoint of a person" in text
    assert report.faulty == ("cells",)
    between = {"variables": ["memory"], "contrasts": ["MSvsHP_3rd"]}
    report = check_study(write_study(tmp_path, {"explained_by": between}))
    assert "MSvsHP_3rd compares people" in " ".join(report.text.split())


def test_values_of_an_assay_come_with_the_run(tmp_path: Path) -> None:
    text = text_of(tmp_path, variables=["flow.memory"])
    assert "note: 1 sample left out, without a value of `flow.memory`: S053" in text
    assert "3 contrasts within people will be parted into what `flow.memory` explains" in text
    assert "on 53 samples" in text
    assert "note: values of `flow.memory` come with the run" in text


def test_analyses_that_differ_in_it_alone_are_told_apart(tmp_path: Path) -> None:
    file = write_study(tmp_path)
    text = file.read_text()
    start = text.index("  cells:")
    plain = text[start:].replace("  cells:", "  plain:")
    plain = plain[: plain.index("    explained_by")]
    file.write_text(text + plain)
    report = said(file)
    assert "Analysis cells" in report
    assert "Analysis plain" in report
    assert report.count("will be parted") == 1
