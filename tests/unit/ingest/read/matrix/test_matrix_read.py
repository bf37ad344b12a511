"""Every dialect of a matrix becomes the same lake matrix, exactly."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from ingest.read.formats import read_header
from ingest.read.matrix.text_matrix import read_blocks
from tests.support.matrix_files import assay, ingested, text_of, write

PACK = {
    "none": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
MISSING = ("", "NA", "NaN", "nan", "N/A", "null")
NAME = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=8,
).filter(lambda n: n not in MISSING and n == n.strip())
COUNT = st.one_of(
    st.floats(0, 1e12, allow_nan=False), st.integers(0, 10**9).map(float), st.just(5e-324)
)
BETA = st.one_of(st.floats(0, 1), st.just(float("nan")), st.sampled_from([0.0, 1.0, 1e-05]))


@st.composite
def dialects(draw: st.DrawFn, cell: st.SearchStrategy[float]) -> dict[str, object]:
    names = st.lists(NAME.map(lambda n: f"x{n}"), min_size=1, max_size=5, unique=True)
    ids, samples = draw(names), draw(names)
    row = st.lists(cell, min_size=len(samples), max_size=len(samples))
    return {
        "ids": ids,
        "samples": samples,
        "values": np.array(draw(st.lists(row, min_size=len(ids), max_size=len(ids)))),
        "missing": draw(st.sampled_from(MISSING)),
        "pack": draw(st.sampled_from(sorted(PACK))),
        "style": {
            "delimiter": draw(st.sampled_from([",", "\t"])),
            "line_end": draw(st.sampled_from(["\n", "\r\n"])),
            "corner": draw(st.sampled_from(["gene", "probe_id", "TargetID", "", None])),
            "quote": draw(st.booleans()),
            "bom": draw(st.booleans()),
            "final_line_end": draw(st.booleans()),
        },
    }


def check_round_trip(kind: str, case: dict) -> None:  # type: ignore[type-arg]
    values: np.ndarray = case["values"]
    cells = [[case["missing"] if np.isnan(v) else repr(v) for v in row] for row in values.tolist()]
    text = text_of(case["ids"], case["samples"], cells, **case["style"])
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "matrix.txt", PACK[case["pack"]](text))
        report, ids, found = ingested(path, assay(kind))
    order = sorted(range(len(ids)), key=lambda i: case["ids"][i].encode())
    assert ids == [case["ids"][i] for i in order]
    assert report.samples == tuple(case["samples"])
    assert report.features["feature_id"].to_pylist() == ids
    assert (report.rows, report.columns) == values.shape
    np.testing.assert_array_equal(found, values[order])


@given(dialects(COUNT))
def test_counts_round_trip_in_every_dialect(case: dict) -> None:  # type: ignore[type-arg]
    check_round_trip("counts", case)


@given(dialects(BETA))
def test_betas_round_trip_in_every_dialect(case: dict) -> None:  # type: ignore[type-arg]
    check_round_trip("beta", case)


def test_every_double_is_the_nearest_one(tmp_path: Path, rng: np.random.Generator) -> None:
    values = np.concatenate([rng.random(4000), 10.0 ** rng.uniform(-307, 307, 4000)])
    texts = [
        *(repr(float(v)) for v in values),
        *(f"{v:.25g}" for v in values),
        *(f"{v:.10E}" for v in values),
        *("1e-05", "9007199254740993", "0.1e-6", "5e-324", "1.7976931348623157e308", "+7", ".5"),
        *("5.", "1E5", "0.30000000000000004", "2.2250738585072011e-308", "1" * 30),
    ]
    path = write(
        tmp_path / "x.csv", "g,A\n" + "".join(f"g{i:05d},{t}\n" for i, t in enumerate(texts))
    )
    _, _, found = ingested(path, assay())
    np.testing.assert_array_equal(found[:, 0], [float(t) for t in texts])


def test_nf_core_salmon_table(tmp_path: Path) -> None:
    path = write(
        tmp_path / "salmon.merged.gene_counts.tsv",
        "gene_id\tgene_name\tCTRL_1\tMS_1\n"
        "ENSG00000141510\tTP53\t10.5\t0\nENSG00000000001\t\t1\t2\nENSG2\tNA\t3\t4\n",
    )
    report, ids, values = ingested(path, assay())
    assert report.samples == ("CTRL_1", "MS_1")
    assert ids == ["ENSG00000000001", "ENSG00000141510", "ENSG2"]
    assert report.features["gene_name"].to_pylist() == [None, "TP53", None]
    np.testing.assert_array_equal(values, [[1, 2], [10.5, 0], [3, 4]])
    assert report.files[0].format == "tsv"
    assert (report.files[0].rows, report.files[0].columns) == (3, 2)


def test_gene_names_behind_a_missing_corner_cell(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", "gene_name\tA\tB\nENSG1\tTP53\t1\t2\n")
    report, ids, values = ingested(path, assay())
    assert (report.samples, ids, values.tolist()) == (("A", "B"), ["ENSG1"], [[1, 2]])
    assert report.features["gene_name"].to_pylist() == ["TP53"]


def test_a_feature_column_of_gene_names_gives_the_gene_names(tmp_path: Path) -> None:
    report, ids, _ = ingested(write(tmp_path / "x.csv", "gene_name,A,B\nTP53,1,2\n"), assay())
    assert ids == ["TP53"]
    assert report.features["gene_name"].to_pylist() == ["TP53"]


def test_header_is_told_apart_from_the_rows(tmp_path: Path) -> None:
    header = read_header(
        write(tmp_path / "x.csv", "s_R1,t_R1\nTP53,1,2\n"), assay(strip_suffix="_R1")
    )
    assert header.missing_corner
    assert header.feature_column == ""
    assert header.samples == ("s", "t")
    assert header.raw_samples == ("s_R1", "t_R1")
    assert header.n_fields == 3


def test_suffix_is_stripped_where_it_is_and_said_where_not(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "g,A_R1,B_R1,C\nTP53,1,2,3\n")
    report, _, _ = ingested(path, assay(strip_suffix="_R1"))
    assert report.samples == ("A", "B", "C")
    assert any("`_R1`" in note and "C" in note for note in report.notes)
    with pytest.raises(IngestError, match="_R2") as caught:
        ingested(path, assay(strip_suffix="_R2"))
    assert "A_R1" in str(caught.value.found)


def test_ensembl_versions_are_stripped_and_nothing_else(tmp_path: Path) -> None:
    raw = ["ENSG00000141510.18", "ENSG00000182378.15_PAR_Y", "ENSG00000182378.15", "NM_000546.6"]
    raw += ["AC092143.1", "ENSMUSG00000059552.14"]
    path = write(tmp_path / "x.csv", "g,A,B\n" + "".join(f"{r},1,2\n" for r in raw))
    _, ids, _ = ingested(path, assay(strip_version=True))
    assert ids == [
        "AC092143.1",
        "ENSG00000141510",
        "ENSG00000182378",
        "ENSG00000182378_PAR_Y",
        "ENSMUSG00000059552",
        "NM_000546.6",
    ]
    assert ingested(path, assay())[1] == sorted(raw)


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
def test_lines_are_known_whatever_the_chunks(tmp_path: Path, chunk: int) -> None:
    rows = [f"g{i},{i},{i}.5" for i in range(40)]
    for line_end, tail in (("\n", "\n"), ("\r\n", "\r\n\r\n\r\n"), ("\n", ""), ("\r\n", "")):
        text = line_end.join(["g,A,B", *rows]) + tail
        header = read_header(write(tmp_path / "x.csv", text), assay())
        line, ids = 2, []
        for block in read_blocks(header, assay(), chunk):
            assert block.first_line == line
            line += len(block.values)
            ids += block.feature_ids.to_pylist()
            np.testing.assert_array_equal(block.values[:, 1], block.values[:, 0] + 0.5)
        assert ids == [f"g{i}" for i in range(40)]


def test_white_space_around_names_and_numbers_is_no_part_of_them(tmp_path: Path) -> None:
    report, ids, values = ingested(write(tmp_path / "x.csv", "g, A ,B\n TP53 , 1 ,2 \n"), assay())
    assert (report.samples, ids, values.tolist()) == (("A", "B"), ["TP53"], [[1, 2]])
