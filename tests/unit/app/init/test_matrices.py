"""Matrices of other formats, and sheets of further assays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cohortmart.app.init.command import Written, init_study
from cohortmart.app.study_file import load_study
from tests.support.init_files import people, write_betas, write_counts, write_sheet

ROWS = people({"control": 4, "case": 4}, ["V1", "V2"])
NAMES = [str(row["sample"]) for row in ROWS]
GENES = [f"ENSG{i:011d}" for i in range(40)]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    write_sheet(folder / "sheet.csv", ROWS)
    return folder


def made(raw: Path) -> Written:
    written = init_study([raw], raw.parent / "study.yml")
    assert not written.check.faulty
    return written


def counts() -> np.ndarray:
    return np.random.default_rng(7).negative_binomial(5, 0.01, (len(GENES), len(NAMES)))


def test_salmon_writes_a_folder_for_each_sample(raw: Path) -> None:
    transcripts = [f"ENST{i:011d}" for i in range(40)]
    for j, name in enumerate(NAMES):
        folder = raw / "quant" / name
        folder.mkdir(parents=True)
        rows = [
            f"{t}\t900\t700\t1.5\t{n}" for t, n in zip(transcripts, counts()[:, j], strict=True)
        ]
        (folder / "quant.sf").write_text(
            "\n".join(["Name\tLength\tEffectiveLength\tTPM\tNumReads", *rows]) + "\n"
        )
    pairs = [f"{t}\t{g}" for t, g in zip(transcripts, GENES, strict=True)]
    (raw / "tx.tsv").write_text("\n".join(["transcript\tgene", *pairs]) + "\n")
    written = made(raw)
    assay = load_study(written.path).assays["rna"]
    assert len(assay.files) == len(NAMES)
    assert assay.read.transcripts == raw / "tx.tsv"
    assert "raw/quant/*/quant.sf" in written.path.read_text()


def test_feature_counts_names_its_columns_by_bams(raw: Path) -> None:
    head = ["Geneid", "Chr", "Start", "End", "Strand", "Length"]
    bams = [f"/scratch/bam/{name}.sorted.bam" for name in NAMES]
    lines = ["# Program:featureCounts v2.0.1", "\t".join([*head, *bams])]
    for gene, row in zip(GENES, counts(), strict=True):
        lines.append("\t".join([gene, "1", "1", "900", "+", "900", *map(str, row)]))
    (raw / "counts.txt").write_text("\n".join(lines) + "\n")
    assay = load_study(made(raw).path).assays["rna"]
    assert (assay.kind, assay.sample, assay.read.strip_suffix) == ("counts", None, None)


def test_samples_in_rows_and_genes_across(raw: Path) -> None:
    lines = [",".join(["", *GENES])]
    lines += [",".join([n, *map(str, column)]) for n, column in zip(NAMES, counts().T, strict=True)]
    (raw / "turned.csv").write_text("\n".join(lines) + "\n")
    written = made(raw)
    kinds = {a.kind for a in load_study(written.path).assays.values()}
    assert kinds == {"counts"}


def test_measurements_in_parquet_with_values_of_every_size_take_a_logarithm(raw: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"sample": NAMES}).with_columns(
        **{f"M{i}": pl.Series(np.exp(rng.normal(0, 3, len(NAMES)))) for i in range(8)}
    )
    frame.write_parquet(raw / "metabolites.parquet")
    assay = load_study(made(raw).path).assays["metabolites"]
    assert (assay.kind, assay.transform) == ("continuous", "log2")


def test_detection_p_belongs_to_its_betas(raw: Path) -> None:
    write_betas(raw / "betas.csv", NAMES)
    write_betas(raw / "detection_pvalues.csv", NAMES, seed=9)
    (assay,) = load_study(made(raw).path).assays.values()
    assert [path.name for path in assay.files] == ["betas.csv"]
    assert [path.name for path in assay.detection_p] == ["detection_pvalues.csv"]


def test_betas_in_two_files_are_one_assay(raw: Path) -> None:
    write_betas(raw / "batch1.csv", NAMES[:8])
    write_betas(raw / "batch2.csv", NAMES[8:], seed=9)
    (assay,) = load_study(made(raw).path).assays.values()
    assert [path.name for path in assay.files] == ["batch1.csv", "batch2.csv"]


def test_a_second_assay_with_a_sheet_of_its_own(raw: Path) -> None:
    arrays = [
        {"array_name": f"A{i:03d}", "patient": r["patient"], "visit": r["visit"], "plate": i % 2}
        for i, r in enumerate(ROWS)
    ]
    write_sheet(raw / "arrays.csv", arrays)
    write_counts(raw / "counts.tsv", NAMES)
    write_betas(raw / "betas.csv", [row["array_name"] for row in arrays])
    study = load_study(made(raw).path)
    first, second = study.samples
    if first.sample == "array_name":  # both sheets name the people and visits of one assay
        first, second = second, first
    assert (first.file.name, first.sample) == ("sheet.csv", "sample")
    assert (second.file.name, second.sample) == ("arrays.csv", "array_name")
    assert second.timepoint == "visit"
    assert set(study.assays) == {"rna", "methylation"}
    assert set(study.analyses) == {"rna", "methylation"}


def test_signals_of_genome_studio_found_by_the_arrays_of_the_sheet(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = [
        row | {"Sentrix_ID": 200000000000 + i // 8, "Sentrix_Position": f"R0{i % 8 + 1}C01"}
        for i, row in enumerate(ROWS)
    ]
    write_sheet(raw / "sheet.csv", rows)
    arrays = [f"{row['Sentrix_ID']}_{row['Sentrix_Position']}" for row in rows]
    head = ["TargetID", *(f"{a}.{q}" for a in arrays for q in ("AVG_Beta", "Detection Pval"))]
    rng = np.random.default_rng(5)
    lines = ["\t".join(head)]
    for i in range(30):
        cells = [f"{v:.3f}" for b in rng.beta(2, 2, len(arrays)) for v in (b, 0.001)]
        lines.append("\t".join([f"cg{i:08d}", *cells]))
    (raw / "export.txt").write_text("\n".join(lines) + "\n")
    study = load_study(made(raw).path)
    assert study.samples[0].sample == "sample"
    assert (study.assays["methylation"].kind, study.assays["methylation"].sample) == ("beta", None)
