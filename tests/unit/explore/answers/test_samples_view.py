"""Samples page: what stands out is ringed, named and first; what is filtered is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.explore.answers.addresses import sample_address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.samples import samples_view
from cohortmart.explore.answers.view import View
from cohortmart.explore.server.html import Frame, view_html
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support.explored_samples import HOSTILE, explored_samples
from tests.support.report_quality_rows import AGES, IDS, MS, SAMPLES


def _block(view: View, kind: type[Any], name: str) -> Any:
    return next(b for b in all_blocks(view.page) if isinstance(b, kind) and b.name == name)


def _map(view: View) -> Figure:
    return _block(view, Figure, "samples-map")  # type: ignore[no-any-return]


def _table(view: View) -> list[dict[str, Any]]:
    table: Table = _block(view, Table, "samples")
    return table.rows.to_pylist()


def _by_sample(figure: Figure, column: str) -> dict[str, Any]:
    points: Any = figure.data["points"]
    return dict(zip(points["sample"].to_pylist(), points[column].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Explored:
    return explored_samples(tmp_path_factory.mktemp("study") / "out")


def test_the_sample_that_is_far_off_is_ringed_first_and_one_click_away(explored: Explored) -> None:
    view = samples_view(explored, {})
    figure = _map(view)
    ringed = figure.data["ringed"].to_pylist()
    # id1 correlates at 0.5 with all others, these at 0.9; id8 has 10 of 45 million reads
    assert [r["words"] for r in ringed] == ["id8", "id1"]
    points = {r["sample"]: r for r in figure.data["points"].to_pylist()}
    assert points["id1"]["address"] == sample_address("id1") == "/sample?name=id1"
    assert (points["id1"]["x"], points["id1"]["y"]) == (7.0, 14.0)
    first = _table(view)[0]
    assert first["sample"] == "id1"
    assert "far less like the others (median r 0.500, of the middle sample 0.900)" in first["odd"]
    assert [link.address for link in view.links] == ["/sample?name=id1", "/sample?name=id8"]


def test_axes_hold_what_they_explain_and_can_be_picked(explored: Explored) -> None:
    layer = _map(samples_view(explored, {"x": "2", "y": "4"})).spec["layer"]
    titles = {(e["x"]["title"], e["y"]["title"]) for e in (one["encoding"] for one in layer)}
    assert titles == {("Component 2, 25.0 % (log2 CPM)", "Component 4, 12.5 % (log2 CPM)")}
    figure = _map(samples_view(explored, {"x": "2", "y": "4"}))
    assert _by_sample(figure, "x") == {s: 2.0 * i for i, s in enumerate(IDS)}


@pytest.mark.parametrize(
    ("colour", "field", "values"),
    [
        ("study_group", "study_group", [s[2] for s in SAMPLES]),
        ("batch", "value", list("ABABABAB")),
        ("age", "value", list(AGES.values())),
        ("subject_id", "subject", [s[1] for s in SAMPLES]),
    ],
)
def test_points_are_coloured_by_any_variable(
    explored: Explored, colour: str, field: str, values: list[Any]
) -> None:
    view = samples_view(explored, {"colour": colour})
    figure = _map(view)
    assert _by_sample(figure, field) == dict(zip(IDS, values, strict=True))
    assert f"'field': '{field}'" in repr(figure.spec)
    (control,) = (c for c in view.controls if c.name == "colour")
    assert control.value == colour
    assert colour in [o.value for o in control.options]


def test_filters_leave_out_points_rows_and_cells(explored: Explored) -> None:
    view = samples_view(explored, {"group": MS, "timepoint": "1st"})
    kept = {s[0] for s in SAMPLES if s[2] == MS and s[3] == "1st"}
    assert set(_map(view).data["points"]["sample"].to_pylist()) == kept
    assert {r["sample"] for r in _table(view)} == kept
    cells = _block(view, Figure, "similarity").data
    assert cells["samples"].num_rows == 2
    assert [round(r, 6) for r in cells["cells"]["r"].to_pylist()] == [0.9]


def test_a_set_has_its_own_map_and_samples(explored: Explored) -> None:
    view = samples_view(explored, {"samples": "one"})
    assert set(_by_sample(_map(view), "sample")) == set(IDS[:6])
    assert {r["sample"] for r in _table(view)} == set(IDS[:6])
    assert _block(view, Figure, "similarity").data["samples"].num_rows == 6


def test_what_an_address_has_wrong_is_as_if_it_was_not_there(explored: Explored) -> None:
    wrong = {"assay": "'", "samples": "<", "colour": "age; drop", "x": "99", "y": "", "group": "'"}
    assert _table(samples_view(explored, wrong)) == _table(samples_view(explored, {}))


def test_a_filter_that_keeps_nothing_says_so(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path)
    view = samples_view(explored, {"assay": "meth", "group": MS})
    assert "There is no map" in repr([b.words for b in all_blocks(view.page) if type(b) is Text])
    assert {r["sample"] for r in _table(view)} == {"id1", "id2", "id3", "id4"}
    assert "left out: sample_missing: Una failed" in {r["odd"] for r in _table(view)}


def test_many_samples_are_cut_and_it_is_said(
    explored: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohortmart.explore.answers.samples.similarity.MOST", 5)
    figure = _block(samples_view(explored, {}), Figure, "similarity")
    assert figure.data["samples"].num_rows == 5
    assert figure.data["cells"].num_rows == 10
    assert figure.caption.startswith("The first 5 of more: pick a group, timepoint or cell type")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path, HOSTILE)
    view = samples_view(explored, {"colour": "subject_id"})
    text = view_html(view, Frame("s"))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    for name in (HOSTILE["id1"], HOSTILE["id2"], HOSTILE["id4"]):
        assert sample_address(name) in _map(view).data["points"]["address"].to_pylist()


def test_numbers_have_no_names_ages_links_or_places(tmp_path: Path) -> None:
    explored = explored_samples(tmp_path, pseudonymise=True)
    for wanted in ({}, {"colour": "age"}, {"colour": "subject_id"}, {"assay": "meth"}):
        view = samples_view(explored, wanted).shown_to_others(explored.prepared().source.names)
        text = view_html(view, Frame("s", pseudonymised=True))
        assert "/sample?" not in text
        assert "/person?" not in text
        # of whom a reason speaks that the analysis gave, is said as the report says it
        rest = re.sub(r"sample_missing: person \d failed", "", text)
        assert re.search(r"person \d", rest) is None
        found = re.findall(r"\b(?:Ada|Ida|Eva|Una|id\d|age)\b", text)
        assert found == []
    figure = _map(samples_view(explored, {}))
    assert set(figure.data["points"].column_names) == {
        "x", "y", "study_group", "timepoint", "cell_type"
    }  # fmt: skip
    assert "ringed" not in figure.data
    assert {r["sample"] for r in _table(samples_view(explored, {}))} == {
        f"sample {n}" for n in range(1, 9)
    }


def test_a_study_without_samples_looked_at_says_so(tmp_path: Path) -> None:
    before = explored_samples(tmp_path)
    before.close()
    with duckdb.connect(str(before.home.warehouse)) as con:
        con.execute("delete from qc_sample")
    explored = Explored(before.home)
    view = samples_view(explored, {})
    assert view.page.sections == ()
    assert "No assay" in view.page.lead
