"""What swings back in one group and not in another: counted by hand on five genes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.rebound import rebound_rows, rebound_view
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support.explored_rebound import explored_rebound
from tests.support.report_rebound_rows import HP, MS


def shown(view: View, kind: type) -> list[Any]:
    return [block for block in all_blocks(view.page) if isinstance(block, kind)]


def answer(view: View) -> pa.Table:
    return next(t for t in shown(view, Table) if t.name == "rebound-answer").rows


def test_the_first_question_is_of_the_group_that_is_compared_with_the_reference() -> None:
    view = rebound_view(explored_rebound(), {})
    rows = answer(view).to_pylist()
    assert [r["feature_id"] for r in rows] == ["g4"]
    (g4,) = rows
    assert (g4["gene_name"], g4["address"], g4["class"]) == (
        "IL2", "/gene?name=IL2", "up then down",
    )  # fmt: skip
    assert (g4["log_fc_first"], g4["log_fc_second"], g4["adj_p_rebound"]) == (1.0, -2.0, 0.001)
    assert (g4["other_first"], g4["other_second"], g4["other_adj_p"]) == (2.0, -0.5, 0.5)
    assert (g4["difference"], g4["difference_adj_p"], g4["differs"]) == (0.25, 0.01, True)
    said = shown(view, Text)[0].words
    assert said == (
        f"2 of 5 genes swing back in MS; 1 of them not in {HP}. Of these 1, 1 is tested to swing "
        "differently in the two groups."
    )
    assert [c.value for c in view.controls] == [MS, HP, ""]


def test_the_other_way_round_the_difference_turns_its_sign() -> None:
    rows = answer(rebound_view(explored_rebound(), {"in": HP, "not_in": MS})).to_pylist()
    assert [(r["feature_id"], r["difference"], r["differs"]) for r in rows] == [("g2", -1.0, True)]


def test_whatever_the_other_does_all_that_swings_back_is_shown_the_surest_first() -> None:
    view = rebound_view(explored_rebound(), {"in": MS, "not_in": "any"})
    assert answer(view)["feature_id"].to_pylist() == ["g4", "g1"]
    assert shown(view, Text)[0].words == (
        "2 of 5 genes swing back in MS: 2 up then down, 0 down then up."
    )


def test_only_what_is_tested_to_differ_is_kept_when_wished() -> None:
    explored = explored_rebound()
    with explored.asked() as asked:
        asked.con.execute("update staging.stg_results__rebound_differences set adj_p_value = 0.06")
    view = rebound_view(explored, {"tested": "1"})
    assert [t.name for t in shown(view, Table)] == []
    assert "Of these 1, 0 are" in shown(view, Text)[0].words
    assert view.downloads == ()


def test_points_lie_in_both_panels_and_lead_to_their_gene() -> None:
    figure = next(
        f
        for f in shown(rebound_view(explored_rebound(), {}), Figure)
        if f.name == "rebound-changes"
    )
    points = figure.data["points"]
    assert isinstance(points, pa.Table)
    got = points.select(["panel", "first", "second", "class", "address"]).to_pylist()
    assert [tuple(p.values()) for p in got] == [
        (1, 1.0, -2.0, "up then down", "/gene?name=IL2"),
        (2, 2.0, -0.5, "up then down", "/gene?name=IL2"),
    ]
    cells = figure.data["cells"]
    assert isinstance(cells, pa.Table)
    of_panel = {
        panel: sum(c["n"] for c in cells.to_pylist() if c["panel"] == panel) for panel in (1, 2)
    }
    assert of_panel == {1: 5, 2: 4}  # of g5 there is nothing in HP


def test_the_file_has_what_the_page_shows() -> None:
    explored = explored_rebound()
    wished = rebound_rows(explored, {"in": MS, "not_in": "any"})
    with explored.asked() as asked:
        rows = asked.table(wished.query, wished.params)
    assert rows["feature_id"].to_pylist() == ["g4", "g1"]


def test_how_it_was_asked_can_be_asked_again() -> None:
    explored = explored_rebound()
    view = rebound_view(explored, {})
    of_answer = [q for q in view.questions if "with swinging" in q and "count(*)" not in q]
    assert len(of_answer) == 1
    assert "staging.stg_results__rebounds " not in of_answer[0]
    with explored.asked() as asked:
        asked.con.execute(
            "create or replace temp view rebound_group as "
            "from staging.stg_results__rebound_differences"
        )
        again = asked.con.sql(of_answer[0]).fetchall()
    assert [row[0] for row in again] == ["g4"]


def test_pseudonymised_no_change_of_a_single_person_is_compared(tmp_path: Path) -> None:
    explored = explored_rebound(tmp_path, pseudonymised=True)
    with explored.asked() as asked:
        asked.con.execute("update dim_contrast set n_subjects = 1 where contrast like '%HP%'")
    view = rebound_view(explored, {})
    assert [r["feature_id"] for r in answer(view).to_pylist()] == ["g4", "g1"]
    assert "other_first" not in {c.name for c in shown(view, Table)[0].columns}
    with pytest.raises(InputError, match="no rebound"):
        rebound_view(explored, {"in": HP})


@pytest.mark.parametrize("wanted", [{"analysis": "x'; drop table rebound"}, {"in": "<b>"}])
def test_what_is_not_there_is_said_with_what_there_is(wanted: dict[str, str]) -> None:
    with pytest.raises(InputError, match="there is no rebound of"):
        rebound_view(explored_rebound(), wanted)


def test_a_study_without_rebound_says_so() -> None:
    explored = explored_rebound()
    with explored.asked() as asked:
        asked.con.execute("delete from rebound_summary")
    with pytest.raises(InputError, match="no changes that could swing back"):
        rebound_view(explored, {})
