"""Two contrasts compared: counts against numpy and scipy, r beside its value without effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.compare import compare_view
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support.contrast_study import (
    DOWN,
    HOSTILE,
    OF_ONE,
    UP,
    contrast_study,
    is_found,
    results,
)

RNA = {"analysis": "rna_all", "contrast": UP}


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    opened = Explored(contrast_study(tmp_path_factory.mktemp("study")))
    yield opened
    opened.close()


def said(view: View) -> list[str]:
    return [b.words for b in all_blocks(view.page) if isinstance(b, Text)]


def overlap(view: View) -> list[dict]:
    return next(b for b in all_blocks(view.page) if isinstance(b, Table)).rows.to_pylist()


def test_r_stands_beside_its_value_without_effect(explored: Explored):
    words, _ = said(compare_view(explored, RNA | {"with_contrast": DOWN}))
    assert words == (
        "r = 0.25 (95 % interval 0.10 to 0.40) over 120 genes; without any effect it would be "
        "-0.50 (-0.60 to -0.40): weaker or opposite. Freed of measurement error r = 0.31 "
        "(95 % interval 0.12 to 0.50)."
    )


def test_the_overlap_that_is_not_stored_is_counted(explored: Explored):
    rows = overlap(compare_view(explored, RNA | {"with_contrast": DOWN}))
    first, second = (results(k)["log_fc"] for k in (0, 1))
    both = is_found(0) & is_found(1)
    ways = [both, both & (first > 0) & (second > 0), both & (first < 0) & (second < 0),
            both & (first > 0) & (second < 0), both & (first < 0) & (second > 0)]  # fmt: skip
    assert [row["n_both"] for row in rows] == [way.sum() for way in ways]
    assert rows[0]["p_value"] is None  # the same people are in both


def test_a_stored_overlap_is_read_from_either_side(explored: Explored):
    rows = overlap(compare_view(explored, RNA | {"with_contrast": HOSTILE}))
    assert [(r["n_first"], r["n_both"]) for r in rows[:2]] == [(70, 50), (71, 49)]
    turned = overlap(compare_view(explored, RNA | {"contrast": HOSTILE, "with_contrast": UP}))
    assert [(r["n_first"], r["n_second"]) for r in turned[:2]] == [(60, 70), (61, 71)]
    assert [r["n_both"] for r in turned] == [50, 49, 48, 46, 47]  # up-down is down-up there


def test_other_people_give_no_correlation_without_effect_and_fisher_a_p_value(explored: Explored):
    view = compare_view(explored, RNA | {"with_analysis": "npx", "with_contrast": UP})
    words = said(view)
    assert "without any effect it would be 0.00, as the two have no person in common" in words[0]
    assert "over 10 genes" in words[0]
    # of the two proteins of a gene the stronger one, G1 to G10 beside the genes of these names
    gene, protein = results(0), results(5)
    x, y = gene["log_fc"][1:11], protein["log_fc"][0:20:2]
    assert f"r = {np.corrcoef(x, y)[0, 1]:.2f} " in words[0]
    row = overlap(view)[0]
    a, b = is_found(0)[1:11], is_found(5)[0:20:2]
    table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
    assert row["n_both"] == table[0][0]
    assert row["p_value"] == pytest.approx(stats.fisher_exact(table, "greater").pvalue)


def test_shared_people_of_two_analyses_leave_it_unknown(explored: Explored, monkeypatch):
    import cohortmart.explore.answers.compare.correlation as correlation

    shared = correlation._SHARED.replace("analysis = $second", "analysis in ($second, 'betas')")
    monkeypatch.setattr(correlation, "_SHARED", shared)
    words = said(compare_view(explored, RNA | {"with_analysis": "npx", "with_contrast": UP}))
    assert "is not known: the two rest on people in common" in words[0]
    assert "no P value is known" in words[1]


def test_points_are_classed_and_lead_on(explored: Explored):
    view = compare_view(explored, RNA | {"with_contrast": DOWN})
    figure = next(b for b in all_blocks(view.page) if isinstance(b, Figure))
    points = figure.data["points"].to_pylist()
    counts = {c: sum(p["class"] == c for p in points) for c in {p["class"] for p in points}}
    a, b = is_found(0), is_found(1)
    same = np.sign(results(0)["log_fc"]) == np.sign(results(1)["log_fc"])
    assert counts.get("in both", 0) == (a & b & same).sum()
    assert counts.get("in both, opposite ways", 0) == (a & b & ~same).sum()
    assert counts.get("in neither", 0) == (~a & ~b).sum()
    by_name = {p["name"]: p for p in points}
    assert by_name["G3 (ENSG0003)"]["address"] == "/gene?name=G3"
    assert by_name["G3 (ENSG0003)"]["x"] == pytest.approx(results(0)["log_fc"][3])


def test_squares_count_every_feature(explored: Explored, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cohortmart.explore.answers.compare.picture.MOST_DOTS", 10)
    view = compare_view(explored, RNA | {"with_contrast": DOWN})
    figure = next(b for b in all_blocks(view.page) if isinstance(b, Figure))
    assert sum(figure.data["cells"]["n"].to_pylist()) == 120
    assert figure.data["points"].num_rows == (is_found(0) | is_found(1)).sum()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"with_analysis": "betas", "with_contrast": UP}, "cannot be compared"),
        ({}, "two contrasts are compared"),
        ({"with_contrast": "nothing"}, "has no contrast"),
    ],
)
def test_what_cannot_be_compared_is_said(explored: Explored, wanted, words: str):
    with pytest.raises(InputError, match=words):
        compare_view(explored, RNA | wanted)


def test_the_question_gives_both_changes(explored: Explored):
    view = compare_view(explored, RNA | {"with_contrast": DOWN})
    (question,) = [q for q in view.questions if "second_change" in q]
    with explored.asked() as asked:
        rows = asked.rows(question)
    assert len(rows) == 120
    assert rows[0]["first_change"] == results(0)["log_fc"][0]


def test_outside_no_contrast_of_one_person_is_compared(tmp_path):
    house = Explored(contrast_study(tmp_path), pseudonymise=True)
    with pytest.raises(InputError):
        compare_view(house, RNA | {"with_contrast": OF_ONE})
    house.close()
