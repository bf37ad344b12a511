"""The line that says how bound to the person a feature is."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.single.person_bound import person_bound
from cohortmart.report.source import Source
from tests.support.report_source import small_source
from tests.support.report_variance_rows import SAMPLES, study

ANALYSES = {"rna": "counts", "meth": "methylation"}


@pytest.fixture
def asked() -> Asked:
    source = small_source(study(), SAMPLES)
    assert {f.name for f in fields(Source)} <= {f.name for f in fields(Asked)}
    return Asked.on(source, source.con)


def test_every_analysis_that_tells(asked: Asked) -> None:
    (text,) = person_bound(asked, ANALYSES, {"counts": {"g1": "", "g2": "IL2"}})
    assert text.words == (
        "Of the variance beside the model, between people lie 90 % (95 %: 80 to 95 %) in rna; "
        "25 % (95 %: 0 to 50 %) in rna, IL2."
    )


@pytest.mark.parametrize(
    "features", [{"counts": {"g4": ""}}, {"methylation": {"cg1": "", "g1": ""}}, {}]
)
def test_no_line_where_nothing_is_known(asked: Asked, features: dict[str, dict[str, str]]) -> None:
    assert person_bound(asked, ANALYSES, features) == ()


def test_a_warehouse_without_the_table() -> None:
    source = small_source({}, SAMPLES)
    assert person_bound(Asked.on(source, source.con), ANALYSES, {"counts": {"g1": ""}}) == ()
