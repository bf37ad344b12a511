"""GMT files: what counts as a set, and what is refused with which line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import LAKE_TABLES
from ingest.read.gene_sets.gmt import GeneSets, check_collections, read_gmt

Sets = dict[str, tuple[str | None, list[str]]]


def sets_of(read: GeneSets) -> Sets:
    """Set to its description and genes, in the order of the file."""
    assert read.members.columns == LAKE_TABLES["gene_set"].names
    found: Sets = {}
    for _, name, description, gene in read.members.iter_rows():
        known = found.setdefault(name, (description, []))
        assert known[0] == description
        known[1].append(gene)
    return found


def written(folder: Path, text: str | bytes, name: str = "hallmark.v1.gmt") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


PLAIN = "B\tsecond one\tTP53\tBRCA1\nA\tNA\tIL2\n"
EXPECTED: Sets = {"B": ("second one", ["TP53", "BRCA1"]), "A": (None, ["IL2"])}


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\t\t \n\n"),
        "\n\n\t\n" + PLAIN,
        "﻿" + PLAIN,
        PLAIN.replace("NA", ""),
        PLAIN.replace("NA", " null ").replace("\tIL2", "\t \tIL2 \tNA\t"),
        PLAIN.replace("TP53", "TP53,1.0").replace("IL2", "IL2,2.5e-3"),
        PLAIN.replace("TP53", '"TP53"'),
    ],
)
def test_sets_however_they_are_written(tmp_path: Path, text: str) -> None:
    read = read_gmt(written(tmp_path, text))
    assert sets_of(read) == EXPECTED
    assert (read.n_sets, read.format, read.notes) == (2, "gmt", ())
    assert read.members["collection"].unique().to_list() == ["hallmark.v1"]


def test_compressed(tmp_path: Path) -> None:
    file = written(tmp_path, gzip.compress(PLAIN.encode()), "go.gmt.gz")
    read = read_gmt(file)
    assert (sets_of(read), read.format) == (EXPECTED, "gmt+gzip")
    assert read.members["collection"][0] == "go"
    # by content, whatever the name says
    file = written(tmp_path, zstandard.ZstdCompressor().compress(PLAIN.encode()), "go.gmt")
    assert (sets_of(read_gmt(file)), read_gmt(file).format) == (EXPECTED, "gmt+zstd")


def test_genes_listed_twice_count_once(tmp_path: Path) -> None:
    read = read_gmt(written(tmp_path, "A\tx\tIL2\tTP53\tIL2\tIL2\nB\tx\tIL2\tIL2 \n"))
    assert sets_of(read) == {"A": ("x", ["IL2", "TP53"]), "B": ("x", ["IL2"])}
    assert read.notes == ("hallmark.v1.gmt: 3 genes listed twice in a set, counted once",)


@pytest.mark.parametrize(
    ("text", "problem", "line", "found"),
    [
        (PLAIN + "C\n", "too few fields", 3, "1 field: `C`"),
        ("A\tx\nB\tx\tNA\t \tnull\n", "no gene set of the file has a gene", None, "`A\tx`"),
        ("A x TP53 BRCA1\n", "too few fields", 1, "1 field: `A x TP53 BRCA1`"),
        ("\tx\tTP53\n", "has no name", 1, "`\tx\tTP53`"),
        (PLAIN + "\n\nB\tagain\tIL7\n", "`B` stands twice", 5, "also on line 1"),
        (PLAIN + "C\tx\tSEPT1\t2-Sep\n", "into a date", 3, "`2-Sep`"),
        ("A\tx\tIL2\rB\tx\tIL7\r", "carriage return alone", 1, None),
        ("A\tx\tIL2\nB\tx\tIL7\rC\tx\tIL7\n", "carriage return alone", 2, None),
        ("\n \n\t\n", "holds no gene set", None, None),
        (b"A\tx\tIL2\nB\t\xe4\tIL7\n", "not UTF-8", 2, "the byte e4 at byte offset 10"),
        (b"", "is empty", None, None),
        (b"PK\x03\x04", "Excel workbook", None, None),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], "truncated", None, None),
    ],
)
def test_what_is_refused(
    tmp_path: Path, text: str | bytes, problem: str, line: int | None, found: str | None
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(IngestError) as caught:
        read_gmt(file)
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == (file, line)
    assert caught.value.hint
    if found is not None:
        assert caught.value.found == found


@pytest.mark.parametrize(
    "empty", ["C\tno genes", "C\tno genes\t\t", "C\t", "C\tx\tNA\t \tnull", "C\t\t-\t"]
)
def test_sets_without_a_gene_are_left_out(tmp_path: Path, empty: str) -> None:
    read = read_gmt(written(tmp_path, f"# made today\n{empty}\n{PLAIN}D\tx\n\tx\t\n"))
    assert (sets_of(read), read.n_sets) == (EXPECTED, 2)
    assert read.notes == ("hallmark.v1.gmt: 3 sets without a gene left out: C, D, (no name)",)


def test_a_set_twice_with_the_same_genes_counts_once(tmp_path: Path) -> None:
    text = f"{PLAIN}B\tother words\tBRCA1\tTP53\tTP53\nA\tNA\tIL2\nA\tNA\nB\tx\tBRCA1\tTP53,1\n"
    read = read_gmt(written(tmp_path, text))
    assert (sets_of(read), read.n_sets) == (EXPECTED, 2)
    assert read.notes == (
        "hallmark.v1.gmt: 1 set without a gene left out: A",
        "hallmark.v1.gmt: 3 sets that stand in the file before with the same genes, counted "
        "once: B, A",
    )


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    text = (
        f"{PLAIN}C\tempty\nB\tagain\tIL7\n\tx\tIL2\nD x IL2\nE\tx\t2-Sep\tIL2\t1-Mar\nA\tNA\tIL2\n"
    )
    with pytest.raises(IngestError) as caught:
        read_gmt(written(tmp_path, text))
    assert caught.value.problem == "4 lines cannot be used"
    assert caught.value.line == 4
    assert caught.value.found is not None
    assert [line.strip() for line in caught.value.found.splitlines()] == [
        "line 4: the gene set `B` stands twice with different genes: also on line 1",
        "line 5: the gene set has no name: `\tx\tIL2`",
        "line 6: the line of a gene set has too few fields: 1 field: `D x IL2`",
        "line 7: Excel turned the name of a gene into a date: `2-Sep`",
        "line 7: Excel turned the name of a gene into a date: `1-Mar`",
    ]


def test_names_of_collections(tmp_path: Path) -> None:
    check_collections([tmp_path / "a.gmt", tmp_path / "b.gmt", tmp_path / "a.v2.gmt"])
    with pytest.raises(IngestError, match="two files of gene sets are named `a`") as caught:
        check_collections([tmp_path / "a.gmt", tmp_path / "b.gmt", tmp_path / "x" / "a.gmt.gz"])
    assert str(tmp_path / "a.gmt") in str(caught.value.found)
    for taken in ("gene_lists", "contrasts"):
        with pytest.raises(IngestError, match=f"cannot be called `{taken}`"):
            check_collections([tmp_path / f"{taken}.gmt"])


WORD = st.text("ABCdef019-_.:", min_size=1, max_size=6).filter(
    lambda w: w not in ("-", "NA") and not w[0].isdigit()
)


@given(st.dictionaries(WORD, st.lists(WORD, min_size=1, max_size=8, unique=True), min_size=1))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, sets: dict[str, list[str]]
) -> None:
    lines = ["\t".join((name, f"{name}!", *genes)) for name, genes in sets.items()]
    text = "\n".join(lines)
    read = read_gmt(written(tmp_path_factory.mktemp("gmt"), text))
    assert sets_of(read) == {name: (f"{name}!", genes) for name, genes in sets.items()}
    assert read.n_sets == len(sets)


@pytest.mark.parametrize(
    ("name", "n_sets", "sizes"),
    [
        ("go_bp", 6482, (10, 500)),
        ("kegg_2011", 213, (10, 500)),
        ("disease_genes_menche2015", 1489, (1, 10_000)),
        ("msigdb_champ", 7933, (10, 500)),
    ],
)
def test_real_gene_sets(shared_data: Path, name: str, n_sets: int, sizes: tuple[int, int]) -> None:
    file = shared_data / "genesets" / f"{name}.gmt.gz"
    read = read_gmt(file)
    assert read.n_sets == n_sets
    # the same with nothing but the standard library
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    expected = [line.split("\t") for line in lines]
    found = read.members.group_by("gene_set", maintain_order=True).agg("description", "gene_name")
    assert found["gene_set"].to_list() == [fields[0] for fields in expected]
    assert found["gene_name"].to_list() == [fields[2:] for fields in expected]
    assert [d[0] for d in found["description"].to_list()] == [fields[1] for fields in expected]
    n_genes = found["gene_name"].list.len()
    assert sizes[0] <= n_genes.min() <= n_genes.max() <= sizes[1]
