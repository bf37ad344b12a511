"""The transformed layer: below detection as study.yml says, then the transform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyses.stats.measurement.transforms import rank_normal
from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current, read_part
from tests.support.protein_study import LIMIT, ProteinStudy


@pytest.fixture
def proteins(tmp_path: Path) -> ProteinStudy:
    return ProteinStudy(tmp_path)


def made(proteins: ProteinStudy, assay: str, **options: Any) -> dict[str, np.ndarray]:
    proteins.assays[assay] |= options
    proteins.ingest()
    proteins.normalise()
    parts = {e.part for e in read_current(proteins.home.lake)}
    return proteins.layer(f"{assay}:transformed" if f"{assay}:transformed" in parts else assay)


def test_without_a_transform_there_is_no_layer(proteins: ProteinStudy) -> None:
    proteins.ingest()
    assert proteins.normalise().done == ("hormones:transformed",)
    np.testing.assert_array_equal(proteins.layer("olink:raw")["OID003"], proteins.npx[3])


def test_log2_of_half_the_limit(proteins: ProteinStudy) -> None:
    rows = made(proteins, "hormones")
    np.testing.assert_allclose(rows["estradiol"], np.log2(proteins.hormone), rtol=1e-15)
    below = np.arange(len(proteins.sheet)) % 5 == 0
    known = 3.0 + np.arange(len(proteins.sheet)) % 4
    np.testing.assert_array_equal(rows["progesterone"], np.log2(np.where(below, 1.0, known)))


@pytest.mark.parametrize("rule", ["value", "missing"])
def test_what_lies_below_is_taken_as_the_study_says(proteins: ProteinStudy, rule: str) -> None:
    rows = made(proteins, "hormones", below_detection=rule)
    below = np.arange(len(proteins.sheet)) % 5 == 0
    assert (rows["progesterone"][below] == 1).all() == (rule == "value")
    assert np.isnan(rows["progesterone"][below]).all() == (rule == "missing")


def test_half_of_a_limit_in_npx_is_one_less(proteins: ProteinStudy) -> None:
    rows = made(proteins, "olink", below_detection="half")
    stacked = np.stack([rows[p] for p in proteins.proteins])
    want = np.where(proteins.npx < LIMIT, LIMIT - 1, proteins.npx)
    assert (proteins.npx < LIMIT).sum() > 20
    np.testing.assert_array_equal(stacked, want)
    assert any("measurements below detection: taken as half" in line for line in proteins.said)


def test_normal_scores(proteins: ProteinStudy) -> None:
    rows = made(proteins, "olink", transform="rank_normal")
    np.testing.assert_array_equal(rows["OID007"], rank_normal(proteins.npx[[7]])[0])


def test_another_transform_is_another_layer_and_the_same_one_is_not_made_again(
    proteins: ProteinStudy,
) -> None:
    made(proteins, "hormones")
    assert proteins.normalise().done == ()
    made(proteins, "hormones", transform="rank_normal")
    entries = [e.path for e in read_current(proteins.home.lake) if e.part.endswith("transformed")]
    assert len([path for path in entries if path.startswith("matrix-")]) == 1


def test_a_unit_of_one_assay_makes_no_other_again(proteins: ProteinStudy) -> None:
    proteins.assays["olink"] |= {"transform": "rank_normal"}
    made(proteins, "hormones")
    proteins.assays["olink"]["unit"] = "log2 NPX"
    proteins.ingest()
    assert proteins.normalise().done == ("olink:transformed",)


def test_measures_and_their_units(proteins: ProteinStudy) -> None:
    proteins.ingest()
    table = read_part(proteins.home.lake, "measure")
    assert table is not None
    rows = {(r["assay"], r["feature_id"]): r for r in table.to_pylist()}
    assert rows["hormones", "estradiol"]["unit"] == "pmol/l"
    assert rows["hormones", "estradiol"]["transformed_unit"] == "log2 pmol/l"
    assert rows["hormones", "progesterone"]["transformed_unit"] == "log2"
    assert rows["olink", "OID001"]["measure_name"] == "PROT1"
    assert rows["olink", "OID001"]["transformed_unit"] == "NPX"


@pytest.mark.parametrize(
    ("transform", "unit", "found", "hint"),
    [
        ("logit", "", "of estradiol", "unit: percent"),
        ("logit", "percent", "of estradiol", "rank_normal"),
    ],
)
def test_a_value_that_the_transform_cannot_take(
    proteins: ProteinStudy, transform: str, unit: str, found: str, hint: str
) -> None:
    proteins.hormone[4] = 50 if unit == "" else 150
    proteins.hormone[:4] = 0.5
    proteins.assays["hormones"] |= {"transform": transform, "unit": {"estradiol": unit or "x"}}
    with pytest.raises(IngestError, match="logit cannot be taken") as error:
        proteins.ingest()
    assert error.value.line == 6
    assert error.value.column == "estradiol"
    assert found in str(error.value.found)
    assert hint in str(error.value.hint)
    assert read_current(proteins.home.lake) == []


def test_a_zero_has_no_logarithm(proteins: ProteinStudy) -> None:
    proteins.hormone[10] = 0
    with pytest.raises(IngestError, match="log2 cannot be taken") as error:
        proteins.ingest()
    assert error.value.line == 12
    assert "<LIMIT" in str(error.value.hint)


def test_a_unit_of_no_measure(proteins: ProteinStudy) -> None:
    proteins.assays["hormones"]["unit"] = {"estradol": "pmol/l"}
    with pytest.raises(IngestError, match="names `estradol`") as error:
        proteins.ingest()
    assert "did you mean `estradiol`" in str(error.value.hint)
