"""Page of a gene: its course, its contrasts, its CpGs, and where else it is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.addresses import module_address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.gene import gene_cpgs_view, gene_view
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Figure, Table, Text, all_blocks
from tests.support.gene_warehouse import gene_warehouse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return gene_warehouse(tmp_path_factory.mktemp("gene") / "study")


def shown(home: Home, *, pseudonymise: bool = False, **wanted: str) -> View:
    explored = Explored(home, pseudonymise=pseudonymise)
    try:
        view, below = gene_view(explored, wanted), gene_cpgs_view(explored, wanted)
        page = replace(view.page, sections=(*view.page.sections, *below.page.sections))
        asked = (*view.questions, *below.questions)
        return replace(below, page=page, questions=asked)
    finally:
        explored.close()


def block(view: View, name: str) -> Any:
    return next(b for b in all_blocks(view.page) if getattr(b, "name", "") == name)


def rows(view: View, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = block(view, name).rows.to_pylist()
    return found


def test_courses_come_first_a_panel_for_each_analysis_of_other_samples(home: Home) -> None:
    view = shown(home, name="IL7R")
    assert [s.title for s in view.page.sections] == [
        "", "Contrasts", "CpGs", "Regions", "CpGs and expression",
        "Sets and modules",
    ]  # fmt: skip
    first = view.page.sections[0].blocks
    assert [b.name for b in first if isinstance(b, Figure)] == ["course-rna", "course-proteins"]
    courses = block(view, "course-rna").data["courses"].to_pylist()
    assert {r["feature"] for r in courses} == {"rna_cd4", "rna_cd8"}  # rna_again: the same samples
    assert {r["panel"] for r in courses} == {1, 2}
    people = {r["line"] for r in courses if r["kind"] == "person"}
    assert len(people) == 8  # four people, both kinds of cells
    assert {r["feature"] for r in block(view, "course-proteins").data["courses"].to_pylist()} == {
        "npx: Interleukin"
    }
    assert "rna_cd4 8 samples of 4 people" in block(view, "course-rna").caption


def test_every_contrast_says_what_is_known(home: Home) -> None:
    found = {(r["analysis"], r["contrast"]): r for r in rows(shown(home, name="IL7R"), "contrasts")}
    assert len(found) == 4 * 3  # three analyses of counts, one of proteins
    first = found["rna_cd4", "MS_PP-1st"]
    assert (first["found"], first["rebound"], first["sensitivity"]) == (
        "yes", "up-down, found", "holds in 2 of 3",
    )  # fmt: skip
    assert first["ci_low"] == pytest.approx(first["log_fc"] - 2 * 0.1)
    assert first["address"] == "/contrast?analysis=rna_cd4&contrast=MS_PP-1st"
    assert first["meaning"] == "change: MS_PP-1st"
    assert found["rna_cd4", "alone"]["found"] == found["rna_cd8", "HP_PP-1st"]["rebound"] == ""
    p = [r["p_value"] for r in rows(shown(home, name="IL7R"), "contrasts")]
    assert p == sorted(p)


def test_the_figure_of_contrasts_has_what_the_table_has(home: Home) -> None:
    view = shown(home, name="IL7R")
    drawn = block(view, "contrast-dots").data["contrasts"].to_pylist()
    assert len(drawn) == 12
    assert [r["contrast"] for r in drawn[:3]] == ["MS_PP-1st", "HP_PP-1st", "alone"]
    assert drawn[0]["panel_title"] == "rna_cd4 (log2 CPM)"
    assert all(r["address"].startswith("/contrast?") for r in drawn)
    assert {r["found"] for r in drawn} == {"yes", ""}


def test_cpgs_in_genomic_order_with_what_moves(home: Home) -> None:
    view = shown(home, name="IL7R")
    cpgs = rows(view, "cpgs")
    assert [r["probe_id"] for r in cpgs] == ["cg4", "cg2", "cg3", "cg1"]
    assert [r["n_found"] for r in cpgs] == [0, 0, 1, 3]
    assert cpgs[2]["where"] == "betas: HP_PP-1st"
    assert cpgs[0]["filter_reason"] == "mask"
    assert cpgs[3]["address"] == "/feature?assay=methylation&id=cg1"
    said = next(b.words for b in all_blocks(view.page) if isinstance(b, Text))
    assert said == (
        "Of 3 CpGs in the promoter of IL7R 1 moves: cg1 (Body, TSS1500; 3 contrasts). "
        "Elsewhere in it 1 of 1."
    )
    cells = block(view, "cpg-heat-map").data["cells"].to_pylist()
    assert len(cells) == 9
    assert {(c["cpg"].split()[0], c["contrast"]) for c in cells if c["found"]} == {
        ("cg1", "MS_PP-1st"), ("cg1", "HP_PP-1st"), ("cg1", "alone"), ("cg3", "HP_PP-1st"),
    }  # fmt: skip
    one = next(c for c in cells if c["cpg"].startswith("cg2") and c["place"] == 0)
    assert one["delta_beta"] == pytest.approx(7 / 97 / 5)
    assert one["row"] < next(c["row"] for c in cells if c["cpg"].startswith("cg1"))


def test_the_promoter_alone(home: Home) -> None:
    view = shown(home, name="IL7R", promoter="1", contrasts="all", analysis="'; drop")
    assert [r["probe_id"] for r in rows(view, "cpgs")] == ["cg4", "cg2", "cg1"]
    assert [(c.name, c.value) for c in view.controls] == [("promoter", "1")]
    assert view.kept == {"name": "IL7R"}


def test_pairs_sets_and_modules_lead_on(home: Home) -> None:
    view = shown(home, name="IL7R")
    assert rows(view, "pairs")[0]["address"] == "/feature?assay=methylation&id=cg1"
    assert rows(view, "sets")[0]["address"] == "/set?name=T+%3Cb%3Ecells&collection=hallmark"
    module = rows(view, "modules")[0]
    assert module["part"] == "seed"
    assert module["address"] == module_address(module["analysis"], module["pair"])


@pytest.mark.parametrize("word", ["CD127", "il7r", "ENSG1"])
def test_other_names_mean_the_gene(home: Home, word: str) -> None:
    view = shown(home, name=word)
    assert view.page.title == "IL7R"
    assert ("Asked for as" in view.page.lead) == (word != "ENSG1")


def test_a_gene_without_cpgs_has_no_controls(home: Home) -> None:
    view = shown(home, name="<b>x")
    assert view.controls == ()
    assert view.page.title == "<b>x"
    assert all(not isinstance(b, Table) or b.name == "contrasts" for b in all_blocks(view.page))


def test_what_is_no_gene_is_said_with_what_is_like_it(home: Home) -> None:
    with pytest.raises(InputError, match="IL7X") as fault:
        shown(home, name="IL7X")
    assert fault.value.hint == "did you mean `IL7R`?"
    with pytest.raises(InputError, match="no gene is named"):
        shown(home)


def test_every_question_stands_alone(home: Home) -> None:
    view = shown(home, name="IL7R")
    explored = Explored(home)
    with explored.cursor() as cursor:
        for question in view.questions:
            assert "read_parquet" not in question
            assert "memory." not in question
            cursor.sql(question).fetchall()
    explored.close()
    assert len(view.questions) > 10
    for table in ("visit_expression", "group_expression", "dmp_deg", "bridge_gene_set"):
        assert any(f"from {table} " in question for question in view.questions), table


def test_pseudonymised_no_single_person_is_seen(home: Home) -> None:
    view = shown(home, name="IL7R", pseudonymise=True)
    courses = block(view, "course-rna").data["courses"].to_pylist()
    assert {r["kind"] for r in courses} == {"mean"}
    assert "Lines are the means" in block(view, "course-rna").caption
    assert {r["contrast"] for r in rows(view, "contrasts")} == {"MS_PP-1st", "HP_PP-1st"}
    cells = block(view, "cpg-heat-map").data["cells"].to_pylist()
    assert {c["contrast"] for c in cells} == {"MS_PP-1st", "HP_PP-1st"}
    assert rows(view, "cpgs")[3]["n_found"] == 2
    assert not any(name in repr(view.questions) for name in ("anna", "béla", "cleo", "dora"))


def test_regions_with_a_cpg_of_the_gene_lead_to_their_contrast_and_their_cpg(home: Home) -> None:
    found = [
        (r["region_id"], r["part"], r["contrast"], r["address"], r["cpg_address"])
        for r in rows(shown(home, name="IL7R"), "regions")
    ]
    cpg = "/feature?assay=methylation&id=cg1"
    assert found == [
        ("5:200-400", "promoter", "alone", "/contrast?analysis=betas&contrast=alone", cpg),
        ("5:200-400", "promoter", "MS_PP-1st", "/contrast?analysis=betas&contrast=MS_PP-1st", cpg),
        ("5:300-400", "elsewhere in the gene", "HP_PP-1st",
         "/contrast?analysis=betas&contrast=HP_PP-1st", cpg),
    ]  # fmt: skip


def test_a_region_of_a_single_person_is_not_shown_to_others(home: Home) -> None:
    contrasts = [
        r["contrast"] for r in rows(shown(home, name="IL7R", pseudonymise=True), "regions")
    ]
    assert contrasts == ["MS_PP-1st", "HP_PP-1st"]
