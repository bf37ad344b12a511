"""Columns of a methylation array table: which quantity of which sample each one is."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.read.illumina.array_names import ID_COLUMNS, is_about_probe, is_telling, parse_name
from ingest.read.matrix.feature_ids import is_probe_id
from ingest.read.text.cell_errors import missing_words

#: What may stand above the table: comments and the sections of a Final Report.
_PREAMBLE = ("#", "!", '"#', "[")
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class TableHead:
    """The header of a table and where it stands.

    Parameters
    ----------
    line : int
        Its line, from 1.
    delimiter : str
        Between its fields.
    names : tuple of str
        Of the columns of the rows; an empty first one where R left the corner out.
    missing_corner : bool
        Whether it did.
    n_fields : int
        Fields in every row.
    rows : tuple of tuple of str
        The rows that were looked at.
    """

    line: int
    delimiter: str
    names: tuple[str, ...]
    missing_corner: bool
    n_fields: int
    rows: tuple[tuple[str, ...], ...]

    def cells(self, place: int) -> list[str]:
        """Return what the rows hold in a field (from 1)."""
        return [row[place - 1] for row in self.rows if len(row) >= place]


@dataclass(frozen=True)
class SampleColumns:
    """The fields (from 1) of one sample, by quantity."""

    name: str
    fields: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ArrayColumns:
    """What the columns of a table are.

    Parameters
    ----------
    head : TableHead
        Of the table.
    id_field : int
        Field of the probe id, from 1.
    samples : tuple of SampleColumns
        In the order in which they are first seen.
    unknown : tuple of int
        Fields of columns that hold numbers and are neither of a known sample nor about the probe.
    orphans : tuple of int
        Fields of columns such as `Detection Pval` that follow no sample.
    """

    head: TableHead
    id_field: int
    samples: tuple[SampleColumns, ...]
    unknown: tuple[int, ...]
    orphans: tuple[int, ...]

    @property
    def quantities(self) -> frozenset[str]:
        """Every quantity that any sample has."""
        return frozenset(quantity for sample in self.samples for quantity in sample.fields)


def find_columns(lines: Sequence[str], delimiter: str) -> ArrayColumns | None:
    """Find the header of an array table and say what its columns are.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file; they may be cut.
    delimiter : str
        As guessed from the first two; a comment there may have misled.

    Returns
    -------
    ArrayColumns or None
        None where no line names detection p, beads, AVG_Beta or a pair of signals.
    """
    in_section = bool(lines) and lines[0].lstrip('"').startswith("[")
    for i, line in enumerate(lines):
        for mark in dict.fromkeys((delimiter, "\t", ",", ";")):
            names = _split(line, mark)
            if len(names) < 2 or (line.startswith(_PREAMBLE) and not _has_id_name(names[:1])):
                continue  # a comment may speak of AVG_Beta
            if _is_header(names, lines[i + 1 : i + 6], mark):
                return _assigned(_head(i + 1, mark, names, lines[i + 1 :]))
        if line.strip() and not in_section and not line.startswith(_PREAMBLE):
            return None
    return None


def _split(line: str, delimiter: str) -> list[str]:
    """Split a line that may be cut anywhere."""
    try:
        fields = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        fields = line.split(delimiter)
    return [name.strip() for name in fields]


def _is_header(names: Sequence[str], below: Sequence[str], delimiter: str) -> bool:
    found = {parse_name(name).quantity for name in names}
    if {"methylated", "unmethylated"} <= found or any(map(is_telling, names)):
        return True
    # `pval` alone stands in tables of results, too.
    return "detection_p" in found and any(
        is_probe_id(cell) for line in below for cell in _split(line, delimiter)[:3]
    )


def _has_id_name(names: Sequence[str]) -> bool:
    return any(name.lstrip("#").lower() in ID_COLUMNS for name in names)


def _head(line: int, delimiter: str, names: list[str], below: Sequence[str]) -> TableHead:
    rows = tuple(tuple(_split(row, delimiter)) for row in below if row.strip())
    n_fields = len(rows[0]) if rows else len(names)
    one_more = n_fields == len(names) + 1
    # A delimiter at the end of the rows alone makes a field more, too.
    missing_corner = one_more and not _has_id_name(names)
    if missing_corner:
        names = ["", *names]
    if n_fields == len(names) - 1 and not names[-1]:  # a delimiter at the end of the header alone
        names = names[:-1]
    return TableHead(
        line, delimiter, tuple(names), missing_corner, n_fields if one_more else len(names), rows
    )


def _assigned(head: TableHead) -> ArrayColumns:
    parsed = [parse_name(name) for name in head.names]
    # Where the values say that they are, other columns describe the probes.
    values_named = any(p.quantity in ("value", "methylated", "unmethylated") for p in parsed)
    named = {p.sample for p in parsed if p.quantity and p.sample}
    has_beta = any(p.quantity == "value" for p in parsed)
    found = _Found()
    unknown = []
    id_field = _id_field(head)
    for place, (name, said) in enumerate(zip(head.names, parsed, strict=True), start=1):
        follower = parsed[place] if place < len(parsed) else None
        has_bare_p = bool(follower and follower.quantity and follower.sample is None)
        if place == id_field:
            continue
        if said.quantity is not None:
            found.add(place, said.quantity, said.sample)
        elif name in named and not has_beta:
            found.add(place, "value", name)
        elif values_named or is_about_probe(name):
            continue
        elif has_bare_p:
            found.add(place, "value", name)
        elif name and _may_be_sample(head.cells(place)):
            unknown.append(place)
    return ArrayColumns(head, id_field, found.samples, tuple(unknown), tuple(found.orphans))


class _Found:
    """The samples so far; `Detection Pval` alone belongs to the one named last."""

    def __init__(self) -> None:
        self._samples: list[SampleColumns] = []
        self._by_name: dict[str, list[SampleColumns]] = {}
        self._last: str | None = None
        self.orphans: list[int] = []

    @property
    def samples(self) -> tuple[SampleColumns, ...]:
        return tuple(self._samples)

    def add(self, place: int, quantity: str, sample: str | None) -> None:
        sample = self._last = self._last if sample is None else sample
        if not quantity:
            return
        if sample is None:
            self.orphans.append(place)
            return
        entries = self._by_name.setdefault(sample, [])
        # A sample that stands twice gives two entries, which check_header will find.
        entry = next((e for e in entries if quantity not in e.fields), None)
        if entry is None:
            entry = SampleColumns(sample)
            entries.append(entry)
            self._samples.append(entry)
        entry.fields[quantity] = place


def _may_be_sample(cells: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(cell) for cell in cells if cell not in missing_words("beta"))


def _id_field(head: TableHead) -> int:
    """Return the field of the probe ids: a column of that name whose cells are probes, if any."""
    if head.missing_corner:
        return 1
    lower = [name.lower() for name in head.names]
    named = [lower.index(name) + 1 for name in ID_COLUMNS if name in lower]
    for place in (*named, 1, 2):  # the second behind `Index`
        if any(map(is_probe_id, head.cells(place))):
            return place
    return next((place for place in named if lower[place - 1] in ID_COLUMNS[:4]), 1)
