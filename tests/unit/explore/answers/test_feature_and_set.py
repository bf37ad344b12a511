"""Pages of a feature and of a gene set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.feature import feature_view
from cohortmart.explore.answers.gene_set import set_view
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Text, all_blocks
from tests.support.gene_warehouse import gene_warehouse


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    opened = Explored(gene_warehouse(tmp_path_factory.mktemp("feature") / "study"))
    yield opened
    opened.close()


def rows(view: View, name: str) -> list[dict[str, Any]]:
    found = next(b for b in all_blocks(view.page) if getattr(b, "name", "") == name)
    return list(found.rows.to_pylist())  # type: ignore[union-attr]


def test_a_cpg_has_its_place_its_genes_and_its_neighbours(explored: Explored) -> None:
    view = feature_view(explored, {"assay": "methylation", "id": "cg3"})
    assert view.page.lead == (
        "CpG of methylation; chromosome 5, position 300 (hg19); OpenSea; in IL7R (Body)."
    )
    assert [(link.title, link.address) for link in view.links] == [
        ("Gene IL7R (Body)", "/gene?name=IL7R"),
        ("Previous CpG: cg2, 100 bases away", "/feature?assay=methylation&id=cg2"),
        ("Next CpG: cg1, 100 bases away", "/feature?assay=methylation&id=cg1"),
    ]
    found = {r["contrast"]: r for r in rows(view, "contrasts")}
    assert [found[c]["found"] for c in ("MS_PP-1st", "HP_PP-1st", "alone")] == ["", "yes", ""]
    assert found["MS_PP-1st"]["delta_beta"] == pytest.approx(14 / 97 / 5)


def test_a_cpg_that_was_left_out_says_why(explored: Explored) -> None:
    view = feature_view(explored, {"assay": "methylation", "id": "cg4"})
    texts = [b for b in all_blocks(view.page) if isinstance(b, Text)]
    assert [(t.words, t.kind) for t in texts] == [("Left out of the analyses: mask.", "warning")]
    assert [link.title for link in view.links[1:]] == ["Next CpG: cg2, 100 bases away"]


def test_pairs_of_a_cpg_lead_to_the_gene(explored: Explored) -> None:
    view = feature_view(explored, {"assay": "methylation", "id": "cg1"})
    assert rows(view, "pairs")[0]["gene_address"] == "/gene?name=IL7R"


def test_a_protein_leads_to_its_gene(explored: Explored) -> None:
    view = feature_view(explored, {"assay": "proteins", "id": "P1"})
    assert view.page.title == "Interleukin"
    assert view.page.lead == "P1 in proteins, UniProt P16871, in NPX."
    assert [link.address for link in view.links] == ["/gene?name=IL7R"]
    assert len(rows(view, "contrasts")) == 3


@pytest.mark.parametrize(
    ("assay", "name", "said"),
    [("betas", "cg1", "assay"), ("methylation", "cgx", "CpG|probe"), ("methylation", "IL7R", "4")],
)
def test_what_is_not_there_is_said(explored: Explored, assay: str, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        feature_view(explored, {"assay": assay, "id": name})


def test_a_set_has_its_genes_and_where_it_is_enriched(explored: Explored) -> None:
    view = set_view(explored, {"name": "T <b>cells"})
    assert view.page.title == "T <b>cells"
    assert view.links[0].address == "/list?features=GONE+IL7R"
    assert [(r["gene_name"], r["address"]) for r in rows(view, "genes")] == [
        ("GONE", None), ("IL7R", "/gene?name=IL7R"),
    ]  # fmt: skip
    found = rows(view, "enrichment")
    assert [r["test"] for r in found] == ["over-representation", "camera"]
    assert found[0]["address"] == "/contrast?analysis=rna_cd4&contrast=MS_PP-1st"
    text = next(b for b in all_blocks(view.page) if isinstance(b, Text))
    assert text.words.startswith("Adjusted P below 0.05 in 1 of 2 tests; the smallest P is that of")
    with pytest.raises(InputError, match="T cells") as fault:
        set_view(explored, {"name": "T cells"})
    assert fault.value.hint == "did you mean `T <b>cells`?"
