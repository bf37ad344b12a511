"""What a search of the page of contrasts reaches, against the results it is made from."""

from __future__ import annotations

from typing import Any

import pytest

from cohortmart.report.blocks import Choice, FeaturePoints, Page, Table, all_blocks
from cohortmart.report.feature_data import feature_data
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.pages.contrasts.features import even_shares
from cohortmart.report.source import Detail
from tests.support import report_contrasts_rows as made
from tests.support.unpacked import feature_rows, unpacked_texts


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return made.tables()


@pytest.fixture(scope="module")
def page(given: dict[str, Any]) -> Page:
    return contrasts_page(made.source(given))


def _table(page: Page, name: str) -> Table:
    return next(b for b in all_blocks(page) if isinstance(b, Table) and b.name == name)


def _rounded(value: float | None) -> float | None:
    if value is None:
        return None
    return 0.0 if abs(value) < 1e-300 else float(f"{value:.2e}")


@pytest.mark.parametrize(("analysis", "contrast", "place"), [
    ("rna", "x", 1), ("rna", made.RNA[1], 2), ("meth", "x", 1),
])  # fmt: skip
def test_every_feature_is_within_reach_with_its_numbers(
    page: Page, given: dict[str, Any], analysis: str, contrast: str, place: int
) -> None:
    reach = _table(page, f"contrasts-top-{analysis}-{place}").reach
    assert reach is not None
    results = {
        r["feature_id"]: r
        for r in given["fct_contrast_result"]
        if (r["analysis"], r["contrast"]) == (analysis, contrast)
    }
    there = [r for r in feature_rows(reach.features, place) if r["p"] is not None]
    assert {r["id"] for r in there} == set(results)
    for r in there:
        expected = results[r["id"]]
        for name, column in (("log_fc", "log_fc"), ("p", "p_value"), ("adj_p", "adj_p_value")):
            assert r[name] == _rounded(expected[column]), (r["id"], name)
        assert r["found"] == (expected["adj_p_value"] < 0.05)


def test_features_have_all_their_names(page: Page) -> None:
    meth = _table(page, "contrasts-top-meth-1").reach
    rna = _table(page, "contrasts-top-rna-1").reach
    assert meth is not None
    assert rna is not None
    rows = {r["id"]: r["name"] for r in feature_rows(meth.features, 1)}
    assert (rows["cg1"], rows["cg2"]) == ("A, B, C, D", None)
    assert {r["id"]: r["name"] for r in feature_rows(rna.features, 1)}["g4"] == "GENE4"


def test_the_rows_of_a_table_are_where_it_says(page: Page) -> None:
    table = _table(page, "contrasts-top-rna-1")
    assert table.reach is not None
    ids = unpacked_texts(table.reach.features.ids)
    assert [ids[i] for i in table.reach.positions] == table.rows["feature_id"].to_pylist()


def test_where_room_is_short_what_is_found_goes_first() -> None:
    # more are found than stand in the tables
    given = made.tables({"p": 0.4, "adj_p": None, "delta_beta": None, "log_fc": None})
    source = made.source(given, detail=Detail(top_features=5, feature_bytes=8_000))
    table = _table(contrasts_page(source), "contrasts-top-rna-1")
    assert table.reach is not None
    features = table.reach.features
    results = [r for r in given["fct_contrast_result"] if r["analysis"] == "rna"]
    found = {r["feature_id"] for r in results if r["p_value"] < 0.4}
    ids = set(unpacked_texts(features.ids))
    assert features.n == len(ids) < features.n_tested == 400
    assert features.n_found == len(found)
    assert 60 < len(found) < features.n
    assert found < ids
    best = {f: min(r["p_value"] for r in results if r["feature_id"] == f) for f in ids - found}
    others = {r["feature_id"] for r in results} - ids
    smallest_left = min(r["p_value"] for r in results if r["feature_id"] in others)
    # those of the tables are there whatever their P
    assert sum(p > smallest_left for p in best.values()) <= 60
    assert f"Search reaches {features.n:,} of 400 genes" in table.caption
    assert "the rest is in SQL" in table.caption


def test_with_next_to_no_room_the_words_say_what_is_left_out(given: dict[str, Any]) -> None:
    source = made.source(given, detail=Detail(top_features=2, feature_bytes=10))
    for table in (b for b in all_blocks(contrasts_page(source)) if isinstance(b, Table)):
        if table.reach is None or not table.name.startswith("contrasts-top-meth"):
            continue
        features = table.reach.features
        assert 60 <= features.n < features.n_tested
        assert "in this page" in table.reach.lost


def test_the_sql_of_what_a_search_does_not_find_finds_it(given: dict[str, Any]) -> None:
    source = made.source(given)
    for name, wanted, ids in (("rna-1", "gene44", {"g44"}), ("meth-1", "d", {"cg1"})):
        reach = _table(contrasts_page(source), f"contrasts-top-{name}").reach
        assert reach is not None
        rows = source.rows(reach.query.replace("$wanted", wanted))
        assert {r["feature_id"] for r in rows} == ids


def test_room_is_shared_evenly_and_what_is_not_needed_goes_to_the_others() -> None:
    assert even_shares([10, 100, 100], 90) == [10, 40, 40]
    assert even_shares([10, 20], 90) == [10, 20]
    assert even_shares([], 90) == []
    assert even_shares([5, 5, 5], 0) == [0, 0, 0]


def test_the_page_opens_where_most_is_found(given: dict[str, Any]) -> None:
    page = contrasts_page(made.source(given))
    choices = {b.name: b for b in all_blocks(page) if isinstance(b, Choice)}
    found = {(r["analysis"], r["contrast"]): r["n_found"] for r in given["contrast_summary"]}
    analysis, contrast = max(found, key=lambda key: found[key])
    opened = choices["contrasts-analysis"]
    assert opened.panels[opened.first].title.startswith(f"{analysis}: ")
    first = choices[f"contrasts-pick-{analysis}"]
    assert f"({contrast})" in first.panels[first.first].title
    # turned round, so that neither is the first by its place
    few = [
        r for r in given["fct_contrast_result"] if r["contrast"] != "x" or r["analysis"] != "rna"
    ]
    few += made.results("rna", "x", 3, 9)
    turned = given | {"fct_contrast_result": few,
                      "contrast_summary": made.summary(given["dim_contrast"], few)}  # fmt: skip
    page = contrasts_page(made.source(turned))
    choices = {b.name: b for b in all_blocks(page) if isinstance(b, Choice)}
    assert choices["contrasts-analysis"].first == 1
    assert choices["contrasts-pick-rna"].first == 1


def test_features_are_stored_once(page: Page) -> None:
    stored, wanted = feature_data(all_blocks(page))
    assert sorted(k for k in stored if not k.startswith("texts-")) == [
        "features-meth", "features-meth-1", "features-rna", "features-rna-1", "features-rna-2",
    ]  # fmt: skip
    points = wanted["data-contrasts-volcano-rna-2"]["features"]
    assert points == {"features": "features-rna", "place": 2, "x": "log_fc", "y": "height"}
    drawn = [
        d for b in all_blocks(page) for d in getattr(b, "data", {}).values()
        if isinstance(d, FeaturePoints)
    ]  # fmt: skip
    assert len(drawn) == 6
