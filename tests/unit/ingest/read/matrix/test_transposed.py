"""A matrix with samples in rows becomes the same as its transpose, exactly and in flat memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_matrix_read import BETA, MISSING, NAME, PACK

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.check.matrix import check_header
from ingest.read.formats import read_header
from ingest.read.matrix.format import FileStart
from ingest.read.matrix.transposed import TRANSPOSED, TransposedHeader, read_blocks
from ingest.read.text.raw_file import RawFile
from tests.support.matrix_files import assay, ingested, text_of, write

CPGS = "cg00000029,cg00000108,cg00000109"


def transposed(kind: str = "beta", **read: object) -> Assay:
    return assay(kind, **read).model_copy(update={"format": "transposed"})


@st.composite
def cases(draw: st.DrawFn) -> dict[str, object]:
    names = st.lists(NAME.map(lambda n: f"x{n}"), min_size=1, max_size=5, unique=True)
    samples, features = draw(names), draw(names)
    row = st.lists(BETA, min_size=len(features), max_size=len(features))
    return {
        "samples": samples,
        "features": features,
        "values": np.array(draw(st.lists(row, min_size=len(samples), max_size=len(samples)))),
        "missing": draw(st.sampled_from(MISSING)),
        "pack": draw(st.sampled_from(sorted(PACK))),
        "quoted_cells": draw(st.booleans()),
        "style": {
            "delimiter": draw(st.sampled_from([",", "\t"])),
            "line_end": draw(st.sampled_from(["\n", "\r\n"])),
            "corner": draw(st.sampled_from(["sample", "", None])),
            "quote": draw(st.booleans()),
            "bom": draw(st.booleans()),
            "final_line_end": draw(st.booleans()),
        },
    }


@given(cases())
def test_every_dialect_round_trips(case: dict) -> None:  # type: ignore[type-arg]
    values: np.ndarray = case["values"]
    cells = [[case["missing"] if np.isnan(v) else repr(v) for v in row] for row in values.tolist()]
    if case["quoted_cells"]:
        cells = [[f'"{cell}"' for cell in row] for row in cells]
    text = text_of(case["samples"], case["features"], cells, **case["style"])
    # A header of one name `x;y`, bare and without its corner, says that `;` separates.
    bare = case["style"]["corner"] is None and b'"' not in text.split(b"\n")[0]
    assume(not (bare and len(case["features"]) == 1 and set(case["features"][0]) & set(";,")))
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "m", PACK[case["pack"]](text))
        report, ids, found = ingested(path, transposed())
    order = [case["features"].index(name) for name in ids]
    assert report.samples == tuple(case["samples"])
    assert sorted(ids) == sorted(case["features"])
    np.testing.assert_array_equal(found, values.T[order])


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("row", ['"A"\t\t', '"A" \t\t', ' "A"\t\tNA', "A\t\t"])
def test_a_sample_without_any_value_behind_its_quoted_name(
    tmp_path: Path, row: str, end: str
) -> None:
    text = f'"s"\t"cg00000029"\t"cg00000108"\n"B"\t0.5\t1\n{row}{end}'
    report, _, found = ingested(write(tmp_path / "m.tsv", text), transposed())
    assert report.samples == ("B", "A")
    np.testing.assert_array_equal(found, [[0.5, np.nan], [1, np.nan]])


def test_blocks_are_cut_anywhere(tmp_path: Path, rng: np.random.Generator) -> None:
    values = rng.random((3, 50))
    text = "," + ",".join(f"cg{i:08d}" for i in range(50)) + "\n"
    text += "".join(
        f"S{i}," + ",".join(map(repr, row.tolist())) + "\n" for i, row in enumerate(values)
    )
    path = write(tmp_path / "m.csv", text)
    header = read_header(path, assay("beta"))
    assert isinstance(header, TransposedHeader)
    assert header.format_name == "transposed+csv"
    for size in (1, 7 * 24, 10_000):
        blocks = list(read_blocks(header, assay("beta"), size))
        assert [b.first_line for b in blocks] == list(range(2, 52, max(1, size // 24)))[
            : len(blocks)
        ]
        np.testing.assert_array_equal(np.vstack([b.values for b in blocks]), values.T)
        ids = [name for b in blocks for name in b.feature_ids.to_pylist()]
        assert ids == [f"cg{i:08d}" for i in range(50)]
    last = blocks[-1]
    assert header.place(last, 49, 2) == (4, "cg00000049 (field 51)")


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        (f"s,{CPGS}\nA,0,0.5,1\nB,0,x,1\n", 3, "cg00000108 (field 3)", "not a number"),
        (f"s,{CPGS}\nA,0,0.5,1\nB,0,2,1\n", 3, "cg00000108 (field 3)", "outside 0 to 1"),
        (f"s,{CPGS}\nA,0,0.5,1\nB,0,1\n", 3, None, "too few fields"),
        (f"s,{CPGS}\nA,0,0.5,1\nB\n", 3, None, "too few fields"),
        (f"s,{CPGS}\nA,0,0.5,1\nB,0,1,1,\n", 3, None, "too many fields"),
        (f"s,{CPGS}\nA,0,0.5,1\n\nB,0,1,1\n", 3, None, "blank"),
        (f'{CPGS}\nA,0,0.5,1\nB,0,"0,5",1\n', 3, "cg00000108 (field 3)", "not a number"),
        (f"s,{CPGS}\nA,0,0\r.5,1\n", 2, None, "carriage return"),
        (f"s,{CPGS}\nA,0,0.5,1\nA,0,1,1\n", 3, 1, "`A` stands twice"),
        (f"s,{CPGS},cg00000029\nA,0,0.5,1,1\n", 1, 5, "stands twice"),
        (f"{CPGS},\nA,0,0.5,1,1\n", 1, 4, "no feature id"),
        (f"s,{CPGS}\n", 2, None, "no data rows"),
    ],
)
def test_a_fault_is_named_by_sample_line_and_feature(
    tmp_path: Path, text: str, line: int, column: object, problem: str
) -> None:
    with pytest.raises(IngestError, match=problem) as caught:
        ingested(write(tmp_path / "m.csv", text), transposed())
    assert (caught.value.line, caught.value.column) == (line, column)


def test_samples_are_told_from_features(tmp_path: Path) -> None:
    wide = [f"s,{CPGS}", "A,0,1,1", "B,0,1,1"]
    normal = ["id,A,B", "cg00000029,0,1", "cg00000108,1,1"]
    genes = ["s,TP53,MYC", "A_1,3,4", "B_1,0,0"]

    def recognises(lines: list[str], known: Collection[str] = (), suffix: str = "") -> bool:
        with RawFile(write(tmp_path / "m.csv", "\n".join(lines))) as file:
            return TRANSPOSED.recognises(FileStart(file, known, suffix))

    assert recognises(wide)
    assert recognises([f'"",{CPGS}', *wide[1:]])
    assert recognises([CPGS, *wide[1:]])  # R's missing corner
    assert recognises(["s,ENSG00000141510.18,ENSG00000136997", "A,3,4"])
    assert not recognises(normal)
    assert not recognises(genes)  # nothing says which way round it is
    assert recognises(genes, {"A", "B"}, "_1")
    assert recognises(genes, {"A_1", "B_1", "C_1"})
    assert not recognises(genes, {"A_1", "B_1", "MYC"})
    assert not recognises(genes, {"A_1"})
    assert not recognises(normal, {"A", "B"})
    # Samples named as probes are, features beside them: in doubt normal.
    assert not recognises(["id,cg00000029,cg00000108", "cg00000109,0,1"])
    assert not recognises(wide[:1])


def test_suffix_version_and_kind_of_the_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "s,ENSG00000141510.18,ENSG00000136997.1\nA_1,3,4\nB_1,0,0\n")
    options = assay("counts", strip_suffix="_1", strip_version=True)
    report, ids, values = ingested(path, options)
    assert report.samples == ("A", "B")
    assert dict(zip(ids, values.tolist(), strict=True)) == {
        "ENSG00000141510": [3, 0],
        "ENSG00000136997": [4, 0],
    }
    assert report.files[0].rows == 2
    with pytest.raises(IngestError, match="_9"):
        read_header(path, assay("counts", strip_suffix="_9"))


def test_blank_sample_name_has_its_line(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "m.csv", f"s,{CPGS}\nA,0,1,1\n,0,1,1\n"), transposed())
    with pytest.raises(IngestError, match="blank sample name") as caught:
        check_header(header)
    assert (caught.value.line, caught.value.column) == (3, 1)


def test_memory_is_that_of_a_line_and_a_block(tmp_path: Path) -> None:
    n, m = 20_000, 60
    row = ",".join(["0.1234"] * n)
    head = ",".join(f"cg{i:08d}" for i in range(n))
    path = write(tmp_path / "m.csv", f",{head}\n" + "".join(f"S{i},{row}\n" for i in range(m)))
    header = read_header(path, assay("beta"))
    assert isinstance(header, TransposedHeader)
    tracemalloc.start()
    rows = sum(len(b.values) for b in read_blocks(header, assay("beta"), 1 << 19))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == n
    assert peak < 5e6, f"{peak:,} bytes for a matrix of {8 * n * m:,}"


def test_no_room_for_the_scratch_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    path = write(tmp_path / "m.csv", f"s,{CPGS}\nA,0,1,1\n")
    header = read_header(path, assay("beta"))
    assert isinstance(header, TransposedHeader)
    monkeypatch.setattr("ingest.read.matrix.transposed.os.write", full)
    with pytest.raises(IngestError, match="No space left") as caught:
        list(read_blocks(header, assay("beta")))
    assert "TMPDIR" in str(caught.value.hint)
