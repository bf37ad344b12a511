"""Interaction networks as lists of edges: two genes a line, or Cytoscape's SIF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.text.delimited import TextFormat, delimiter_of
from ingest.read.text.lines import raise_at, read_text_lines, refuse_dates, tidy_genes
from ingest.read.text.raw_file import RawFile

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
EDGES_READER_VERSION = "edges-1"

#: What stands over the two columns, in lower case and letters and digits alone.
_HEADER = re.compile(
    r"(official|approved|gene|symbol|protein|node|interactor|name|id|entrez|ensembl|uniprot|hgnc"
    r"|ncbi|source|target|from|to|partner|bait|prey)+[12ab]?|[vx][12]"
)
#: Words between two genes by which a file is known to be SIF, whatever its name.
_RELATION = re.compile(r"pp|pd|pr|rc|cr|gl|pm|mp|interacts([-_ ]?with)?|physical|binds")
_NUMBER = r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"
_COMPRESSED = re.compile(r"\.(gz|zst|bz2|xz)$", re.IGNORECASE)
_TWO = "two genes a line, in its first two fields"


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


def read_edges(path: Path) -> Network:
    """Read a network.

    Fields are separated by tabs, commas, semicolons or blanks; those behind the two genes and
    lines that begin with `#` are passed over. The first line is a header if its two words are
    such as `symbol1` or `source` and no gene of the file is called so. SIF (gene, relation, one
    or more genes) is known by the ending `.sif`, or by a relation such as `pp` on the first line.

    Parameters
    ----------
    path : Path
        Compressed or not.

    Returns
    -------
    Network
        Without self-interactions and repeated pairs, which are counted.

    Raises
    ------
    IngestError
        The file cannot be read or has no interaction; a line names one gene only; the second
        field is a number between the genes; Excel turned a gene into a date.
    """
    with RawFile(path) as file:
        lines, compression = read_text_lines(file, comments=True), file.compression
    if lines.is_empty():
        _raise_empty(path, "no line")
    lines = lines.with_columns(pl.col("text").str.strip_chars_start())
    delimiter = _delimiter(lines["text"].head(2).to_list())
    sif = is_named_sif(path) or _has_relation(lines["text"][0], delimiter)
    if sif:
        pairs, alone = _pairs_of_sif(path, lines)
    else:
        pairs, alone = _pairs(path, lines, delimiter), 0
    refuse_dates(path, pairs["a"], pairs["line"])
    refuse_dates(path, pairs["b"], pairs["line"])
    if sif or delimiter == " ":
        kind = "sif" if sif else "blanks"
        form = kind if compression == "none" else f"{kind}+{compression}"
    else:
        form = TextFormat(compression, "utf-8", delimiter, "\n").name
    return _network(path, pairs, form, alone)


def is_named_sif(path: Path) -> bool:
    """Whether a file's name says that it is SIF, which its content may leave open.

    Parameters
    ----------
    path : Path
        Any file.
    """
    return _COMPRESSED.sub("", path.name).lower().endswith(".sif")


def _delimiter(head: list[str]) -> str:
    """Return what separates the fields of the first lines; a blank stands for any white space."""
    found = delimiter_of(head)
    if found == "\t":
        return found
    first = head[-1].split(found)
    # `A B pmid:1,pmid:2`: the comma stands in a field, since no gene holds a blank
    return " " if len(first) < 2 or " " in first[0].strip() else found


def _split(text: pl.Series, delimiter: str) -> pl.Series:
    if delimiter == " ":
        text, delimiter = text.str.replace_all(r"\s+", "\t"), "\t"
    return text.str.split(delimiter)


def _has_relation(line: str, delimiter: str) -> bool:
    fields = line.split(None if delimiter == " " else delimiter)
    return len(fields) > 2 and _RELATION.fullmatch(fields[1].strip()) is not None


def _pairs(path: Path, lines: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """Return the columns line, a and b."""
    fields = _split(lines["text"], delimiter)
    a, b = (tidy_genes(fields.list.get(i, null_on_oob=True)) for i in (0, 1))
    if _is_header(a, b):
        lines, a, b = lines.slice(1), a.slice(1), b.slice(1)
    wrong = a.is_null() | b.is_null()
    if wrong.any():
        problem = "the line names one gene only"
        raise_at(path, lines, wrong, problem, _TWO, "complete or remove the line")
    # `A 0.9 B`: what looks like a gene is the weight of the edge
    if len(a) and b.str.contains(_NUMBER).all() and not a.str.contains(_NUMBER).any():
        problem = "the second field is a number, the first is none"
        hint = "with a weight or relation between the genes, call the file .sif"
        raise_at(path, lines, b.is_not_null(), problem, _TWO, hint)
    return pl.DataFrame({"line": lines["line"], "a": a, "b": b})


def _is_header(a: pl.Series, b: pl.Series) -> bool:
    first, second = a[0], b[0]
    if first is None or second is None:
        return False
    words = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in (first, second)]
    if not all(_HEADER.fullmatch(word) for word in words):
        return False
    # ID1 and ID2 are genes, and then it is likely that they stand in further lines
    genes = pl.concat([a[1:], b[1:]])
    return not genes.is_in([first, second]).any()


def _pairs_of_sif(path: Path, lines: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return the columns line, a and b, and how many lines name a gene without interactions."""
    tabs = lines["text"].str.contains("\t", literal=True).any()
    fields = _split(lines["text"], "\t" if tabs else " ")
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
    if rows.height and _is_header(rows["a"], rows["b"]):
        rows = rows[1:]
    bad = rows.filter(pl.any_horizontal(pl.col("a", "b").is_null()))["line"].unique().to_list()
    if bad:
        problem = "a gene of the line has no name"
        expected = "gene, relation, one or more genes"
        raise_at(path, lines, lines["line"].is_in(bad), problem, expected, "complete the line")
    return rows, int((length == 1).sum())


def _network(path: Path, pairs: pl.DataFrame, form: str, alone: int) -> Network:
    if pairs.is_empty():
        _raise_empty(path, "none")
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
        _raise_empty(path, f"{counted(own, 'interaction')} of a gene with itself")
    notes = []
    if own or repeated:
        twice = own + repeated + edges.height - len(a)
        overlap = f" ({twice:,} of them both)" if twice else ""
        said = [counted(own, "self-interaction")] if own else []
        said += [counted(repeated, "repeated pair")] if repeated else []
        notes.append(f"{path.name}: {' and '.join(said)}{overlap} left out")
    if alone:
        notes.append(f"{path.name}: {counted(alone, 'gene')} without interactions left out")
    return Network(edges, len(a), own, repeated, form, tuple(notes))


def _raise_empty(path: Path, found: str) -> NoReturn:
    raise IngestError(
        "the file names no interaction of two genes",
        file=path,
        expected=_TWO,
        found=found,
        hint="check that the download or export went through to the end",
    )
