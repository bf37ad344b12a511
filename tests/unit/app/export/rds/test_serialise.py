"""Objects in R's serialisation come back as they went, to the last bit."""

from __future__ import annotations

import datetime
import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cohortmart.app.export.rds.objects import (
    NA_INTEGER,
    Null,
    Numbers,
    RList,
    RObject,
    Texts,
    data_frame,
    factor,
    integers,
    named_list,
    texts,
    vector,
)
from cohortmart.app.export.rds.serialise import serialise
from tests.support.r_values import attributes, frame, named, plain, r_says, read_rds, strings

DAY = datetime.date(1970, 1, 3)
TABLE = pa.table(
    {
        "text": ["a", None, "Mü", "", "日本"],
        "real": pa.array([1 / 3, None, float("inf"), 5e-324, -1e300]),
        "whole": pa.array([1, None, -3, 0, 2**31 - 1]),
        "large": pa.array([2**40, None, -(2**31), 0, 1]),
        "truth": pa.array([True, None, False, True, True]),
        "day": pa.array([DAY, None, DAY, DAY, DAY]),
        "nothing": pa.nulls(5),
        "group": ["HP", "MS", None, "MS", "HP"],
    }
)
READ = {name: TABLE[name].to_pylist() for name in TABLE.column_names} | {
    "day": [2.0, None, 2.0, 2.0, 2.0]
}


def saved(value: RObject, path: Path) -> Path:
    content = io.BytesIO()
    serialise(value, content)
    path.write_bytes(gzip.compress(content.getvalue()))
    return path


def test_a_table_is_a_data_frame(tmp_path: Path) -> None:
    found = read_rds(saved(data_frame(TABLE, {"group": ["MS", "HP", "HC"]}), tmp_path / "x.rds"))
    assert frame(found) == READ
    columns = named(found)
    assert strings(attributes(columns["group"])["levels"]) == ["MS", "HP", "HC"]
    assert strings(attributes(columns["day"])["class"]) == ["Date"]
    kinds = {name: column.info.type.name for name, column in columns.items()}
    assert kinds == {
        "text": "STR", "real": "REAL", "whole": "INT", "large": "REAL", "truth": "LGL",
        "day": "REAL", "nothing": "STR", "group": "INT",
    }  # fmt: skip


def test_r_reads_the_same(tmp_path: Path) -> None:
    path = saved(data_frame(TABLE, {"group": ["MS", "HP"]}), tmp_path / "x.rds")
    expected = """
        x <- data.frame(
            text = c("a", NA, "M\\u00fc", "", "\\u65e5\\u672c"),
            real = c(1 / 3, NA, Inf, 5e-324, -1e300),
            whole = c(1L, NA, -3L, 0L, 2147483647L),
            large = c(2^40, NA, -2^31, 0, 1),
            truth = c(TRUE, NA, FALSE, TRUE, TRUE),
            day = as.Date(c("1970-01-03", NA, rep("1970-01-03", 3))),
            nothing = NA_character_,
            group = factor(c("HP", "MS", NA, "MS", "HP"), levels = c("MS", "HP")))
    """
    assert r_says(f"{expected}\ncat(identical(readRDS('{path}'), x))") == "TRUE"


def test_texts_of_slices_and_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmart.app.export.rds.serialise._TEXT_ROWS", 2)
    words = ["é", "b", None, "", "dd", "x" * 300, None]
    pieces = pa.chunked_array([pa.array(["gone", *words]).slice(1), pa.array(words)])
    assert plain(read_rds(saved(Texts(pieces), tmp_path / "x.rds"))) == words + words
    none = Texts(pa.chunked_array([], pa.string()))
    assert plain(read_rds(saved(none, tmp_path / "y.rds"))) == []


def test_values_behind_a_null_are_not_shown(tmp_path: Path) -> None:
    hidden = pa.StringArray.from_buffers(
        2, pa.array(["secret", "b"]).buffers()[1], pa.array(["secret", "b"]).buffers()[2],
        pa.py_buffer(b"\x02"),
    )  # fmt: skip
    path = saved(Texts(pa.chunked_array([hidden])), tmp_path / "x.rds")
    assert plain(read_rds(path)) == [None, "b"]
    assert b"secret" not in gzip.decompress(path.read_bytes())


def test_lists_and_nothing(tmp_path: Path) -> None:
    value = named_list({"a": Null(), "b": named_list({}), "c": integers([7, NA_INTEGER])})
    found = named(read_rds(saved(value, tmp_path / "x.rds")))
    assert [found[n].info.type.name for n in "abc"] == ["NILVALUE", "VEC", "INT"]
    assert plain(found["c"]) == [7, None]


def test_a_vector_that_does_not_keep_its_length_is_a_fault() -> None:
    block = np.zeros(2)
    for value in (
        Numbers(">f8", 3, lambda: [block]),
        RList(1, lambda: [texts(["a"]), texts(["b"])]),
    ):
        with pytest.raises(ValueError, match="2 values in a vector of"):
            serialise(value, io.BytesIO())


def test_whole_numbers_that_are_missing_throughout() -> None:
    none = vector(pa.chunked_array([pa.array([None, None], pa.int64())]))
    assert isinstance(none, Numbers)
    assert none.dtype == ">i4"
    codes = factor(pa.chunked_array([pa.array(["x"])]), ["y"])
    assert [block.tolist() for block in codes.blocks()] == [[NA_INTEGER]]
