"""Search: what typed letters may mean, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.search import Found, found
from tests.support.explored_study import small_explored


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = small_explored(tmp_path_factory.mktemp("study"))
    yield study
    study.close()


@pytest.mark.parametrize(
    "typed", ["SEPT2", "sept2", "  Sept2 ", "diff6", "ENSG1", "ensg00000168385"]
)
def test_a_gene_is_found_by_any_of_its_names(explored: Explored, typed: str) -> None:
    assert found(explored, typed)[0].address == "/gene?name=SEPT2"


def test_an_alias_says_whose_it_is(explored: Explored) -> None:
    assert found(explored, "DIFF6") == [Found("DIFF6", "gene", "SEPT2", "/gene?name=SEPT2")]


@pytest.mark.parametrize(
    ("typed", "kind", "address"),
    [
        ("cg1", "CpG", "/feature?assay=methylation&id=cg1"),
        ("CG1", "CpG", "/feature?assay=methylation&id=cg1"),
        ("il-6", "measure", "/feature?assay=proteins&id=IL-6"),
        ("activation", "gene set", "/set?name=T+cell+activation&collection=go"),
        ("béla", "person", "/person?name=b%C3%A9la"),
        ("s1", "sample", "/sample?name=S1"),
        ("ms:pp", "contrast", "/contrast?analysis=betas&contrast=MS%3APP"),
        ("abc", "gene", "/gene?name=ABC"),  # has CpGs alone
    ],
)
def test_everything_is_found_and_leads_to_its_page(
    explored: Explored, typed: str, kind: str, address: str
) -> None:
    first = found(explored, typed)[0]
    assert (first.kind, first.address) == (kind, address)


def test_a_whole_name_comes_before_a_beginning_and_that_before_a_part(explored: Explored) -> None:
    titles = [one.title for one in found(explored, "s1")]
    assert titles.index("S1") < titles.index("ENSG1") if "ENSG1" in titles else titles[0] == "S1"
    il6 = [one.title for one in found(explored, "il6")]
    assert il6[0] == "IL6"
    parts = [one.title for one in found(explored, "1")]
    assert parts[0] == "1E5"  # begins with it; others have it inside
    assert len(parts) > 1


def test_no_more_than_wanted_and_nothing_for_nothing(explored: Explored) -> None:
    assert len(found(explored, "s", 2)) == 2
    assert found(explored, "   ") == []
    assert found(explored, "no such name") == []


@pytest.mark.parametrize("typed", ["'", "%", "_", "\\", "\x00", "cg1' or '1'='1", "ꟿ" * 500, "<b>"])
def test_odd_letters_are_letters(explored: Explored, typed: str) -> None:
    assert all(typed.strip().lower() in one.title.lower() for one in found(explored, typed))


def test_numbers_stand_for_people_where_they_are_asked_for(tmp_path: Path) -> None:
    explored = small_explored(tmp_path, pseudonymise=True)
    names = explored.prepared().source.names
    for person in ("anna", "béla"):
        assert [one.kind for one in found(explored, person)] == []
    shown = names.subjects["anna"]
    assert found(explored, shown)[0].kind == "person"
    said = " ".join(f"{one.title} {one.said} {one.address}" for one in found(explored, "p", 50))
    assert "anna" not in said
    assert "b%C3%A9la" not in said
    explored.close()
