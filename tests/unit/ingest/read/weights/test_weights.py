"""Files of derived assays: profiles of cell types, weights of scores, networks."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from cohortmart.core.errors import IngestError
from ingest.read.weights.weights import (
    Weights,
    read_profiles,
    read_score_weights,
    read_signed_network,
)

Read = Callable[[Path, str], Weights]


def read(reader: Read, folder: Path, text: str | bytes, name: str = "w.csv") -> Weights:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader(file, "made")


def rows(weights: Weights) -> list[tuple[str, str, float]]:
    return list(weights.rows.iter_rows())


PROFILES = [("B", "cg1", 0.9), ("B", "cg2", 0.1), ("NK", "cg1", 0.2), ("NK", "cg2", 1.0)]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("CpG,B,NK\ncg1,0.9,0.2\ncg2,0.1,1\n", "csv"),
        ('"","B","NK"\r\n"cg1",0.9,0.2\r\n"cg2",0.1,1\r\n', "csv"),
        ("B\tNK\ncg2\t0.1\t1\ncg1\t0.9\t0.2\n", "tsv"),  # R leaves the corner out
        ("﻿probe;NK;B\ncg1;0.2;0.9\ncg2;1;0.1\n", "csv2"),
        ("# made in R\nIDOL reference\n\nID,B,NK\ncg1,0.9,0.2\n\ncg2,0.1,1\n", "csv"),
        (gzip.compress(b"CpG,B,NK\ncg1,0.9,0.2\ncg2,0.1,1\n", mtime=0), "csv+gzip"),
    ],
)
def test_profiles(tmp_path: Path, text: str | bytes, form: str) -> None:
    found = read(read_profiles, tmp_path, text)
    assert rows(found) == PROFILES
    assert (found.n_rows, found.n_columns, found.format, found.notes) == (2, 3, form, ())


def test_profiles_in_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in ([None, "B", "NK"], ["cg1", 0.9, 0.2], ["cg2", 0.1, 1]):
        book.active.append(row)
    book.save(tmp_path / "ref.xlsx")
    assert rows(read_profiles(tmp_path / "ref.xlsx", "made")) == PROFILES


def test_annotation_and_incomplete_cpgs_are_left_out_and_said(tmp_path: Path) -> None:
    text = "chr,CpG,B,gene,NK\n1,cg1,0.9,A,0.2\nX,cg2,0.1,,1\n2,cg3,NA,B,0.5\nY,cg4,1,C,\n"
    text = text.replace("chr", "chrom").replace("\n1,", "\nchr1,").replace("\n2,", "\nchr2,")
    found = read(read_profiles, tmp_path, text)
    assert rows(found) == PROFILES
    assert found.notes == (
        "w.csv: no cell types, as they hold words: chrom, gene",
        "w.csv: 2 CpGs without a beta for every cell type left out",
    )


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("CpG,B,NK\ncg1,0.9,0.2\ncg2,0.1,1.3\n", "a beta of `NK` is not in 0..1", (3, 3)),
        ("CpG,B,NK\ncg1,0.9,0.2\ncg3,0.9,0.2\ncg2,0.1,x\n", "the beta is no number", (4, 3)),
        ("CpG,B,NK\ncg1,0.9,0.2\ncg1,0.1,1\n", "the CpG cg1 stands twice", (3, None)),
        ("CpG,B,B\ncg1,0.9,0.2\ncg2,0.1,1\n", "two cell types have one name", (1, 3)),
        ("CpG,B,\ncg1,0.9,0.2\ncg2,0.1,1\n", "a cell type has no name", (1, 3)),
        ("CpG,B\ncg1,0.9\ncg2,0.1\n", "needs at least two cell types", (1, None)),
        ("CpG;B;NK\ncg1;0,9;0,2\ncg2;0,1;0,5\n", "needs at least two cell types", (1, None)),
        ("type,cg00000001,cg00000002\nB,0.9,0.2\nNK,0.1,1\n", "at least two cell types", (1, None)),
        ("CpG,B,NK\ncg1,0.9,0.2\ncg2,0.1\n", "as many fields as the header", (3, None)),
        ("CpG,B,NK\n", "the file has no table", (None, None)),
    ],
)
def test_profiles_that_cannot_be_used(
    tmp_path: Path, text: str, problem: str, place: tuple[int | None, int | None]
) -> None:
    with pytest.raises(IngestError) as caught:
        read(read_profiles, tmp_path, text)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == place


SCORE = [("made", "(Intercept)", 0.7), ("made", "cg1", -1.5), ("made", "cg2", 2e-3)]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("type,cg00000001,cg00000002\nB,0.9,0.2\nNK,0.1,1\n", "turn the table round"),
        ("CpG;B;NK\ncg1;0,9;0,2\ncg2;0,1;0,5\n", "decimal point"),
        ("CpG,B\ncg1,0.9\ncg2,0.1\n", "one column a cell type"),
    ],
)
def test_what_keeps_a_table_from_being_one_of_cell_types(
    tmp_path: Path, text: str, hint: str
) -> None:
    with pytest.raises(IngestError) as caught:
        read(read_profiles, tmp_path, text)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "CpG,weight\n(Intercept),0.7\ncg1,-1.5\ncg2,2e-3\n",
        "CpGmarker,CoefficientTraining,medianByCpG\n(Intercept),0.7,NA\ncg2,2e-3,1\ncg1,-1.5,2\n",
        "probe\tcoefficient\nintercept\t0.7\ncg1\t-1.5\ncg2\t0.002\n",
        "marker;Coef.\nConstant;0.7\ncg1;-1.5\ncg2;0.002\n",
        "(Intercept),0.7\ncg1,-1.5\ncg2,2e-3\n",  # no header
        "site,x\n(Intercept),0.7\ncg1,-1.5\ncg2,2e-3\n",  # two columns: which is which is clear
        "CpG_Site,Predictor_Gene,Coefficient,Mean_Beta_Value\ncg1,A,-1.5,0.1\ncg2,B,2e-3,0.9\n"
        "Intercept,,0.7,\n",
        "The clock, of a paper, with commas, in its title, and more\nMarker,Coefficient\n"
        "Intercept,0.7\ncg1,-1.5\ncg2,0.002\n",
        '"","beta"\n"(Intercept)",0.7\n"cg1",-1.5\n"cg2",0.002\n',
        "File 3\nThe clock of a paper\ngene,estimate\nIntercept,0.7\ncg1,-1.5\ncg2,.002\n",
    ],
)
def test_weights_of_a_score(tmp_path: Path, text: str) -> None:
    assert rows(read(read_score_weights, tmp_path, text)) == SCORE


def test_several_scores_in_one_file(tmp_path: Path) -> None:
    text = "predictor,CpG,weight\nCRP,cg1,1\nCRP,cg2,2\nIL6,cg1,3\nIL6,Intercept,4\n"
    assert rows(read(read_score_weights, tmp_path, text)) == [
        ("CRP", "cg1", 1.0), ("CRP", "cg2", 2.0), ("IL6", "(Intercept)", 4.0), ("IL6", "cg1", 3.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,c\ncg1,1,2\n", "no column of features and weights is known by its name"),
        ("CpG,b,c\ncg1,1,2\n", "no column of weights is known by its name"),
        ("CpG,weight\ncg1,1\ncg2,\n", "the weight is no number"),
        ("CpG,weight\ncg1,1\ncg2,inf\n", "the weight is no number"),
        ("CpG,weight\ncg1,1\ncg1,2\n", "lines 2 and 3"),
        ("CpG,weight\ncg1,1\n,2\n", "a feature has no name"),
        ("CpG,weight\n(Intercept),1\n", "no weight of a feature"),
        ("CpG,weight\n(Intercept),1\ncg1,2\nintercept,3\n", "the feature (Intercept) stands twice"),
    ],
)
def test_weights_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(IngestError) as caught:
        read(read_score_weights, tmp_path, text)
    assert said in str(caught.value)


EDGES = [("JUN", "IL2", 1.0), ("JUN", "TP53", -1.0), ("TP53", "MDM2", 0.5)]


@pytest.mark.parametrize(
    "text",
    [
        "source,target,weight\nJUN,IL2,1\nJUN,TP53,-1\nTP53,MDM2,0.5\n",
        "target\tsource\tconfidence\tmor\nMDM2\tTP53\tA\t0.5\nIL2\tJUN\tB\t1\nTP53\tJUN\tA\t-1\n",
        "source,target,source_genesymbol,target_genesymbol,weight\nP05412,P60568,JUN,IL2,1\n"
        "P05412,P04637,JUN,TP53,-1\nP04637,Q00987,TP53,MDM2,0.5\n",
        "tf,genesymbol,weight\nJUN,TP53,-1\nTP53,MDM2,0.5\nJUN,IL2,1\n",
        ",source,target,weight\n0,JUN,IL2,1\n1,JUN,TP53,-1\n2,TP53,MDM2,0.5\n",  # pandas
    ],
)
def test_networks(tmp_path: Path, text: str) -> None:
    assert rows(read(read_signed_network, tmp_path, text)) == EDGES


def test_a_network_without_weights_says_so(tmp_path: Path) -> None:
    found = read(read_signed_network, tmp_path, "source,target\nJUN,IL2\n")
    assert rows(found) == [("JUN", "IL2", 1.0)]
    assert found.notes == ("w.csv: no column `weight`, so every target of `made` counts as +1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("JUN,IL2,1\nJUN,TP53,-1\n", "no column of sources and targets is known by its name"),
        ("source,gene_b\nJUN,IL2\n", "no column of targets is known by its name"),
        ("source,target\nJUN,IL2\nJUN,IL4\nJUN,IL2\nJUN,IL4\n", "2 rows repeated in all"),
        ("source,target\nJUN,IL2\nJUN,IL2\n", "the pair JUN -> IL2 stands twice"),
        ("source,target\nJUN,2-Sep\n", "Excel turned the name of a gene into a date"),
        ("source,target,weight\nJUN,IL2,+\n", "the weight is no number"),
        ("source,target,weight\nJUN,,1\n", "a target has no name"),
    ],
)
def test_networks_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(IngestError) as caught:
        read(read_signed_network, tmp_path, text)
    assert said in str(caught.value)
