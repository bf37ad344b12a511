"""Person page: samples by visit and assay, measures over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples import person_view
from cohortmart.explore.answers.view import View
from cohortmart.explore.server.html import Frame, view_html
from cohortmart.report.blocks import Table, all_blocks
from tests.support.explored_samples import HOSTILE, explored_samples


def _block(view: View, name: str) -> Any:
    return next(b for b in all_blocks(view.page) if getattr(b, "name", "") == name)


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return explored_samples(tmp_path_factory.mktemp("study") / "out")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return explored_samples(tmp_path_factory.mktemp("hostile") / "out", HOSTILE)


def test_samples_by_visit_and_assay_lead_to_each(explored: Explored) -> None:
    view = person_view(explored, {"name": "Una"})
    assert (view.page.title, view.page.lead) == (
        "Person Una", "<b>MS</b>, 2 samples at 2 timepoints."
    )  # fmt: skip
    grid = _block(view, "person-grid").data["grid"].to_pylist()
    assert [(r["subject"], r["timepoint"], r["state"], r["address"]) for r in grid] == [
        ("meth, CD4", "1st", "all", "/sample?name=id2"),
        ("meth, CD4", "2nd", "left out", "/sample?name=id1"),
        ("rna, CD4", "1st", "all", "/sample?name=id2"),
        ("rna, CD4", "2nd", "all", "/sample?name=id1"),
    ]
    rows = _block(view, "person-samples").rows.to_pylist()
    assert [(r["sample"], r["timepoint"], r["measured"], r["left_out"]) for r in rows] == [
        ("id2", "1st", "meth, rna", None), ("id1", "2nd", "rna", "meth")
    ]  # fmt: skip
    assert [r["address"] for r in rows] == [sample_address("id2"), sample_address("id1")]


def test_the_sheet_has_what_is_the_same_in_all_samples(explored: Explored) -> None:
    table: Table = _block(person_view(explored, {"name": "Ada"}), "sheet")
    found = {r["variable"]: r["value"] for r in table.rows.to_pylist()}
    assert found == {"Group": "HP", "Cell type": "CD4", "age": "31"}


def test_few_measures_are_drawn_before_those_of_others(explored: Explored) -> None:
    figure = _block(person_view(explored, {"name": "Eva"}), "courses-hormones")
    rows = figure.data["courses"].to_pylist()
    own = [r for r in rows if r["is_own"]]
    assert [(r["timepoint"], r["value"], r["address"]) for r in own] == [
        ("1st", 4.0, "/sample?name=id4"), ("2nd", 5.0, "/sample?name=id3")
    ]  # fmt: skip
    assert len(rows) == 8
    assert "(3)" in figure.caption
    assert "pg/ml" in repr(figure.spec)


def test_many_measures_are_not_drawn(explored: Explored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmart.explore.answers.samples.own_courses.MOST_MEASURES", 0)
    assert [s.title for s in person_view(explored, {"name": "Eva"}).page.sections] == [
        "Samples", "Who it is"
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["Una", "Eva"])
def test_hostile_names_are_found_and_stay_text(hostile: Explored, key: str) -> None:
    view = person_view(hostile, {"name": HOSTILE[key]})
    text = view_html(view, Frame("s"))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert HOSTILE[key] in view.page.title


def test_a_person_who_is_not_there(explored: Explored) -> None:
    with pytest.raises(InputError, match="no person called “Una1”") as caught:
        person_view(explored, {"name": "Una1"})
    assert caught.value.hint == "did you mean `Una`?"


def test_numbers_are_no_one(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path, pseudonymise=True)
    view = person_view(explored, {"name": "person 2"})
    assert view.page.sections == ()
    assert view.page.lead == "Single people are not shown here: numbers stand for them."
    assert "".join(view.questions) == ""
    with pytest.raises(InputError):
        person_view(explored, {"name": "Una"})
