"""Lists: what was understood, and the tests of a list against scipy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analyses.stats.gene_sets.camera import camera
from analyses.stats.gene_sets.membership import membership
from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.listed import list_view, universe
from cohortmart.explore.answers.view import View
from cohortmart.explore.server.html import Frame, view_html
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support import listed_study as study

#: Up, down and quiet genes, under all sorts of names.
LIST = "g0, 'G1' OLD1; ENSG00002.3\n\"G6\" g7 G8 G9 g9 G31 | 101 G100 G101 G102"
GENES = ["G0", "G1", "G2", "G6", "G7", "G8", "G9", "G31", "G4", "G100", "G101", "G102"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return study.listed_home(tmp_path_factory.mktemp("lists") / "study")


@pytest.fixture(scope="module")
def explored(home: Home) -> Iterator[Explored]:
    one = Explored(home)
    yield one
    one.close()


def block(view: View, name: str) -> Any:
    return next(b for b in all_blocks(view.page) if getattr(b, "name", "") == name)


def rows(view: View, name: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in block(view, name).rows.to_pylist()}


def said(view: View) -> str:
    return "\n".join(b.words for b in all_blocks(view.page) if isinstance(b, Text))


def of_contrast(analysis: str, contrast: str) -> list[dict[str, Any]]:
    return [r for r in study.results() if (r["analysis"], r["contrast"]) == (analysis, contrast)]


def test_every_contrast_is_that_of_scipy(explored: Explored) -> None:
    view = list_view(explored, {"features": LIST})
    shown = rows(view, "list-contrasts", "contrast")
    listed = {study.IDS[study.NAMES.index(g)] for g in GENES}
    names = [study.PLANTED, study.QUIET, study.OF_ONE]
    raw: dict[str, list[float]] = {"p": [], "p_up": [], "p_down": [], "p_shift": []}
    for name in names:
        tests = of_contrast("rna_all", name)
        inside = [r["feature_id"] in listed for r in tests]
        signs = np.array([np.sign(r["log_fc"]) * study.found(r) for r in tests])
        for key, of in (("p", signs != 0), ("p_up", signs > 0), ("p_down", signs < 0)):
            k = int((of & inside).sum())
            raw[key].append(stats.hypergeom.sf(k - 1, len(tests), of.sum(), len(GENES)))
        row = shown[name]
        assert (row["n"], row["found"]) == (len(GENES), int((signs[inside] != 0).sum()))
        assert (row["up"], row["down"]) == (
            int((signs[inside] > 0).sum()), int((signs[inside] < 0).sum()),
        )  # fmt: skip
        assert row["expected"] == pytest.approx(len(GENES) * (signs != 0).mean())
        p = 2 * stats.t.sf(np.abs([r["t"] for r in tests]), study.DF)
        z = stats.norm.isf(p / 2) * np.sign([r["t"] for r in tests])
        places = np.flatnonzero(inside)
        whole = camera(z, membership(np.zeros_like(places), places, 1, len(z)), 0.01)
        assert row["shift"] == pytest.approx(whole.z[0], rel=1e-9)
        raw["p_shift"].append(float(whole.p_value[0]))
    for key, values in raw.items():
        adjusted = stats.false_discovery_control(values)
        assert [shown[n][key] for n in names] == pytest.approx(list(adjusted), rel=1e-9)
    assert block(view, "list-contrasts").rows["contrast"][0].as_py() == study.PLANTED


@pytest.mark.parametrize("name", ["tested", "expressed", "sets"])
def test_sets_are_those_of_scipy_in_each_universe(explored: Explored, name: str) -> None:
    view = list_view(explored, {"features": LIST, "universe": name})
    of_sets = {g for genes in study.SETS.values() for g in genes}
    level = {r["feature_id"]: r["ave_expr"] for r in of_contrast("rna_all", study.PLANTED)}
    tested = [g for g, i in zip(study.NAMES, study.IDS, strict=True) if i in level]
    inside = {
        "tested": set(tested),
        "expressed": {g for g in tested if level[study.IDS[study.NAMES.index(g)]] >= 0},
        "sets": of_sets & set(tested),
    }[name]
    drawn = inside & set(GENES)
    expected = {}
    for (collection, gene_set), genes in study.SETS.items():
        size = len(inside & set(genes))
        if size >= (1 if collection == "gene_lists" else 10):
            k = len(drawn & set(genes))
            p = stats.hypergeom.sf(k - 1, len(inside), size, len(drawn))
            expected[gene_set] = (size, k, p)
    adjusted = stats.false_discovery_control([p for _, _, p in expected.values()])
    shown = rows(view, "list-sets", "name")
    assert set(shown) == {s for s, (_, k, _) in expected.items() if k}
    for (gene_set, (size, k, p)), adj_p in zip(expected.items(), adjusted, strict=True):
        if k:
            row = shown[gene_set]
            assert (row["n"], row["shared"]) == (size, k)
            assert (row["p"], row["adj_p"]) == pytest.approx((p, adj_p), rel=1e-9)
            assert row["expected"] == pytest.approx(size * len(drawn) / len(inside))
    assert f"{len(inside):,} genes" in view.page.lead
    outside = set(GENES) - inside
    assert ("not in the universe" in said(view)) == bool(outside)
    assert all(g in said(view) for g in outside)


def test_own_lists_are_counted_in_the_universe(explored: Explored) -> None:
    own = rows(list_view(explored, {"features": LIST}), "list-own", "source")
    back = own["rebound"]
    assert back["name"] == "MS, up-down (there and back)"
    assert (back["n"], back["shared"]) == (15, 8)
    n = study.N_GENES - study.N_UNTESTED
    p = stats.hypergeom.sf(7, n, 15, len(GENES))
    assert back["p"] == pytest.approx(p)
    assert own["module"]["shared"] == 9
    assert back["genes"] == "G0, G1, G2, G4, G6, G7, G8, G9"


def test_the_answer_stands_at_the_top(explored: Explored) -> None:
    lead = list_view(explored, {"features": LIST}).page.lead
    assert lead.startswith(f"9 of 12 genes are found in {study.PLANTED}, 2 expected among the 238")
    assert "8 up, 1 down" in lead
    assert "Strongest gene set: planted (8 of its 20 genes" in lead
    quiet = list_view(explored, {"features": "G100 G101 G102 G103"}).page.lead
    assert quiet.startswith("In no contrast is more of the list found than chance gives")
    assert list_view(explored, {"features": "G239"}).page.lead.startswith("Nothing of this list")


def test_every_word_is_accounted_for(explored: Explored) -> None:
    text = f"{LIST} MANY UNSURE NOWHERE g10x cg00000003 cortisol G239 <i>x</i> {study.BOLD}"
    words = said(list_view(explored, {"features": text}))
    assert "22 names: 15 found, 13 genes tested in rna_all." in words
    assert (
        "May mean several genes, not counted; write which (2): MANY (G2 or G3), UNSURE (G6)."
        in words
    )
    assert "NOWHERE, g10x (did you mean G10?), <i>x</i>." in words
    assert "Not measured in rna (2): cg00000003, cortisol." in words
    assert "Measured, but not tested in rna_all (1): G239." in words
    assert "OLD1 is a former symbol of G1" in words
    assert "101 is an entrez name of G4" in words
    assert "Names of the same (1): G1 = OLD1." in words
    assert "Written more than once (1): g9." in words


def test_html_in_names_stays_text(explored: Explored) -> None:
    text = f"{study.BOLD} <script>alert(1)</script> \"'; drop table dim_gene; --"
    view = list_view(explored, {"features": text})
    html = view_html(view, Frame("small"))
    assert "<b>G5" not in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert explored.prepared().source.value("select count(*) from dim_gene") == study.N_GENES


def test_a_list_of_cpgs_is_counted_and_has_no_sets(
    explored: Explored, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "CG00000000 ch00000001 cg00000002 cg00000030 cg00000150"
    view = list_view(explored, {"features": text})
    assert view.page.lead.startswith("4 of 5 CpGs are found in MS_PP-1st")
    assert "Gene sets are not tested for a list of CpGs" in said(view)
    held = rows(view, "list-contrasts", "contrast")[study.PLANTED]
    tests = of_contrast("betas", study.PLANTED)
    n_found = sum(map(study.found, tests))
    assert held["p"] == pytest.approx(stats.hypergeom.sf(3, len(tests), n_found, 5))
    # too much to hold: the same numbers from the summary, and no test of the mean
    monkeypatch.setattr(universe, "MOST_HELD", 10)
    other = Explored(home)
    view = list_view(other, {"features": text})
    counted = rows(view, "list-contrasts", "contrast")[study.PLANTED]
    assert counted == {k: v for k, v in held.items() if k not in ("shift", "p_shift")}
    other.close()


def test_a_gene_stands_for_its_cpgs_and_proteins(explored: Explored) -> None:
    view = list_view(explored, {"features": "G1 G4", "analysis": "betas"})
    assert "Stand for more than one CpG (2): G1, G4." in said(view)
    assert set(rows(view, "list-features", "id")) == {f"cg0000000{i}" for i in (2, 3, 8, 9)}
    proteins = list_view(explored, {"features": "G1, protein of one;cortisol", "analysis": "npx"})
    assert set(rows(proteins, "list-features", "id")) == {"P1", "P2"}
    assert "Names of the same (1): G1 = protein of one." in said(proteins)


def test_pictures_have_a_row_a_feature_and_lead_to_it(explored: Explored) -> None:
    view = list_view(explored, {"features": " ".join(study.NAMES[:100])})
    dots: Figure = block(view, "list-dots")
    points = dots.data["dots"].to_pylist()
    assert len(points) == 60 * 3
    assert "The 60 of 100 with the smallest P in any contrast" in dots.caption
    assert {p["address"] for p in points if p["feature"] == "G1"} == {"/gene?name=G1"}
    ringed = {p["feature"] for p in points if p["found"] and p["contrast"] == study.PLANTED}
    assert {f"G{i}" for i in range(40) if i != 5} <= ringed
    up = [p["row"] for p in points if p["feature"] in {f"G{i}" for i in range(5)}]
    down = [p["row"] for p in points if p["feature"] in {f"G{i}" for i in range(31, 39)}]
    assert max(up) < min(down) or max(down) < min(up)
    assert "60 genes of the list" in block(view, "list-heat-map").title


def test_without_a_list_an_example_of_the_study_is_offered(explored: Explored) -> None:
    view = list_view(explored, {"features": "  \n"})
    (link,) = view.links
    assert link.title == f"Try the 12 genes with the smallest P in {study.PLANTED}"
    names = link.address.split("features=")[1].split("&")[0].split("+")
    assert len(names) == 12
    assert view.controls[0].kind == "list"


@pytest.mark.parametrize(
    ("text", "words"),
    [(" ".join(f"x{i}" for i in range(2_001)), "2,000 names"), ("x" * 50_001, "50,000 letters")],
)
def test_too_much_is_said_and_kept_in_the_field(explored: Explored, text: str, words: str) -> None:
    view = list_view(explored, {"features": text})
    assert words in view.page.lead
    assert view.controls[0].value == text


def test_numbers_stand_for_people_and_no_single_one_is_shown(home: Home) -> None:
    explored = Explored(home, pseudonymise=True)
    view = list_view(explored, {"features": LIST})
    assert set(rows(view, "list-contrasts", "contrast")) == {study.PLANTED, study.QUIET}
    assert {p["contrast"] for p in block(view, "list-dots").data["dots"].to_pylist()} == {
        study.PLANTED, study.QUIET,
    }  # fmt: skip
    cells = block(view, "list-heat-map").data["columns"]
    assert set(cells["subject"].to_pylist()) == {""}
    html = view_html(view, Frame("small", pseudonymised=True))
    assert "anna" not in html
    explored.close()


def test_every_question_stands_alone(explored: Explored) -> None:
    view = list_view(explored, {"features": LIST})
    assert any("fct_contrast_result" in question for question in view.questions)
    with explored.cursor() as cursor:
        for question in view.questions:
            cursor.sql(question).fetchall()


def test_tables_are_downloaded_with_what_was_written(explored: Explored) -> None:
    table: Table = block(list_view(explored, {"features": LIST}), "list-features")
    row = {r["name"]: r for r in table.rows.to_pylist()}["G1"]
    assert row["words"] == "G1, OLD1"
    assert row["id"] == study.IDS[1]
    test = next(t for t in of_contrast("rna_all", study.PLANTED) if t["feature_id"] == row["id"])
    assert (row["change"], row["adj_p"]) == (test["log_fc"], test["adj_p_value"])
    assert row["best"] == study.PLANTED
