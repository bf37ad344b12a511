"""Correlations of samples, two by two: which of them are of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cohortmart.report.blocks import Figure
from cohortmart.report.pages.quality.assays import assays
from cohortmart.report.pages.quality.sample_similarity import correlation_blocks
from cohortmart.report.source import Source
from tests.support.report_quality_rows import SAMPLES, study
from tests.support.report_source import small_source


def _source(**options: Any) -> Source:
    return small_source(study(), SAMPLES, analyses=("one", "two"), **options)


def correlation(source: Source) -> Figure:
    (figure,) = correlation_blocks(source, assays(source)[0])
    assert isinstance(figure, Figure)
    return figure


def test_samples_of_one_person_are_outlined_and_compared(tmp_path: Path) -> None:
    people = {s[0]: s[1] for s in SAMPLES}
    figure = correlation(_source())
    names = {r["place"]: r["name"].split(",")[0] for r in figure.data["samples"].to_pylist()}
    marked = [(r["x"], r["y"]) for r in figure.data["same"].to_pylist()]
    pairs = [(r["x"], r["y"]) for r in figure.data["cells"].to_pylist()]
    assert 0 < len(marked) < len(pairs)
    assert marked == [(x, y) for x, y in pairs if people[names[x]] == people[names[y]]]
    assert {r["words"] for r in figure.data["same"].to_pylist()} == {"of one person"}
    assert "Samples of one person (outlined) correlate at 0." in figure.caption
    # which samples are of one person is not told of people who are numbered
    hidden = correlation(_source(root=tmp_path, pseudonymised=True))
    assert "same" not in hidden.data
    assert "'same'" not in repr(hidden.spec)
    assert "Samples of one person correlate at 0." in hidden.caption
