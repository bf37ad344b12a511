"""R matrices and data frames: from a parsed object to columns of numbers with names.

The objects are those of `rdata.parser`: a type, a value, and attributes as a linked list. They are
taken as they are, because a conversion to data frames would round-trip through other types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from cohortmart.core.errors import IngestError
from ingest.read.text.names import is_gene_name_column

_EXPECTED = "a matrix of numbers with row and column names, or a data frame with ids and numbers"
_AS_MATRIX = "in R: saveRDS(as.matrix(x), file)"
_HINTS = {
    "list": "save the one matrix in it: saveRDS(x$betas, file)",
    "SummarizedExperiment": "save its values: saveRDS(assay(x), file)",
    "RangedSummarizedExperiment": "save its values: saveRDS(assay(x), file)",
    "GenomicRatioSet": "save its values: saveRDS(getBeta(x), file)",
    "MethylSet": "save its values: saveRDS(getBeta(x), file)",
    "ExpressionSet": "save its values: saveRDS(exprs(x), file)",
    "DGEList": "save its counts: saveRDS(x$counts, file)",
}


@dataclass(frozen=True)
class RTable:
    """A matrix or data frame.

    Parameters
    ----------
    samples : tuple of str
        Names of the columns of numbers.
    features : pa.StringArray
        (rows,) row names or ids.
    columns : sequence of np.ndarray
        One a sample, (rows,), float64, NaN = missing.
    feature_column, gene_name_column : str
        Names of the columns that hold them; empty and None where there is none.
    gene_names : pa.StringArray or None
        (rows,)
    """

    samples: tuple[str, ...]
    features: Any
    columns: Sequence[np.ndarray]
    feature_column: str = ""
    gene_name_column: str | None = None
    gene_names: Any = None


def r_table(obj: Any, path: Path) -> RTable:
    """Make a table of a parsed R object.

    Parameters
    ----------
    obj : rdata.parser.RObject
        What the file holds.
    path : Path
        The file, for messages.

    Raises
    ------
    IngestError
        It is no matrix or data frame of numbers with names; says what it is.
    """
    attributes = _attributes(obj)
    classes = _strings(attributes["class"]) if "class" in attributes else []
    if _kind(obj) in ("REAL", "INT", "LGL") and "dim" in attributes:
        return _from_matrix(obj, attributes, path)
    if _kind(obj) != "VEC" or "data.frame" not in classes:
        _refuse(_what(obj, attributes, classes), classes, path)
    return _from_data_frame(obj, attributes, path)


def _refuse(what: str, classes: Sequence[str | None], path: Path) -> NoReturn:
    known = [name for name in classes if name in _HINTS]
    hint = _HINTS[known[0] or ""] if known else _HINTS["list"] if what == "a list" else _AS_MATRIX
    raise IngestError(
        "the RDS file holds no table of numbers",
        file=path,
        expected=_EXPECTED,
        found=what,
        hint=hint,
    )


def _what(obj: Any, attributes: dict[str, Any], classes: Sequence[str | None]) -> str:
    if classes:
        kind = "an S4 object" if _kind(obj) == "S4" else "an object"
        return f"{kind} of class {', '.join(name or 'NA' for name in classes)}"
    if _kind(obj) == "STR" and "dim" in attributes:
        return "a matrix of text"
    words = {"VEC": "a list", "STR": "text", "NILVALUE": "NULL", "CLO": "a function"}
    words |= dict.fromkeys(("REAL", "INT", "LGL"), "a vector without rows and columns")
    return words.get(_kind(obj), f"an object of type {_kind(obj)}")


def _from_matrix(obj: Any, attributes: dict[str, Any], path: Path) -> RTable:
    dim = [int(n) for n in attributes["dim"].value]
    if len(dim) != 2:
        _refuse(f"an array of {len(dim)} dimensions", (), path)
    if 0 in dim:
        _refuse(f"a matrix of {dim[0]:,} rows and {dim[1]:,} columns", (), path)
    names: list[Any] = list(attributes["dimnames"].value) if "dimnames" in attributes else []
    for axis, (what, how) in enumerate((("row", "features"), ("col", "samples"))):
        if len(names) <= axis or _kind(names[axis]) != "STR":
            raise IngestError(
                f"the matrix has no {what}names",
                file=path,
                expected=f"the names of the {how}",
                hint=f"in R: {what}names(x) <- ...",
            )
    flat = _numbers(obj)
    if flat is None:
        _refuse("a matrix of logical values", (), path)
    values = flat.reshape(dim[1], dim[0])  # R's columns follow each other
    return RTable(_texts(names[1]), _text_array(names[0]), list(values))


def _from_data_frame(obj: Any, attributes: dict[str, Any], path: Path) -> RTable:
    names = _texts(attributes["names"])
    columns = list(zip(names, obj.value, strict=True))
    features, feature_column, gene_names, gene_name_column = None, "", None, None
    if columns and (text := _text_column(columns[0][1])) is not None:
        feature_column, features = columns.pop(0)[0], text
        if columns and is_gene_name_column(columns[0][0]):
            gene_names = _text_column(columns[0][1])
            gene_name_column = columns.pop(0)[0] if gene_names is not None else None
    if features is None:
        features = _row_names(attributes)
    if features is None:
        raise IngestError(
            "the data frame has no feature ids",
            file=path,
            expected="row names, or a first column of text",
            hint="in R: rownames(x) <- ids",
        )
    numbers = []
    for name, column in columns:
        values = _numbers(column)
        if values is None:
            raise IngestError(
                "a column of the data frame holds no numbers",
                file=path,
                column=name,
                expected="one column of numbers a sample behind the ids",
                found="text or categories" if _text_column(column) is not None else _kind(column),
                hint="take it out: x[sapply(x, is.numeric)]",
            )
        numbers.append(values)
    return RTable(
        tuple(name for name, _ in columns),
        features,
        numbers,
        feature_column,
        gene_name_column,
        gene_names,
    )


def _row_names(attributes: dict[str, Any]) -> Any:
    """Return row names; None where R numbers the rows by itself."""
    names = attributes.get("row.names")
    if names is None:
        return None
    if _kind(names) == "STR":
        return _text_array(names)
    given = np.ma.filled(names.value, 0)
    # R writes c(NA, -n) for 1..n.
    if len(given) == 2 and np.ma.getmaskarray(names.value)[0]:
        return None
    if len(given) and np.array_equal(given, np.arange(1, len(given) + 1)):
        return None
    return pa.array([str(int(n)) for n in given], pa.string())


def _text_column(column: Any) -> Any:
    """Return a column of text or of categories; None for any other."""
    if _kind(column) == "STR":
        return _text_array(column)
    attributes = _attributes(column)
    if _kind(column) != "INT" or "levels" not in attributes:
        return None
    levels = _strings(attributes["levels"])
    codes = np.ma.filled(column.value, 0)
    return pa.array([levels[code - 1] if code > 0 else "" for code in codes], pa.string())


def _numbers(obj: Any) -> np.ndarray | None:
    """Return doubles or integers as doubles; None for any other object."""
    attributes = _attributes(obj)
    if "levels" in attributes or _kind(obj) not in ("REAL", "INT", "LGL"):
        return None
    values = obj.value
    if _kind(obj) == "REAL":
        return np.asarray(values, np.float64)
    missing = np.ma.getmaskarray(values)
    if _kind(obj) == "LGL" and not missing.all():  # a column of nothing but NA is logical
        return None
    out = np.array(np.ma.getdata(values), np.float64)
    out[missing] = np.nan
    return out


def _kind(obj: Any) -> str:
    return str(obj.info.type.name)


def _attributes(obj: Any) -> dict[str, Any]:
    """Return the attributes of an object by name, from their linked list."""
    found: dict[str, Any] = {}
    link = obj.attributes
    while link is not None and _kind(link) == "LIST":
        tag = link.tag if link.tag.referenced_object is None else link.tag.referenced_object
        found[tag.value.value.decode()] = link.value[0]
        link = link.value[1]
    return found


def _strings(obj: Any) -> list[str | None]:
    """Return a vector of text; None for NA."""
    return [None if c.value is None else _decoded(c) for c in obj.value]


def _text_array(obj: Any) -> Any:
    """Return a vector of text as an Arrow array; NA is empty, which the checks refuse as an id."""
    return pa.array(_texts(obj), pa.string())


def _texts(obj: Any) -> tuple[str, ...]:
    return tuple(text or "" for text in _strings(obj))


def _decoded(text: Any) -> str:
    latin1 = 1 << 2  # CharFlags.LATIN1
    return str(text.value, "latin-1" if text.info.gp & latin1 else "utf-8")
