"""The rows of a derived assay's file: of which component each feature is, and how much."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.derive_weights import INTERCEPT
from cohortmart.core.text import counted, joined, listed
from ingest.read.matrix.feature_ids import is_probe_id
from ingest.read.text.lines import refuse_dates
from ingest.read.weights.weight_table import (
    WeightTable,
    as_number,
    columns_text,
    is_missing,
    plain_name,
    read_weight_table,
)

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
WEIGHTS_READER_VERSION = "weights-1"

_FEATURES = (
    "cpgmarker", "cpg", "cpgid", "cpgsite", "cpgs", "cgid", "probe", "probeid", "ilmnid",
    "feature", "featureid", "marker", "id",
    "gene", "geneid", "genename", "genesymbol", "symbol", "protein", "assay",
    "olinkid", "variable", "var", "term", "name", "",
)  # fmt: skip
_WEIGHTS = (
    "coefficienttraining", "weight", "weights", "coefficient", "coefficients", "coef", "coeff",
    "beta", "effect", "estimate", "mor",
)  # fmt: skip
_SCORES = ("score", "predictor", "clock", "model", "signature", "ypred")
_SOURCES = ("sourcegenesymbol", "source", "tf", "regulator", "pathway", "geneset")
_TARGETS = ("targetgenesymbol", "target", "genesymbol", "gene", "genename")
_INTERCEPTS = ("intercept", "constant", "const", "cons", "bias")


@dataclass(frozen=True)
class Weights:
    """What a file says.

    Parameters
    ----------
    rows : pl.DataFrame
        Columns component, feature_id (String) and weight (Float64), sorted. Components are cell
        types, scores or sources; the feature `(Intercept)` is that of a score.
    n_rows, n_columns : int
        Of the file.
    format : str
    notes : tuple of str
        What a user may want to know.
    """

    rows: pl.DataFrame
    n_rows: int
    n_columns: int
    format: str
    notes: tuple[str, ...]


def read_profiles(path: Path, name: str) -> Weights:
    """Read the betas of pure cell types: CpGs in rows, a column a type.

    Columns of words are annotation and left out; a CpG that misses the beta of a type is, too.

    Parameters
    ----------
    path : Path
        See `read_weight_table`.
    name : str
        Of the derived assay.

    Raises
    ------
    IngestError
        There are not two columns of numbers, a beta is not in 0..1, or a CpG stands twice.
    """
    table = read_weight_table(path)
    ids = table.find(_FEATURES)
    ids = 0 if ids is None else ids
    types = _cell_types(table, ids, name)
    table.refuse_repeated(table.column(ids), "the CpG")
    whole = [row for row, (_, cells) in enumerate(table.rows) if _complete(cells, ids, types)]
    rows = [
        (table.columns[i], table.rows[row][1][ids], _beta(table, row, i))
        for i in types
        for row in whole
    ]
    words = [table.columns[i] for i in range(len(table.columns)) if i not in (ids, *types)]
    notes = []
    if words:
        notes.append(f"{path.name}: no cell types, as they hold words: {listed(words)}")
    if len(whole) < len(table.rows):
        lacking = counted(len(table.rows) - len(whole), "CpG")
        notes.append(f"{path.name}: {lacking} without a beta for every cell type left out")
    return _weights(table, rows, notes)


def _cell_types(table: WeightTable, ids: int, name: str) -> list[int]:
    """Return the columns of cell types: those that hold numbers."""
    types = [i for i in range(len(table.columns)) if i != ids and _has_numbers(table, i)]
    names = [table.columns[i] for i in types]
    turned = 2 * sum(map(is_probe_id, names)) > len(names)
    if len(types) < 2 or turned:
        raise IngestError(
            f"the reference of `{name}` needs at least two cell types",
            file=table.path,
            line=table.header_line,
            expected="a column of CpGs, and a column of betas for each cell type",
            found=f"{counted(len(types), 'column')} of numbers, of {columns_text(table)}",
            hint="CpGs stand in the columns: turn the table round" if turned else _hint(table),
        )
    for i in types:
        if not table.columns[i]:
            table.fail("a cell type has no name", table.header_line, i, "a name", "", "name it")
    twice = next((i for i in types if table.columns[i] in table.columns[:i]), None)
    if twice is not None:
        named = table.columns[twice]
        hint = "rename one of the two columns"
        table.fail(
            "two cell types have one name", table.header_line, twice, "each once", named, hint
        )
    return types


def read_score_weights(path: Path, name: str) -> Weights:
    """Read the weights of one score, or of several that a column tells apart.

    Parameters
    ----------
    path : Path
        See `read_weight_table`; the header may be left out where there are two columns.
    name : str
        Of the derived assay, and of its score where the file names none.

    Raises
    ------
    IngestError
        There is no column of features or of weights, a weight is no number, or a feature stands
        twice.
    """
    table = _with_header(read_weight_table(path))
    weights = table.find(_WEIGHTS)
    features = table.find(_FEATURES)
    if len(table.columns) == 2 and features != 1 and weights != 0:
        features, weights = 0, 1
    scores = table.find(_SCORES)
    lacking = [w for w, i in (("features", features), ("weights", weights)) if i is None]
    if lacking or features is None or weights is None:
        raise _no_column(
            table, lacking, "such as `CpG` and `weight`, or `marker` and `coefficient`"
        )
    of = [name] * len(table.rows) if scores is None else table.column(scores)
    ids = [_feature(cell) for cell in table.column(features)]
    _refuse_nameless(table, ids, features, "a feature")
    _refuse_nameless(table, of, scores or 0, "a score")
    named: list[object] = [*ids] if scores is None else [*zip(of, ids, strict=True)]
    table.refuse_repeated(named, "the feature")
    rows = [
        (component, feature, table.number(row, weights, "the weight"))
        for row, (component, feature) in enumerate(zip(of, ids, strict=True))
    ]
    if all(feature == INTERCEPT for feature in ids):
        raise IngestError("the file has no weight of a feature", file=path, hint="is it complete?")
    return _weights(table, rows, [])


def read_signed_network(path: Path, name: str) -> Weights:
    """Read a network of sources and targets with signed weights, 1 where it has none.

    Parameters
    ----------
    path : Path
        See `read_weight_table`; columns `source`, `target` and, if there is one, `weight`.
    name : str
        Of the derived assay.

    Raises
    ------
    IngestError
        A column is not there, a weight is no number, a pair stands twice, or Excel turned a gene
        into a date.
    """
    table = read_weight_table(path)
    sources, targets, weights = (table.find(names) for names in (_SOURCES, _TARGETS, _WEIGHTS))
    lacking = [w for w, i in (("sources", sources), ("targets", targets)) if i is None]
    if lacking or sources is None or targets is None:
        raise _no_column(table, lacking, "`source`, `target` and, if there is one, `weight`")
    of, ids = table.column(sources), table.column(targets)
    _refuse_nameless(table, of, sources, "a source")
    _refuse_nameless(table, ids, targets, "a target")
    lines = pl.Series("line", [line for line, _ in table.rows])
    refuse_dates(path, pl.Series("a", ids), lines)
    refuse_dates(path, pl.Series("a", of), lines)
    table.refuse_repeated([*zip(of, ids, strict=True)], "the pair")
    notes = []
    if weights is None:
        notes.append(f"{path.name}: no column `weight`, so every target of `{name}` counts as +1")
    rows = [
        (source, target, 1.0 if weights is None else table.number(row, weights, "the weight"))
        for row, (source, target) in enumerate(zip(of, ids, strict=True))
    ]
    return _weights(table, rows, notes)


#: Who reads the file of which method.
WEIGHT_READERS: Mapping[str, Callable[[Path, str], Weights]] = MappingProxyType(
    {
        "cell_fractions": read_profiles,
        "linear_score": read_score_weights,
        "activity": read_signed_network,
    }
)


def _weights(table: WeightTable, rows: list[tuple[str, str, float]], notes: list[str]) -> Weights:
    schema = {"component": pl.String, "feature_id": pl.String, "weight": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort("component", "feature_id")
    return Weights(frame, len(table.rows), len(table.columns), table.format, tuple(notes))


def _hint(table: WeightTable) -> str:
    """Say what most likely keeps a table from being one of cell types."""
    if any(re.fullmatch(r"-?[0-9]+,[0-9]+", cell) for _, cells in table.rows for cell in cells):
        return "write numbers with a decimal point"
    return "one row a CpG, one column a cell type"


def _has_numbers(table: WeightTable, column: int) -> bool:
    """Whether more than half of a column's values are numbers: one wrong cell is a fault."""
    cells = [cell for cell in table.column(column) if not is_missing(cell)]
    return 2 * sum(as_number(cell) is not None for cell in cells) > len(cells)


