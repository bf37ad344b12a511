"""Features of a published table among those of an analysis."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from analyses.signatures.matching import AnalysisFeatures, MatchedSignature, match_signature
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.signature_records import SignatureFile

FEATURES = AnalysisFeatures(
    ("ENSG00000000001", "ENSG00000000002", "ENSG00000000003", "ENSG00000000004"),
    {"ENSG00000000001": "TP53", "ENSG00000000002": "IL2", "ENSG00000000003": "Y_RNA",
     "ENSG00000000004": "Y_RNA"},
)  # fmt: skip
COLUMNS = ("listed_as", "feature", "estimate", "t", "p_value", "adj_p_value")


def rows(*given: tuple[object, ...]) -> pl.DataFrame:
    schema = {c: pl.String if i < 2 else pl.Float64 for i, c in enumerate(COLUMNS)}
    return pl.DataFrame(list(given), schema=schema, orient="row")


def match(table: pl.DataFrame, found: float = 0.05) -> MatchedSignature:
    asked = SignatureFile(file=Path("t.csv"), found=found)
    return match_signature("ms", asked, table, FEATURES, "the genes of analysis rna")


def test_by_id_without_its_version() -> None:
    table = rows(
        ("ENSG00000000002.7", "ENSG00000000002.7", 1.0, 2.0, 0.04, 0.04),
        ("ENSG00000000001.1", "ENSG00000000001.1", -1.0, None, 0.5, 0.6),
        ("ENSG00000000009", "ENSG00000000009", 5.0, 9.0, 0.01, 0.01),
    )
    found = match(table)
    assert found.feature_ids == ("ENSG00000000001", "ENSG00000000002")
    assert found.listed_as == ("ENSG00000000001.1", "ENSG00000000002.7")
    assert found.estimate.tolist() == [-1.0, 1.0]
    assert found.t[1] == 2.0
    assert found.t[0] != found.t[0]
    assert found.found is not None
    assert found.found.tolist() == [False, True]
    assert found.n_listed == 3
    assert found.note == (
        "signature ms: 2 of 3 features are in the analysis, by feature_id without version"
    )


def test_names_that_mean_one_feature_or_several() -> None:
    """P53 is TP53's former name; nobody knows which Y_RNA is meant."""
    table = rows(
        ("P53", "TP53", 3.0, 3.0, 0.01, None),
        ("TP53", "TP53", 1.0, 1.0, 0.2, None),
        ("Y_RNA", "Y_RNA", 1.0, 1.0, 0.2, None),
        ("IL2", "IL2", 2.0, 2.0, None, None),
    )
    found = match(table)
    assert found.feature_ids == ("ENSG00000000001", "ENSG00000000002")
    assert found.listed_as == ("P53", "IL2")
    assert found.note == (
        "signature ms: 2 of 4 features are in the analysis, by gene_name; 1 name of several "
        "features left out; 1 row of a feature that another row counts for left out"
    )


def test_the_tables_own_list() -> None:
    """Adjusted P, else that of P, else that of t; none where all or nothing is known."""
    by_p = rows(("TP53", "TP53", 1.0, None, 0.03, None), ("IL2", "IL2", 1.0, None, 0.04, None),
                ("X", "X", 1.0, None, 0.9, None))  # fmt: skip
    assert match(by_p).found is not None
    assert match(by_p).found.tolist() == [False, False]  # type: ignore[union-attr]
    assert match(by_p, 0.07).found.tolist() == [True, True]  # type: ignore[union-attr]
    by_t = by_p.with_columns(pl.lit(None, pl.Float64).alias("p_value"),
                             pl.Series("t", [5.0, 1.0, 0.1]))  # fmt: skip
    assert match(by_t).found.tolist() == [True, False]  # type: ignore[union-attr]
    nothing = by_p.with_columns(pl.lit(None, pl.Float64).alias("p_value"))
    assert match(nothing).found is None
    all_found = by_p.with_columns(pl.lit(0.001).alias("adj_p_value"))
    assert match(all_found).found is None


def test_none_matches() -> None:
    table = rows(("cg00000029", "cg00000029", 1.0, None, None, None))
    with pytest.raises(AnalysisError) as error:
        match(table)
    said = str(error.value)
    assert "no gene of the signature `ms` (t.csv) is among the genes of analysis rna" in said
    assert "cg00000029" in said
    assert "TP53" in said


def test_genes_beside_betas_say_what_to_do() -> None:
    probes = AnalysisFeatures(("cg00000029", "cg00000108"), {}, are_probes=True)
    asked = SignatureFile(file=Path("t.csv"))

    def refused(word: str) -> AnalysisError:
        table = rows((word, word, 1.0, 1.0, 0.1, 0.1))
        with pytest.raises(AnalysisError) as caught:
            match_signature("ms", asked, table, probes, "the CpGs of analysis betas")
        return caught.value

    genes = refused("TP53")
    assert genes.problem == (
        "no CpG of the signature `ms` (t.csv) is among the CpGs of analysis betas"
    )
    assert genes.hint == asked.hint_for_betas
    assert "id: COLUMN" in genes.hint
    assert "analysis of counts or proteins" in genes.hint
    other_array = refused("cg99999999")
    assert other_array.hint.startswith("both look like methylation probes")
