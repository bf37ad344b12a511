"""Interaction networks as lists of edges: two genes a line, or Cytoscape's SIF."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cohortmart.core.study.reference_records import NetworkFile
from cohortmart.core.text import counted
from ingest.read.gene_sets.network_layout import (
    is_header,
    layout_of,
    raise_empty,
    split_fields,
)
from ingest.read.gene_sets.network_rows import read_interactions
from ingest.read.text.delimited import TextFormat
from ingest.read.text.lines import raise_at, read_text_lines, refuse_dates, tidy_genes
from ingest.read.text.raw_file import RawFile

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
EDGES_READER_VERSION = "edges-1"


@dataclass(frozen=True)
class Network:
    """An undirected network of genes.

    Parameters
    ----------
    edges : pl.DataFrame
        Columns `gene_a` and `gene_b`, String: gene_a < gene_b, each pair once, sorted.
    n_rows : int
        Pairs in the file, those left out included.
    n_self : int
        Pairs of a gene with itself.
    n_repeated : int
        Pairs, of whichever direction, that stood in the file before.
    format : str
        For example `tsv+gzip`.
    notes : tuple of str
        What a user may want to know about the file.
    """

    edges: pl.DataFrame
    n_rows: int
    n_self: int
    n_repeated: int
    format: str
    notes: tuple[str, ...]


def read_edges(
    path: Path, asked: NetworkFile | None = None, known: Collection[str] = ()
) -> Network:
    """Read a network.

    Fields are separated by tabs, commas, semicolons or blanks; lines that begin with `#` are
    passed over, but one right above the table may name the columns. Known headers (BioGRID,
    STRING, PSI-MITAB, OmniPath, ...) say which columns may be genes, and `known` which of them
    are; without one the first two fields are. SIF (gene, relation, one or more genes) is known by
    the ending `.sif`, or by a relation such as `pp` on the first line.

    Parameters
    ----------
    path : Path
        Compressed or not.
    asked : NetworkFile, optional
        Columns, smallest score and species that study.yml names.
    known : collection of str
        Names and ids of the study's genes; none where they are not known.

    Returns
    -------
    Network
        Without self-interactions and repeated pairs, which are counted.

    Raises
    ------
    IngestError
        The file cannot be read or has no interaction; a line names one gene only; the second
        field is a number between the genes; Excel turned a gene into a date; a column that
        study.yml names is not there.
    """
    with RawFile(path) as file:
        layout = layout_of(file, asked or NetworkFile(file=path), known)
        lines, compression = read_text_lines(file, comments=True), file.compression
    lines = lines.with_columns(pl.col("text").str.strip_chars_start())
    notes: tuple[str, ...] = ()
    if layout.is_sif:
        pairs, alone = _pairs_of_sif(path, lines)
    else:
        rows = read_interactions(path, lines, layout)
        pairs, notes, alone = rows.pairs, rows.notes, 0
    refuse_dates(path, pairs["a"], pairs["line"])
    refuse_dates(path, pairs["b"], pairs["line"])
    if layout.is_sif or layout.delimiter == " ":
        kind = "sif" if layout.is_sif else "blanks"
        form = kind if compression == "none" else f"{kind}+{compression}"
    else:
        form = TextFormat(compression, "utf-8", layout.delimiter, "\n").name
    return _network(path, pairs, form, alone, notes)


def _pairs_of_sif(path: Path, lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the columns line, a and b, and how many lines name a gene without interactions."""
    tabs = lines["text"].str.contains("\t", literal=True).any()
    fields = split_fields(lines["text"], "\t" if tabs else " ")
    length = fields.list.len()
    wrong = length == 2
    if wrong.any():
        raise_at(
            path,
            lines,
            wrong,
            "the line has two fields",
            "in a SIF file: gene, relation, one or more genes; or one gene without interactions",
            "has the file two genes a line, give it another ending than .sif",
        )
    rows = pl.DataFrame(
        {"line": lines["line"], "a": fields.list.get(0), "b": fields.list.slice(2)}
    ).filter(length > 2)
    rows = rows.explode("b")
    rows = rows.with_columns(tidy_genes(rows["a"]), tidy_genes(rows["b"]))
    if rows.height and is_header(rows["a"], rows["b"]):
        rows = rows[1:]
    bad = rows.filter(pl.any_horizontal(pl.col("a", "b").is_null()))["line"].unique().to_list()
    if bad:
        problem = "a gene of the line has no name"
        expected = "gene, relation, one or more genes"
        raise_at(path, lines, lines["line"].is_in(bad), problem, expected, "complete the line")
    return rows, int((length == 1).sum())


def _network(
    path: Path, pairs: pl.DataFrame, form: str, alone: int, said: Sequence[str]
) -> Network:
    if pairs.is_empty():
        raise_empty(path, "none")
    # ranks of the names in place of the names: numbers are sorted ten times as fast
    names = pl.concat([pairs["a"], pairs["b"].alias("a")]).unique().sort()
    a, b = (pairs[c].cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy() for c in "ab")
    own = int(np.sum(a == b))
    keys = np.sort(np.minimum(a, b) * len(names) + np.maximum(a, b))
    once = keys[np.diff(keys, prepend=-1) > 0]
    repeated = len(a) - len(once)
    first, second = np.divmod(once, len(names))
    keep = first != second
    edges = pl.DataFrame(
        {"gene_a": names.gather(first[keep]), "gene_b": names.gather(second[keep])}
    )
    if edges.is_empty():
        raise_empty(path, f"{counted(own, 'interaction')} of a gene with itself")
    notes = [*said]
    if own or repeated:
        twice = own + repeated + edges.height - len(a)
        overlap = f" ({twice:,} of them both)" if twice else ""
        out = [counted(own, "self-interaction")] if own else []
        out += [counted(repeated, "repeated pair")] if repeated else []
        notes.append(f"{path.name}: {' and '.join(out)}{overlap} left out")
    if alone:
        notes.append(f"{path.name}: {counted(alone, 'gene')} without interactions left out")
    return Network(edges, len(a), own, repeated, form, tuple(notes))
