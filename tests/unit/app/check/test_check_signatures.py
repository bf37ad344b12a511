"""What `check` says of published tables beside betas."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.app.check.report import check_study
from tests.support.small_betas import analysis, write_betas_study


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ["cg00000001", "cg00000002", "rs1", "TP53"],
            "analysis main, signature `ms`: 3 of 4 features are CpGs or SNPs",
        ),
        (
            ["TP53", "IL2"],
            "WARNING: analysis main, signature `ms`: no name of ms.csv looks like a CpG, they are "
            "gene symbols; the run will stop if the array has none of them. To do: a gene has many "
            "CpGs, so betas are compared by CpG alone: name the column of CpGs if the table has "
            "one (`{file: ms.csv, id: COLUMN}`), or move a table of genes to an analysis of counts "
            "or proteins",
        ),
    ],
)
def test_cpgs_of_a_table_are_counted(tmp_path: Path, names: list[str], words: str) -> None:
    rows = [f"{name},{i - 1.5},0.{i + 1}" for i, name in enumerate(names)]
    (tmp_path / "ms.csv").write_text("\n".join(["ID,logFC,P.Value", *rows]) + "\n")
    one = analysis("main") + "\n    signatures: {ms: ms.csv}"
    text = " ".join(check_study(write_betas_study(tmp_path, analyses=one)).text.split())
    assert "Published tables" in text
    assert words in text


def test_without_tables_nothing_is_said(tmp_path: Path) -> None:
    assert "Published tables" not in check_study(write_betas_study(tmp_path)).text
