"""Sample page: who it is, what is odd, what it is like, where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.addresses import person_address, sample_address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples import sample_view
from cohortmart.explore.answers.view import View
from cohortmart.explore.server.html import Frame, view_html
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support.explored_samples import HOSTILE, explored_samples
from tests.support.report_quality_rows import IDS


def _rows(view: View, name: str) -> list[dict[str, Any]]:
    table = next(b for b in all_blocks(view.page) if isinstance(b, Table) and b.name == name)
    return table.rows.to_pylist()


def _texts(view: View) -> list[str]:
    return [b.words for b in all_blocks(view.page) if isinstance(b, Text)]


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return explored_samples(tmp_path_factory.mktemp("study") / "out")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return explored_samples(tmp_path_factory.mktemp("hostile") / "out", HOSTILE)


def test_an_outlier_says_who_it_is_what_it_is_unlike_and_why_it_is_left_out(
    explored: Explored,
) -> None:
    view = sample_view(explored, {"name": "id1"})
    assert view.page.title == "id1"
    assert view.page.lead == "Of person Una: <b>MS</b>, 2nd, CD4."
    said = _texts(view)
    assert said[0].startswith("rna: far less like the others (median r 0.500, of the middle")
    assert said[1] == "meth: left out, sample_missing: Una failed."
    sheet = {r["variable"]: r["value"] for r in _rows(view, "sheet")}
    assert sheet == {
        "Person": "Una", "Group": "<b>MS</b>", "Timepoint": "2nd", "Cell type": "CD4",
        "batch": "B", "plate": "plate id1",
    }  # fmt: skip
    assert [link.address for link in view.links] == [
        person_address("Una"), sample_address("id2"), "/samples"
    ]  # fmt: skip


def test_numbers_stand_beside_those_of_all(explored: Explored) -> None:
    rows = {(r["assay"], r["number"]): r for r in _rows(sample_view(explored, {"name": "id8"}),
                                                       "numbers")}  # fmt: skip
    reads = rows["rna", "million reads"]
    # 10, 30, 40, 40, 50, 50, 60, 70
    assert [reads[k] for k in ("own", "lowest", "middle", "highest")] == ["10", "10", "45", "70"]
    assert reads["place"] == "1 of 8 from below"
    likeness = rows["rna", "median r with the others"]
    assert (likeness["own"], likeness["lowest"], likeness["place"]) == (
        "0.9", "0.5", "2 of 8 from below"
    )  # fmt: skip
    assert ("rna", "TMM factor") not in rows  # the same in all
    assert rows["meth", "missing, %"]["highest"] == "7"


def test_the_nearest_samples_and_its_place_on_the_map(explored: Explored) -> None:
    view = sample_view(explored, {"name": "id8"})
    nearest = _rows(view, "nearest-rna")
    assert [(r["sample"], r["r"], r["same_person"]) for r in nearest] == [
        ("id2", 0.9, "–"), ("id3", 0.9, "–"), ("id4", 0.9, "–"), ("id5", 0.9, "–"),
        ("id6", 0.9, "–"), ("id7", 0.9, "yes"), ("id1", 0.5, "–"),
    ]  # fmt: skip
    assert nearest[5]["person"] == person_address("Ada")
    figure = next(b for b in all_blocks(view.page) if isinstance(b, Figure))
    assert figure.data["ringed"].to_pylist() == [
        {"x": 0.0, "y": 0.0, "words": "id8", "side": "right", "shift": 0,
         "address": "/sample?name=id8"}
    ]  # fmt: skip


def test_analyses_say_whether_they_take_it(tmp_path: Path) -> None:
    explored = explored_samples(
        tmp_path,
        design_matrix=[
            {"analysis": a, "sample_id": s} for a, s in (("one", "id1"), ("two", "id2"))
        ],
        analysis_run=[
            {"analysis": a, "assay": of, "parameters": "{}"}
            for a, of in (("two", "rna"), ("one", "rna"), ("three", "meth"), ("four", "proteins"))
        ],
    )
    rows = _rows(sample_view(explored, {"name": "id1"}), "analyses")
    assert [(r["analysis"], r["is_in"], r["why"]) for r in rows] == [
        ("three", "no", "sample_missing: Una failed"),
        ("four", "no", "not measured by proteins"),
        ("two", "no", "not among the samples that it takes ('where', or a measured covariate is "
         "missing)"),
        ("one", "yes", None),
    ]  # fmt: skip


def test_nothing_odd_is_said_and_a_sample_that_no_assay_has(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path)
    assert _texts(sample_view(explored, {"name": "id5"})) == [
        "Nothing is odd of this sample in rna and meth."
    ]
    other = explored_samples(tmp_path / "other", qc_sample=[
        {"assay": "rna", "sample_id": s, "lib_size": 1e6, "norm_factor": 1.0, "n_detected": 5,
         "missing_share": 0.0, "detection_failed_share": None, "filter_reason": None}
        for s in IDS[1:]
    ])  # fmt: skip
    assert _texts(sample_view(other, {"name": "id8"})) == ["No assay measured this sample."]


@pytest.mark.parametrize("key", ["id1", "id2", "id3", "id4"])
def test_hostile_names_are_found_and_stay_text(hostile: Explored, key: str) -> None:
    view = sample_view(hostile, {"name": HOSTILE[key]})
    assert view.page.title == HOSTILE[key]
    text = view_html(view, Frame("s"))
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [("id11", "did you mean `id1`?"), ("'; drop table x; --", "search above"),
     ("", "search above"), ("x" * 10_000, "search above")],
)  # fmt: skip
def test_a_name_that_is_not_there(explored: Explored, name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        sample_view(explored, {"name": name})
    assert hint in str(caught.value.hint)
    assert len(caught.value.problem) < 300


def test_numbers_are_no_one(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path, pseudonymise=True)
    view = sample_view(explored, {"name": "sample 3"})
    assert view.page.title == "sample 3"
    assert view.page.sections == ()
    assert view.links == ()
    assert view.page.lead == "Single people are not shown here: numbers stand for them."
    assert "".join(view.questions) == ""
    with pytest.raises(InputError, match="no sample called “id1”"):
        sample_view(explored, {"name": "id1"})
