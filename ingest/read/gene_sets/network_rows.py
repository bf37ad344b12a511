"""Interactions of a network's table: two genes of each row, and the rows that are left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.gene_sets.network_cells import organisms, scores
from ingest.read.gene_sets.network_columns import NetworkColumns
from ingest.read.gene_sets.network_layout import (
    TWO_GENES,
    NetworkLayout,
    is_header,
    raise_empty,
    split_fields,
)
from ingest.read.text.lines import raise_at

#: Lines that are split at once: BioGRID has 37 fields in each of two million.
_SLICE = 100_000
_NUMBER = r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class Interactions:
    """Rows of a network.

    Parameters
    ----------
    pairs : pl.DataFrame
        `line`, `a` and `b`.
    notes : tuple of str
        Which columns were taken, and what was left out.
    """

    pairs: pl.DataFrame
    notes: tuple[str, ...]


def read_interactions(path: Path, lines: pl.DataFrame, layout: NetworkLayout) -> Interactions:
    """Read the genes of every row, and leave out those that do not count.

    Parameters
    ----------
    path : Path
    lines : pl.DataFrame
        Of `read_text_lines`, a header among them or not.
    layout : NetworkLayout
        Which columns are read.

    Raises
    ------
    IngestError
        A line names one gene only; the second field is a number between the genes; no row is
        left.
    """
    columns = layout.columns
    parts = [_read(part, layout) for part in lines.iter_slices(_SLICE)]
    rows = pl.concat(parts)
    if columns.has_header or (
        (columns.first, columns.second, columns.names) == (0, 1, "")
        and is_header(rows["a"], rows["b"])
    ):
        rows, lines = rows[1:], lines[1:]
    if rows.is_empty():
        raise_empty(path, "none")
    notes = _columns_note(path, columns)
    missing = rows["a"].is_null() | rows["b"].is_null()
    if missing.any() and not _may_miss(columns, missing):
        problem = "the line names one gene only"
        raise_at(path, lines, missing, problem, TWO_GENES, "complete or remove the line")
    _refuse_weights(path, lines, rows)
    if missing.any():
        without = counted(int(missing.sum()), "interaction")
        notes.append(f"{path.name}: {without} without the name of one of the genes left out")
        rows = rows.filter(~missing)
    rows = _of_species(path, rows, columns, notes)
    rows = _strong(path, rows, columns, notes)
    return Interactions(rows.select("line", "a", "b"), tuple(notes))


def _read(lines: pl.DataFrame, layout: NetworkLayout) -> pl.DataFrame:
    columns = layout.columns
    fields = split_fields(lines["text"], layout.delimiter)
    a, b = columns.genes(fields)
    read = {"line": lines["line"], "a": a, "b": b}
    for name, column in zip(("taxon_a", "taxon_b"), columns.organisms, strict=False):
        read[name] = organisms(fields, column)
    if columns.score is not None:
        read["score"] = scores(fields, columns.score, bool(columns.names))
    return pl.DataFrame(read)


def _may_miss(columns: NetworkColumns, missing: pl.Series) -> bool:
    """Whether rows without a gene are expected: tables with many columns have some."""
    chosen = (columns.first, columns.second, columns.names) != (0, 1, "") or columns.organisms
    return bool(chosen) and not missing.all()


def _columns_note(path: Path, columns: NetworkColumns) -> list[str]:
    if columns.names:
        return [f"{path.name}: PSI-MITAB, of which the {columns.names} are read"]
    if (columns.first, columns.second) == (0, 1):
        return []
    return [f"{path.name}: the genes are read from {' and '.join(columns.labels)}"]


def _refuse_weights(path: Path, lines: pl.DataFrame, rows: pl.DataFrame) -> None:
    """Refuse `A 0.9 B`: what looks like a gene is the weight of the edge."""
    a, b = rows["a"], rows["b"]
    if len(a) and b.str.contains(_NUMBER).all() and not a.str.contains(_NUMBER).any():
        problem = "the second field is a number, the first is none"
        hint = "with a weight or relation between the genes, call the file .sif, or name the two "
        hint += "columns: `network: {file: ..., columns: [1, 3]}`"
        raise_at(path, lines, b.is_not_null(), problem, TWO_GENES, hint)


def _of_species(
    path: Path, rows: pl.DataFrame, columns: NetworkColumns, notes: list[str]
) -> pl.DataFrame:
    if not columns.organisms:
        return rows
    kept = rows.filter(
        (pl.col("taxon_a") == columns.species) & (pl.col("taxon_b") == columns.species)
    )
    if kept.is_empty():
        raise IngestError(
            f"no interaction is of the species {columns.species}",
            file=path,
            expected="an NCBI number such as 9606 (human) or 10090 (mouse) under `species`",
            found=", ".join(sorted(set(rows["taxon_a"].drop_nulls().head(1000).to_list()))[:5]),
            hint="correct `species` under reference.network, or take it out",
        )
    if kept.height < rows.height:
        others = counted(rows.height - kept.height, "interaction")
        notes.append(
            f"{path.name}: kept are the interactions of the species {columns.species}; {others} "
            "of or with others left out (`species:` under reference.network names another)"
        )
    return kept


def _strong(
    path: Path, rows: pl.DataFrame, columns: NetworkColumns, notes: list[str]
) -> pl.DataFrame:
    """Leave out what has a smaller score than asked for; say so if scores are not used."""
    if columns.score is None:
        return rows
    known = rows["score"].drop_nulls().to_numpy()
    if not len(known):
        return rows
    lowest, highest = float(known.min()), float(known.max())
    what = f"{path.name}: {columns.score_label}"
    if columns.minimum_score is None:
        notes.append(
            f"{what} holds scores from {lowest:g} to {highest:g} that are not used: all "
            "interactions count alike; `network: {file: ..., minimum_score: ...}` leaves the weak "
            "ones out"
        )
        return rows
    kept = rows.filter(pl.col("score") >= columns.minimum_score)
    if kept.is_empty():
        raise IngestError(
            f"no interaction has a score of {columns.minimum_score:g} or more",
            file=path,
            column=columns.score_label,
            expected=f"a `minimum_score` from {lowest:g} to {highest:g}",
            found=f"{columns.minimum_score:g}",
            hint="lower it under reference.network",
        )
    left_out = counted(rows.height - kept.height, "interaction")
    notes.append(f"{what}: {left_out} of {rows.height:,} below {columns.minimum_score:g} left out")
    return kept