def _complete(cells: tuple[str, ...], ids: int, types: list[int]) -> bool:
    return bool(cells[ids]) and not any(is_missing(cells[i]) for i in types)


def _beta(table: WeightTable, row: int, column: int) -> float:
    beta = table.number(row, column, "the beta")
    if not 0.0 <= beta <= 1.0:
        line, cells = table.rows[row]
        table.fail(
            f"a beta of `{table.columns[column]}` is not in 0..1",
            line,
            column,
            "a beta from 0 to 1",
            cells[column],
            "take columns that are no cell types out of the file; M-values are no betas",
        )
    return beta


def _with_header(table: WeightTable) -> WeightTable:
    """Return a table of two columns whose first line is a row as one with a header."""
    first = table.columns
    if len(first) == 2 and first[0] and as_number(first[1]) is not None:
        rows = ((table.header_line, first), *table.rows)
        return WeightTable(table.path, table.format, ("feature", "weight"), 0, rows)
    return table


def _feature(cell: str) -> str:
    return INTERCEPT if plain_name(cell) in _INTERCEPTS else cell


def _refuse_nameless(table: WeightTable, names: list[str], column: int, what: str) -> None:
    for name, (line, cells) in zip(names, table.rows, strict=True):
        if is_missing(name):
            hint = "complete or remove the row"
            table.fail(f"{what} has no name", line, column, "a name", cells[column], hint)


def _no_column(table: WeightTable, lacking: list[str], expected: str) -> IngestError:
    return IngestError(
        f"no column of {joined(lacking)} is known by its name",
        file=table.path,
        line=table.header_line,
        expected=expected,
        found=columns_text(table),
        hint="name the columns so",
    )
