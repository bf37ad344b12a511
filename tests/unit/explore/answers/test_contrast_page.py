"""Page of a contrast: its counts against numpy, its rows, its clouds, and what is not shown."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.contrast import (
    contrast_counts,
    contrast_download,
    contrast_rows,
    contrast_view,
)
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Beside, Figure, Table, Text, all_blocks
from tests.support.contrast_study import (
    CONTRASTS,
    DOWN,
    GENES,
    HOSTILE,
    OF_ONE,
    UP,
    contrast_study,
    is_found,
    results,
)

RNA = {"analysis": "rna_all", "contrast": UP}
BETAS = {"analysis": "betas", "contrast": UP}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    return contrast_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def explored(home) -> Iterator[Explored]:
    opened = Explored(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def house(home) -> Iterator[Explored]:
    """The same study, shown outside of its house."""
    opened = Explored(home, pseudonymise=True)
    yield opened
    opened.close()


def figures(view: View) -> list[Figure]:
    return [f for b in all_blocks(view.page) if isinstance(b, Beside) for f in b.blocks]


def table(view: View) -> Table:
    return next(b for b in all_blocks(view.page) if isinstance(b, Table))


@pytest.mark.parametrize(
    ("wanted", "adj_p", "log_fc"),
    [
        ({}, 0.05, 0.0),
        ({"log10_adj_p": "-1.3"}, 0.05, 0.0),  # as near as a slider comes: the study's own
        ({"log10_adj_p": "-4"}, 1e-4, 0.0),
        ({"log_fc": "1.25"}, 0.05, 1.25),
        ({"log10_adj_p": "0", "log_fc": "0.5"}, np.inf, 0.5),
    ],
)
def test_counts_follow_the_thresholds(explored: Explored, wanted, adj_p: float, log_fc: float):
    counted = contrast_counts(explored, RNA | wanted)
    found, up = is_found(0, adj_p, log_fc), results(0)["log_fc"] > 0
    assert (counted["up"], counted["down"]) == ((found & up).sum(), (found & ~up).sum())
    assert counted["n"] == len(GENES)
    assert f"{counted['up']} up, {counted['down']} down" in counted["words"]


def test_delta_beta_is_a_threshold_of_cpgs(explored: Explored):
    counted = contrast_counts(explored, BETAS | {"delta_beta": "0.15"})
    expected = is_found(4) & (np.abs(results(4)["delta_beta"]) > 0.15)
    assert counted["up"] + counted["down"] == expected.sum() > 0
    assert "|delta beta| > 0.15" in counted["words"]
    assert contrast_counts(explored, RNA | {"delta_beta": "0.4"}) == contrast_counts(explored, RNA)


def test_rows_are_sorted_and_turned_over_all(explored: Explored):
    log_fc = results(0)["log_fc"]
    for falling in ("", "1"):
        ids: list[str] = []
        while True:
            page = contrast_rows(
                explored, RNA | {"sort": "log_fc", "falling": falling, "skipped": str(len(ids))}
            )
            if not page["rows"]:
                break
            ids += [row["feature_id"] for row in page["rows"]]
        order = np.argsort(-log_fc if falling else log_fc, kind="stable")
        assert ids == [GENES[i] for i in order]


def test_the_first_rows_are_the_strongest_with_interval_and_mark(explored: Explored):
    its, found = results(0), is_found(0)
    rows = contrast_rows(explored, RNA)["rows"]
    for i, row in enumerate(rows):
        assert row["feature_id"] == GENES[i]
        assert row["log_fc"] == its["log_fc"][i]
        assert row["ci_low"] == pytest.approx(its["log_fc"][i] - 0.2, abs=1e-6)
        assert row["ci_high"] == pytest.approx(its["log_fc"][i] + 0.2, abs=1e-6)
        direction = ("\u25b2 up" if its["log_fc"][i] > 0 else "\u25bc down") if found[i] else ""
        assert row["found"] == direction
    assert rows[0]["address"] == "/gene?name=%3Cb%3EG0%3C%2Fb%3E"


@pytest.mark.parametrize(
    ("key", "typed", "ids"),
    [
        (RNA, "g119", ["ENSG0119"]),
        (RNA, "ensg0042", ["ENSG0042"]),
        (BETAS, "g7", ["cg0014"]),
        (RNA, "' or 1 = 1 --", []),
        (RNA, "%", []),
    ],
)
def test_a_search_looks_at_ids_and_names(explored: Explored, key, typed: str, ids: list[str]):
    found = contrast_rows(explored, key | {"q": typed})
    assert [row["feature_id"] for row in found["rows"]] == ids
    assert found["n"] == len(ids)


def test_a_file_has_every_row_of_what_is_looked_for(explored: Explored):
    wished = contrast_download(explored, RNA | {"q": "g11", "found": "1", "log10_adj_p": "0"})
    with explored.asked() as asked:
        rows = asked.rows(wished.query, wished.params)
    assert {row["feature_id"] for row in rows} == {f"ENSG{i:04d}" for i in (11, *range(110, 120))}
    assert rows[0]["direction"] == "down"


def test_what_is_found_stands_in_the_clouds_and_leads_on(explored: Explored):
    volcano, level = figures(contrast_view(explored, RNA | {"log_fc": "1"}))
    points = volcano.data["features"].to_pylist()
    found = is_found(0, log_fc=1)
    assert [p["direction"] != "neither" for p in points] == list(found)
    assert [p["x"] for p in points] == list(results(0)["log_fc"])
    assert points[3]["address"] == "/gene?name=G3"
    assert [p["x"] for p in level.data["features"].to_pylist()] == pytest.approx(
        results(0)["ave_expr"]
    )


def test_squares_count_every_feature_once(explored: Explored, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cohortmart.explore.answers.contrast.pictures.MOST_DOTS", 10)
    monkeypatch.setattr("cohortmart.report.pages.contrasts.clouds.MOST_DOTS", 10)
    found = is_found(0, log_fc=1)
    for figure in figures(contrast_view(explored, RNA | {"log_fc": "1"})):
        of_found = figure.data["found"].to_pylist()
        assert sum(r["n"] for r in of_found) == found.sum()
        assert sum(r["n"] for r in figure.data["squares"].to_pylist()) == (~found).sum()
        assert figure.data["points"]["address"].null_count == 0


def test_the_page_says_what_is_asked_and_found(explored: Explored):
    view = contrast_view(explored, RNA)
    assert view.page.lead == "Change in MS_2-1, in 8 samples of 4 people."
    said = next(b for b in all_blocks(view.page) if isinstance(b, Text)).words
    assert said.startswith(f"{is_found(0).sum()} of 120 genes found (adjusted P < 0.05)")
    served = table(view).served
    assert served is not None
    assert served.n == 120
    assert "with_contrast=HP_2-1" in view.controls[-1].options[1].value
    (question, *_) = [q for q in view.questions if "fct_contrast_result" in q]
    with explored.asked() as asked:
        ids = [row["feature_id"] for row in asked.rows(question)]
    assert ids == table(view).rows["feature_id"].to_pylist()


def test_an_address_keeps_its_thresholds(explored: Explored):
    view = contrast_view(explored, RNA | {"log10_adj_p": "-4", "log_fc": "0.5"})
    assert [c.value for c in view.controls[:2]] == ["-4", "0.5"]
    served = table(view).served
    assert served is not None
    assert "log10_adj_p=-4&log_fc=0.5" in served.rows
    assert all("log10_adj_p=-4" in address for _, address in served.files)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"analysis": "rna_all", "contrast": "MS_2-0"}, "MS_2-1"),
        ({"analysis": "rna", "contrast": UP}, "rna_all"),
    ],
)
def test_what_is_not_there_says_what_is(explored: Explored, wanted, said: str):
    with pytest.raises(InputError, match=said):
        contrast_view(explored, wanted)


def test_a_hostile_name_is_a_name(explored: Explored):
    view = contrast_view(explored, RNA | {"contrast": HOSTILE})
    assert view.page.title == f"{HOSTILE} of rna_all"
    assert table(view).rows.num_rows == 25


def test_numbers_that_are_none_are_left_out(explored: Explored):
    odd = {"log10_adj_p": "nan", "log_fc": "x", "skipped": "-7", "sort": "p; drop", "q": "  "}
    assert contrast_counts(explored, RNA | odd) == contrast_counts(explored, RNA)
    assert contrast_rows(explored, RNA | odd) == contrast_rows(explored, RNA)


def test_outside_no_contrast_of_one_person_is_shown(house: Explored):
    for ask in (contrast_view, contrast_counts, contrast_rows, contrast_download):
        with pytest.raises(InputError):
            ask(house, RNA | {"contrast": OF_ONE})
    listed = [b for b in all_blocks(contrast_view(house, {}).page) if isinstance(b, Table)]
    names = [name for b in listed for name in b.rows["contrast"].to_pylist()]
    assert OF_ONE not in names
    assert len(names) == len(CONTRASTS) - 1
    offered = contrast_view(house, RNA).controls[-1].options
    assert not any("anna" in option.value for option in offered)


def test_the_list_has_every_contrast(explored: Explored):
    listed = [b for b in all_blocks(contrast_view(explored, {}).page) if isinstance(b, Table)]
    assert [b.title.split()[-1] for b in listed] == ["rna_all", "betas", "npx"]
    assert listed[0].rows["contrast"].to_pylist() == [UP, DOWN, OF_ONE, HOSTILE]
    assert listed[0].rows["n_found"][0].as_py() == is_found(0).sum()


def test_many_contrasts_at_a_time_keep_their_numbers(explored: Explored):
    keys = [{"analysis": a, "contrast": c} for a, _, c, *_ in CONTRASTS] * 4

    def ask(key: dict[str, str]) -> int:
        counted = contrast_counts(explored, key)
        return int(counted["up"] + counted["down"])

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(ask, keys))
    assert counts == [int(is_found(k).sum()) for k in range(len(CONTRASTS))] * 4
    with explored.asked() as asked:
        held = "select count(*) from duckdb_tables() where table_name like 'held_contrast%'"
        assert asked.value(held) == 1
