"""The page of findings against numbers counted by hand from the rows in `findings_rows`."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.figures.network import laid_out, named_apart
from cohortmart.report.figures.upset import Overlap
from cohortmart.report.pages.findings import findings_page
from cohortmart.report.pages.findings import modules as found_modules
from cohortmart.report.pages.findings.modules import module_sections
from cohortmart.report.pages.findings.overlaps import overlap_sections
from tests.support.report_findings_rows import LONG, SAMPLES, study
from tests.support.report_source import small_source


def _source(**changed: Any) -> Any:
    tables = {**study(), **changed}
    kept = {name: rows for name, rows in tables.items() if rows is not None}
    return small_source(kept, SAMPLES, analyses=("rna", "two"))


@pytest.fixture(scope="module")
def page() -> Page:
    return findings_page(_source())


def _named(page: Page, name: str) -> Any:
    return next(b for b in all_blocks(page) if getattr(b, "name", "") == name)


def _section(title: str, blocks: Any) -> Page:
    return Page("p", title, "", tuple(blocks))


def test_sections_and_names(page: Page) -> None:
    assert [section.title for section in page.sections] == [
        "Gene sets: rna", "Module: rna, a/b", "What the modules share", "What the lists share",
    ]  # fmt: skip
    names = [b.name for b in all_blocks(page) if hasattr(b, "name")]
    assert len(names) == len(set(names))


def test_lists_are_in_the_order_of_the_study(page: Page) -> None:
    assert [panel.title for panel in _named(page, "findings-list-1").panels] == [
        "early", "late", "Rebound a/b, HP",
    ]  # fmt: skip


def test_dots_of_over_representation(page: Page) -> None:
    rows = _named(page, "findings-sets-1-2-over-representation").data["sets"].to_pylist()
    assert [(r["set"], r["set_order"], r["direction"], r["size"], r["clear"]) for r in rows] == [
        (LONG, 1, "up", 4.0, True),
        (LONG, 1, "any direction", 5.0, True),
        ("S2 (k)", 2, "any direction", 3.0, False),
        ("S2 (h)", 3, "any direction", 2.0, False),
    ]
    assert rows[0]["x"] == pytest.approx(3.0)


def test_a_p_of_zero_and_a_missing_one(page: Page) -> None:
    (row,) = _named(page, "findings-sets-1-1-over-representation").data["sets"].to_pylist()
    assert (row["set"], row["x"]) == ("S2 (h)", 300.0)


def test_signs_give_the_direction_of_the_other_tests(page: Page) -> None:
    (camera,) = _named(page, "findings-sets-1-2-camera").data["sets"].to_pylist()
    assert (camera["direction"], camera["x"], camera["size"]) == ("down", pytest.approx(1.0), 20.0)
    (gsea,) = _named(page, "findings-sets-1-2-gsea").data["sets"].to_pylist()
    assert (gsea["direction"], gsea["x"], gsea["clear"]) == ("up", 2.0, True)


def test_the_file_shows_the_lists_side_by_side(page: Page) -> None:
    figure: Figure = _named(page, "findings-sets-1-over-representation")
    assert figure.where == "file"
    shown = {(r["list_order"], r["list"]) for r in figure.data["sets"].to_pylist()}
    assert shown == {(1, "early"), (2, "late"), (3, "Rebound a/b, HP")}
    vl_convert.vegalite_to_vega(standalone(figure))


def test_table_of_sets_is_its_own_query(page: Page) -> None:
    table: Table = _named(page, "findings-sets-1-table")
    assert _source().rows(table.query) == table.rows.to_pylist()
    assert table.rows["adj_p_value"].to_pylist()[:3] == [0.0, 0.001, 0.01]


def test_module_in_words(page: Page) -> None:
    said = [b for b in all_blocks(page) if isinstance(b, Text)]
    finding = next(b for b in said if "The seeds lie" in b.words)
    assert finding.kind == "finding"
    assert finding.words.startswith("4 of 5 genes that rebound are in the network of 8; ")
    assert (
        "The seeds lie closer together than chance has it: 2 hang together, 1.5 of random genes "
        "with as many links (z = 2.00, P = 0.03, 100 sets)." in finding.words
    )
    assert finding.words.endswith("70 % of the same genes are added.")


@pytest.mark.parametrize("p", [0.5, None])
def test_module_no_different_from_chance_or_not_tested(p: float | None) -> None:
    summary = [{**study()["module_summary"][0], "p_value": p, "random_mean": p, "stability": None}]
    section = module_sections(_source(module_summary=summary))[0]
    words = " ".join(b.words for b in section.blocks if isinstance(b, Text))
    assert ("no closer together" in words) == (p is not None)
    assert not [b for b in section.blocks if isinstance(b, Text) and b.kind == "finding"]


def test_network_has_the_links_of_the_module(page: Page) -> None:
    figure: Figure = _named(page, "findings-network-1")
    genes = {r["gene"]: r for r in figure.data["genes"].to_pylist()}
    assert {g: r["n_links"] for g, r in genes.items()} == {
        "A": 2, "B": 1, "C": 1, "D": 1, "X": 2, "Y": 1,
    }  # fmt: skip
    assert {g for g, r in genes.items() if r["role"] == "added"} == {"X", "Y"}
    place = {(r["x"], r["y"]): g for g, r in genes.items()}
    ends = {
        frozenset((place[r["x"], r["y"]], place[r["x2"], r["y2"]]))
        for r in figure.data["links"].to_pylist()
    }
    assert ends == {frozenset(e) for e in ("AX", "BX", "AY", "CD")}
    assert "Not drawn" not in figure.caption
    vl_convert.vegalite_to_vega(standalone(figure))


def test_of_a_large_module_the_largest_component_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = found_modules._DRAWN_GENES.replace("limit 150", "limit 4")
    monkeypatch.setattr(found_modules, "_DRAWN_GENES", fewer)
    figure = _named(_section("", module_sections(_source())), "findings-network-1")
    assert set(figure.data["genes"]["gene"].to_pylist()) == {"A", "B", "X", "Y"}
    assert "Not drawn: 2 genes" in figure.caption


def test_layout_is_the_same_every_time_whatever_the_order() -> None:
    genes = [f"g{i}" for i in range(40)]
    links = [(genes[i], genes[(i * 7 + 1) % 40]) for i in range(40)]
    places = laid_out(genes, links)
    assert json.dumps(places) == json.dumps(laid_out(genes, links))
    assert places == laid_out(genes[::-1], links[::-1])
    assert len(set(places.values())) == 40
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
    assert laid_out(["a"], []) == {"a": (0.0, 0.0)}


def test_small_groups_lie_at_the_foot_and_the_others_keep_their_room() -> None:
    ring = [(f"g{i}", f"g{(i + 1) % 30}") for i in range(30)]
    apart = [(f"p{i}", f"q{i}") for i in range(12)]  # two rows
    genes = sorted({gene for link in ring + apart for gene in link})
    places = laid_out(genes, ring + apart)
    foot = max(places[g][1] for link in apart for g in link)
    large = [places[g] for g in genes if g.startswith("g")]
    assert foot < min(y for _, y in large) < 0.2
    assert max(y for _, y in large) == 1
    assert {min(x for x, _ in large), max(x for x, _ in large)} == {0, 1}
    assert len(set(places.values())) == len(genes)
    for one, other in apart:
        assert abs(places[one][0] - places[other][0]) < 0.05
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())


@given(st.dictionaries(st.text("AB1", min_size=1, max_size=8),
                       st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=20))  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_names_never_touch(places: dict[str, tuple[float, float]]) -> None:
    named = sorted(named_apart(places, sorted(places), 10))
    assert len(named) <= 10
    assert bool(named) == bool(places)
    for i, a in enumerate(named):
        for b in named[i + 1 :]:
            apart_x = abs(places[a][0] - places[b][0]) * 340 > (len(a) + len(b)) * 3.1
            apart_y = abs(places[a][1] - places[b][1]) * 460 > 12
            assert apart_x or apart_y


def test_upset_of_the_rebounds(page: Page) -> None:
    figure: Figure = _named(page, "findings-upset-rebound-1")
    bars = {r["lists"]: r["n"] for r in figure.data["bars"].to_pylist()}
    # 4 and 5 in MS alone; 1, 2, 3 and 6 by hand
    assert bars == {
        "rna MS": 2, "rna MS; rna HP": 1, "rna MS; rna HP; two HP": 1, "rna HP": 1, "two HP": 1,
    }  # fmt: skip
    lists = [(r["list"], r["n"]) for r in figure.data["lists"].to_pylist()]
    assert lists == [("rna MS", 4), ("rna HP", 3), ("two HP", 2)]
    assert figure.title.startswith("Genes that rebound")
    dots = figure.data["dots"].to_pylist()
    assert len(dots) == 5 * 3
    assert sum(r["member"] for r in dots) == 1 + 2 + 3 + 1 + 1
    vl_convert.vegalite_to_vega(standalone(figure))


def test_upset_of_contrasts_leaves_empty_lists_out(page: Page) -> None:
    figure: Figure = _named(page, "findings-upset-contrasts-1")
    assert {r["lists"]: r["n"] for r in figure.data["bars"].to_pylist()} == {
        "early": 1, "early; late": 1,
    }  # fmt: skip


@given(st.lists(st.frozensets(st.integers(0, 9), min_size=1), min_size=2, max_size=3))
@settings(max_examples=6, deadline=None)
def test_intersections_are_exact(lists: list[frozenset[int]]) -> None:
    rows = [(f"l{i}", found) for i, found in enumerate(lists)]
    tables = {
        "analysis_run": [{"analysis": "rna", "assay": "rna"}],
        "contrast_summary": [
            {"analysis": "rna", "contrast": c, "n_found": len(f)} for c, f in rows
        ],
        "deg": [{"analysis": "rna", "contrast": c, "gene_id": str(g)} for c, f in rows for g in f],
        "dmp": [{"analysis": "none", "contrast": "x", "probe_id": "x"}],
    }
    page = _section("", overlap_sections(small_source(tables, SAMPLES, analyses=("rna",))))
    bars = _named(page, "findings-upset-contrasts-1").data["bars"].to_pylist()
    members = Counter(
        frozenset(c for c, f in rows if gene in f) for gene in frozenset().union(*lists)
    )
    assert {frozenset(r["lists"].split("; ")): r["n"] for r in bars} == members


def test_matrix_and_bars_share_their_columns() -> None:
    overlap = Overlap(["a", "b"], ["", "x"], [5, 4], [[0], [0, 1]], [3, 2])
    data = overlap.data()
    assert data["bars"]["x"].to_pylist() == sorted(set(data["dots"]["x"].to_pylist()))
    first, second = data["joints"].to_pylist()
    assert first["y"] == first["y2"]
    assert second["y"] > second["y2"]
    assert max(data["dots"]["y"].to_pylist()) < 0


def test_overlaps_of_the_same_people_and_of_nothing_are_left_out(page: Page) -> None:
    table: Table = _named(page, "findings-overlap")
    assert table.rows["first_contrast"].to_pylist() == ["early", "late"]
    # `same` by its design, `hers` for Ida
    assert "2 of 2 pairs of lists" in table.caption
    assert "Left out: 2 pairs that share people" in table.caption
    assert _source().rows(table.query) == table.rows.to_pylist()


def test_overlaps_of_one_and_the_same_people_have_no_table() -> None:
    alike = [{**row, "coefficient": "HP"} for row in study()["contrast_weight"]]
    page = findings_page(_source(contrast_weight=alike))
    assert "findings-overlap" not in [getattr(b, "name", "") for b in all_blocks(page)]


def test_values_stay_text(page: Page) -> None:
    for block in all_blocks(page):
        if isinstance(block, Figure):
            assert LONG not in json.dumps(block.spec)


def test_a_study_without_any_of_it() -> None:
    assert findings_page(small_source({}, SAMPLES, analyses=("rna",))).sections == ()
    bare = _source(module_overlap=None, contrast_overlap=None, enrichment=None, qc_sample=None)
    titles = [section.title for section in findings_page(bare).sections]
    assert titles == ["Module: rna, a/b", "What the lists share"]
