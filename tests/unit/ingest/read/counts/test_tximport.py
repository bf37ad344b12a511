"""Estimated counts equal tximport's, and an oracle that follows the paper."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cohortmart.core.errors import IngestError
from tests.support.count_files import put, read_counts
from tests.support.paths import DATA

FOLDER = DATA / "tximport"
SAMPLES = ["S1", "S2", "S3", "S4"]
TABLE = FOLDER / "tx2gene.tsv"


def expected(name: str, what: str) -> tuple[list[str], np.ndarray]:
    rows = list(csv.reader((FOLDER / f"tximport_{name}_{what}.csv").read_text().splitlines()))
    return [row[0] for row in rows[1:]], np.array([row[1:] for row in rows[1:]], float)


def copied(folder: Path, ending: str = ".sf") -> list[Path]:
    """The files in a folder of their own: the lake is written beside them."""
    return [put(folder / f"{s}{ending}", (FOLDER / f"{s}{ending}").read_text()) for s in SAMPLES]


def lengths_in(folder: Path) -> np.ndarray:
    lists = pq.read_table(next(folder.rglob("matrix.parquet")))["transcript_length"]
    return np.array(lists.to_pylist())


@pytest.mark.parametrize("how", ["none", "scaledTPM", "lengthScaledTPM"])
def test_salmon_equals_tximport(tmp_path: Path, how: str) -> None:
    report, ids, values = read_counts(
        copied(tmp_path), SAMPLES, transcripts=TABLE, counts_from_abundance=how
    )
    genes, wanted = expected("no" if how == "none" else how, "counts")
    assert (ids, report.samples) == (genes, tuple(SAMPLES))
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-9)
    _, lengths = expected("no" if how == "none" else how, "length")
    np.testing.assert_allclose(lengths_in(tmp_path), lengths, rtol=1e-12)
    assert len(report.notes) == 1
    assert "1 of 14 transcripts are of no gene" in report.notes[0]


def test_rsem_equals_tximport(tmp_path: Path) -> None:
    _, ids, values = read_counts(copied(tmp_path, ".genes.results"), SAMPLES)
    genes, wanted = expected("rsem", "counts")
    assert ids == genes
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-9)
    np.testing.assert_allclose(lengths_in(tmp_path), expected("rsem", "length")[1], rtol=1e-12)


def simulated(folder: Path, rng: np.random.Generator, n_samples: int = 3) -> dict[str, np.ndarray]:
    """Files of kallisto of 60 transcripts in an order of their own, and what they hold."""
    n = 60
    names = [f"ENST{i:011d}.{1 + i % 3}" for i in range(n)]
    counts = np.round(rng.gamma(0.3, 900, (n, n_samples)), 4)
    counts[rng.random((n, n_samples)) < 0.4] = 0
    lengths = np.round(rng.uniform(80, 5000, (n, n_samples)), 3)
    tpm = counts / lengths
    tpm = np.round(1e6 * tpm / tpm.sum(axis=0), 5)
    for j in range(n_samples):
        rows = [
            f"{names[i]}\t99\t{lengths[i, j]}\t{counts[i, j]}\t{tpm[i, j]}"
            for i in rng.permutation(n)
        ]
        head = "target_id\tlength\teff_length\test_counts\ttpm"
        put(folder / f"K{j}" / "abundance.tsv", "\n".join([head, *rows]) + "\n")
    lines = [f"{names[i]}\tG{i // 4:02d}\tN{i // 4:02d}" for i in rng.permutation(n)]
    put(folder / "t2g.tsv", "\n".join(lines) + "\n")
    return {"counts": counts, "lengths": lengths, "tpm": tpm}


def oracle(given: dict[str, np.ndarray], how: str) -> tuple[np.ndarray, np.ndarray]:
    """Sums a gene by gene, as section Methods of Soneson et al. 2015 says it."""
    n_genes = len(given["counts"]) // 4
    parts = {name: values.reshape(n_genes, 4, -1) for name, values in given.items()}
    lengths = np.empty((n_genes, parts["tpm"].shape[2]))
    for g in range(n_genes):
        for j in range(lengths.shape[1]):
            weights = parts["tpm"][g, :, j]
            lengths[g, j] = (
                np.average(parts["lengths"][g, :, j], weights=weights) if weights.sum() else np.nan
            )
        there = ~np.isnan(lengths[g])
        spare = (
            np.exp(np.log(lengths[g, there]).mean()) if there.any() else parts["lengths"][g].mean()
        )
        lengths[g, ~there] = spare
    counts, tpm = parts["counts"].sum(axis=1), parts["tpm"].sum(axis=1)
    if how == "none":
        return counts, lengths
    made = tpm if how == "scaledTPM" else tpm * lengths.mean(axis=1)[:, None]
    return made / made.sum(axis=0) * counts.sum(axis=0), lengths


@pytest.mark.parametrize("how", ["none", "scaledTPM", "lengthScaledTPM"])
def test_kallisto_equals_the_oracle(tmp_path: Path, rng: np.random.Generator, how: str) -> None:
    given = simulated(tmp_path, rng)
    files = sorted(tmp_path.glob("K*/abundance.tsv"))
    report, ids, values = read_counts(
        files, ["K0", "K1", "K2"], transcripts=tmp_path / "t2g.tsv", counts_from_abundance=how
    )
    counts, lengths = oracle(given, how)
    assert ids == [f"G{i:02d}" for i in range(15)]
    assert report.features["gene_name"].to_pylist() == [f"N{i:02d}" for i in range(15)]
    np.testing.assert_allclose(values, counts, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(lengths_in(tmp_path), lengths, rtol=1e-12)


GTF = (
    '#!genome-build x\n1\th\tgene\t1\t9\t.\t+\t.\tgene_id "G{g}"; gene_name "N{g}";\n'
    '1\th\ttranscript\t1\t9\t.\t+\t.\tgene_id "G{g}"; transcript_id "{t}"; gene_name "N{g}";\n'
    '1\th\texon\t1\t9\t.\t+\t.\tgene_id "G{g}"; transcript_id "{t}"; gene_name "N{g}";\n'
)
GFF = (
    "##gff-version 3\n1\th\tgene\t1\t9\t.\t+\t.\tID=gene:G{g};Name=N{g}\n"
    "1\th\tmRNA\t1\t9\t.\t+\t.\tID=transcript:{t};Parent=gene:G{g};transcript_id={t}\n"
)
TABLES = {
    "gtf": (GTF, False),
    "gtf of exons": (GTF.replace("\ttranscript\t", "\tCDS\t"), False),
    "gff3": (GFF, False),
    "no header": ("{t}\tG{g}\n", False),
    "csv": ('"{t}","G{g}"\n', "TXNAME,GENEID\n"),
    "gene first": ("G{g}\tN{g}\t{t}\n", "ens_gene\text_gene\ttarget_id\n"),
    "versions cut": ("{bare}\tG{g}\n", False),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_says_the_same(tmp_path: Path, name: str) -> None:
    line, head = TABLES[name]
    transcripts = [row.split("\t")[0] for row in TABLE.read_text().split("\n")[1:-1]]
    gene_of = dict(row.split("\t") for row in TABLE.read_text().split("\n")[1:-1])
    text = (head or "") + "".join(
        line.format(t=t, bare=t.split(".")[0], g=gene_of[t].removeprefix("ENSG"))
        for t in transcripts
    )
    table = put(tmp_path / "table.txt.gz", text)
    report, ids, values = read_counts(copied(tmp_path), SAMPLES, transcripts=table)
    genes, wanted = expected("no", "counts")
    assert ids == ["G" + gene.removeprefix("ENSG") for gene in genes]
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-9)
    assert any("without their version" in note for note in report.notes) == (name == "versions cut")


def test_transcripts_without_a_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="nothing says which gene") as caught:
        read_counts(copied(tmp_path), SAMPLES)
    assert "transcripts: tx2gene.tsv" in str(caught.value.hint)


def test_a_table_of_another_annotation_is_refused(tmp_path: Path) -> None:
    other = put(tmp_path / "other.tsv", "transcript_id\tgene_id\nENSMUST00000000001.1\tG1\n")
    with pytest.raises(IngestError, match=r"other.tsv has 0.0% of the transcripts"):
        read_counts(copied(tmp_path), SAMPLES, transcripts=other)


def test_a_transcript_of_two_genes_is_refused(tmp_path: Path) -> None:
    text = TABLE.read_text() + "ENST00000000001.1\tENSG00000000099\n"
    with pytest.raises(IngestError, match="is of two genes"):
        read_counts(copied(tmp_path), SAMPLES, transcripts=put(tmp_path / "t.tsv", text))


def test_files_of_two_indices_are_refused(tmp_path: Path) -> None:
    files = copied(tmp_path)
    lines = files[2].read_text().splitlines(keepends=True)
    files[2].write_text("".join([*lines[:4], *lines[5:]]))
    with pytest.raises(IngestError, match="lacks 1 transcript") as caught:
        read_counts(files, SAMPLES, transcripts=TABLE)
    assert caught.value.file == files[2]
    assert "ENST00000000004.2" in str(caught.value.found)


def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path) -> None:
    files = copied(tmp_path)
    lines = files[1].read_text().splitlines()
    lines[5] = "\t".join([*lines[5].split("\t")[:4], "-3"])
    files[1].write_text("\n".join(lines) + "\n")
    with pytest.raises(IngestError, match="negative") as caught:
        read_counts(files, SAMPLES, transcripts=TABLE)
    assert (caught.value.file, caught.value.line, caught.value.column) == (files[1], 6, 5)
