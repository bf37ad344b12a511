"""Layout of a network's file: how its first lines are divided, and which columns are read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.reference_records import NetworkFile
from ingest.read.gene_sets.network_adjacency import refuse_adjacency
from ingest.read.gene_sets.network_choice import choose_columns
from ingest.read.gene_sets.network_columns import NetworkColumns
from ingest.read.gene_sets.network_header import read_names
from ingest.read.text.delimited import delimiter_of
from ingest.read.text.raw_file import RawFile

#: So many lines are looked at to choose the columns.
SAMPLE_LINES = 20_000
#: What stands over the two columns, in lower case and letters and digits alone.
_HEADER = re.compile(
    r"(official|approved|gene|symbol|protein|node|interactor|name|id|entrez|ensembl|uniprot|hgnc"
    r"|ncbi|source|target|from|to|partner|bait|prey)+[12ab]?|[vxg][12]|tf|regulator|(participant|entity)[ab]"
)
#: Words between two genes by which a file is known to be SIF, whatever its name.
_RELATION = re.compile(r"pp|pd|pr|rc|cr|gl|pm|mp|interacts([-_ ]?with)?|physical|binds")
_COMPRESSED = re.compile(r"\.(gz|zst|bz2|xz)$", re.IGNORECASE)
TWO_GENES = "two genes a line, in its first two fields"


@dataclass(frozen=True)
class NetworkLayout:
    """How the lines of a network are divided.

    Parameters
    ----------
    delimiter : str
        A blank stands for any white space.
    is_sif : bool
        Gene, relation, one or more genes.
    columns : NetworkColumns
        What is read of the fields, unless the file is SIF.
    """

    delimiter: str
    is_sif: bool
    columns: NetworkColumns = field(default_factory=NetworkColumns)

    @property
    def options(self) -> dict[str, Any]:
        """What other rows follow from, beside the name of the file."""
        return {} if self.is_sif else self.columns.options


def read_layout(asked: NetworkFile, known: Collection[str] = ()) -> NetworkLayout:
    """Look at the first lines of a network; see `layout_of`."""
    with RawFile(asked.file, hold=False) as file:
        return layout_of(file, asked, known)


def layout_of(file: RawFile, asked: NetworkFile, known: Collection[str] = ()) -> NetworkLayout:
    """Look at the first lines of a network.

    Parameters
    ----------
    file : RawFile
        The network.
    asked : NetworkFile
        What study.yml says of it.
    known : collection of str
        Names and ids of the study's genes; none where they are not known.

    Raises
    ------
    IngestError
        The file cannot be read or holds no line; what study.yml asks for is not there.
    """
    lines = file.lines(SAMPLE_LINES)
    places = [i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    if not places:
        raise_empty(asked.file, "no line")
    rows = [lines[i].strip(" \r") for i in places]
    delimiter = _delimiter([row.strip() for row in rows[:2]])
    # comments right above the table; its header may be one
    above = lines[places[0] - 1].strip() if places[0] else ""
    heading = _fields(above.lstrip("#"), delimiter) if above.startswith("#") else []
    fields = split_fields(pl.Series(rows, dtype=pl.String), delimiter)
    refuse_adjacency(asked.file, places[0] + 1, fields)
    sif = asked.columns is None and _is_sif(asked.file, rows[0].strip(), delimiter)
    if sif:
        return NetworkLayout(delimiter, is_sif=True)
    return NetworkLayout(delimiter, False, choose_columns(asked, fields, heading, known))


def _is_sif(path: Path, line: str, delimiter: str) -> bool:
    fields = _fields(line, delimiter)
    if is_named_sif(path):
        return True
    named = any((p.first, p.second) == (0, 2) for p in read_names(fields).pairs)
    return len(fields) > 2 and not named and _RELATION.fullmatch(fields[1].strip()) is not None


def is_named_sif(path: Path) -> bool:
    """Whether a file's name says that it is SIF, which its content may leave open.

    Parameters
    ----------
    path : Path
        Any file.
    """
    return _COMPRESSED.sub("", path.name).lower().endswith(".sif")


def is_header(a: pl.Series, b: pl.Series) -> bool:
    """Whether the first of some pairs of names is a header such as `source`, `target`.

    Parameters
    ----------
    a, b : pl.Series of String, shape (rows,)
    """
    first, second = a[0], b[0]
    if first is None or second is None:
        return False
    words = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in (first, second)]
    if not all(_HEADER.fullmatch(word) for word in words) and not read_names(words).pairs:
        return False
    # ID1 and ID2 are genes, and then it is likely that they stand in further lines
    genes = pl.concat([a[1:], b[1:]])
    return not genes.is_in([first, second]).any()


def split_fields(text: pl.Series, delimiter: str) -> pl.Series:
    """Split lines into their fields; a blank stands for any white space."""
    if delimiter == " ":
        text, delimiter = text.str.strip_chars().str.replace_all(r"\s+", "\t"), "\t"
    return text.str.split(delimiter)


def _fields(line: str, delimiter: str) -> list[str]:
    return line.split(None if delimiter == " " else delimiter)


def _delimiter(head: Sequence[str]) -> str:
    """Return what separates the fields of the first lines; a blank stands for any white space."""
    found = delimiter_of(head)
    if found == "\t":
        return found
    first = head[-1].split(found)
    # `A B pmid:1,pmid:2`: the comma stands in a field, since no gene holds a blank
    return " " if len(first) < 2 or " " in first[0].strip() else found


def raise_empty(path: Path, found: str) -> NoReturn:
    """Raise the error for a file without an interaction.

    Raises
    ------
    IngestError
        Always.
    """
    raise IngestError(
        "the file names no interaction of two genes",
        file=path,
        expected=TWO_GENES,
        found=found,
        hint="check that the download or export went through to the end",
    )
