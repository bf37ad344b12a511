"""The page of whose each sample is, against its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.text import nouns
from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.pages.identity import agreement as module
from cohortmart.report.pages.identity import identity_page
from cohortmart.report.pages.identity.words import identity_flags
from cohortmart.report.pages.overview.cautions import cautions
from tests.support.report_identity_rows import IDS, SAMPLES, identity, study
from tests.support.report_source import small_source

SAID = [
    "meth: A2 and B2 are exchanged, by genotype. A2, said to be of A, is of B, and the other way "
    "round. Exchange their names in the sample sheet.",
    "meth: C3 is not of C, but of nobody else in the study, by genotype. Look for it in the "
    "laboratory's lists, or leave it out ('where').",
    "person D (3 samples: D1, D2, D3): female by X probes, and male by the sheet. One of the "
    "two is wrong.",
    "meth: contaminated or failed by its SNPs: C1 (score -1.2). Leave it out ('where').",
]


def made(**options: Any) -> Page:
    return identity_page(small_source(study(), SAMPLES, **options))


def named(page: Page, name: str) -> Any:
    return next((b for b in all_blocks(page) if getattr(b, "name", "") == name), None)


def texts(page: Page, kind: str) -> list[str]:
    return [b.words for b in all_blocks(page) if isinstance(b, Text) and b.kind == kind]


def test_what_is_odd_is_said_first_and_on_the_first_page() -> None:
    assert texts(made(), "warning") == SAID
    source = small_source(study(), SAMPLES)
    assert identity_flags(source) == SAID
    assert cautions(source)[: len(SAID)] == SAID


def test_what_the_data_cannot_tell() -> None:
    assert texts(made(), "plain") == [
        "Whose the samples of rna are cannot be told: nothing that singles out a person was "
        "measured of them, or too little.",
        "All samples whose sex can be told are female: by sex, only a sample that is male would "
        "be found.",
    ]
    rows = [r | {"said_sex": None, "verdict": "as said"} for r in identity()]
    page = identity_page(small_source({"qc_identity": rows}, SAMPLES))
    assert "The sample sheet does not say the sex" in texts(page, "plain")[-1]
    assert texts(page, "plain")[0].startswith("Nothing is at odds")


def test_any_two_arrays() -> None:
    figure = named(made(), "identity-agreement")
    assert isinstance(figure, Figure)
    cells = figure.data["cells"].to_pylist()  # type: ignore[union-attr]
    assert len(cells) == 12 * 11 // 2
    at = {(c["x"], c["y"]): c["r"] for c in cells}
    places = {s: i for i, s in enumerate(IDS)}  # people in order, each with the visits in order
    assert at[places["A1"], places["A2"]] == 0.4
    assert at[places["A2"], places["B1"]] == 0.99
    blocks = figure.data["blocks"].to_pylist()  # type: ignore[union-attr]
    assert [(b["start"], b["stop"]) for b in blocks] == [(0, 3), (3, 6), (6, 9), (9, 12)]
    assert figure.caption.endswith("12 samples of 4 people.")


def test_of_many_arrays_those_of_odd_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ARRAYS", 6)
    tables = study()
    keep = {"A2", "B2"}
    tables["qc_identity"] = [
        r if r["sample_id"] in keep else r | {"verdict": "as said"} for r in identity()
    ]
    figure = named(identity_page(small_source(tables, SAMPLES)), "identity-agreement")
    names = [row["name"] for row in figure.data["samples"].to_pylist()]
    assert [n.split(",")[0] for n in names] == ["A1", "A2", "A3", "B1", "B2", "B3"]
    assert "Of 12 arrays, those of odd people. 6 samples of 2 people." in figure.caption


def test_tables() -> None:
    page = made(nouns=nouns(["patient", "patients"]))
    numbers, samples, pairs = (
        named(page, f"identity-{n}") for n in ("numbers", "samples", "pairs")
    )
    assert isinstance(numbers, Table)
    assert numbers.rows.select(
        ["assay", "n", "as_said", "exchanged", "cannot_tell"]
    ).to_pylist() == [
        {"assay": "meth", "n": 12, "as_said": 5, "exchanged": 2, "cannot_tell": 0},
        {"assay": "rna", "n": 12, "as_said": 0, "exchanged": 0, "cannot_tell": 12},
    ]
    odd = samples.rows["sample"].to_pylist()[:7]
    assert sorted(odd) == ["A2", "B2", "C1", "C3", "D1", "D2", "D3"]
    assert set(pairs.rows["said"].to_pylist()) == {"of one patient", "not of one patient"}
    assert pairs.rows.num_rows == 8


def test_a_report_without_names_tells_nothing_of_who_is_who(tmp_path: Path) -> None:
    page = made(root=tmp_path, pseudonymised=True)
    assert named(page, "identity-agreement") is None
    assert named(page, "identity-samples") is None
    assert named(page, "identity-pairs") is None
    said = texts(page, "warning")
    assert len(said) == 4
    (sexes,) = (words for words in said if "by the sheet" in words)
    assert sexes.startswith("3 samples: ")  # unnamed: they are of one person
    for words in said:
        assert not any(f" {name}" in words for name in IDS), words
        assert not any(f"of {person}," in words or f"of {person} " in words for person in "ABCD")
    assert "are exchanged, by genotype. Exchange their names" in said[0]


def test_no_page_without_results() -> None:
    assert identity_page(small_source({}, SAMPLES)).sections == ()
    assert identity_flags(small_source({}, SAMPLES)) == []
