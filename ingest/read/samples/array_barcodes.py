"""Barcodes of arrays in a sample sheet: slide and position, as columns of beta matrices are named.

Illumina's sheets have them as Sentrix_ID and Sentrix_Position, minfi as Slide and Array, or joined
in Basename; idat files and the matrices made from them are called 209900010001_R01C01.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

from ingest.read.samples.sheet import Sheet

#: Names of columns, in letters alone: of any pair whose cells are a slide and a position.
_SLIDES = (
    *("sentrixid", "sentrixbarcodea", "sentrixbarcode", "slide", "slideid", "beadchip"),
    *("beadchipid", "beadchipbarcode", "chip", "chipid", "chipbarcode", "arraybarcode", "barcode"),
)
_POSITIONS = (
    *("sentrixposition", "sentrixpositiona", "array", "samplesection", "section", "position"),
    *("chipposition", "beadchipposition", "arrayposition", "slideposition", "row", "sentrixrow"),
)
_SLIDE = re.compile(r"[0-9]{8,14}")
_POSITION = re.compile(r"R[0-9]{2}C[0-9]{2}", re.IGNORECASE)
_BARCODE = re.compile(rf"{_SLIDE.pattern}_{_POSITION.pattern}", re.IGNORECASE)
_IDAT = re.compile(r"_(grn|red)(\.idat)?(\.gz)?$", re.IGNORECASE)


class Array(NamedTuple):
    """The array that a sample was measured on.

    Parameters
    ----------
    barcode : str
        Such as 209900010001_R01C01.
    columns : str
        Those of the sheet that say so, for messages.
    """

    barcode: str
    columns: str


def arrays_of(sheet: Sheet) -> dict[int, Array]:
    """Return the arrays that a sheet names, by the line of the row; empty where it names none.

    Parameters
    ----------
    sheet : Sheet
        Any sheet.
    """
    at = {re.sub(r"[^a-z]", "", name.casefold()): i for i, name in enumerate(sheet.columns)}
    slides, positions = ([at[n] for n in names if n in at] for names in (_SLIDES, _POSITIONS))
    for slide, position in product(slides, positions):
        found = _joined(sheet, slide, position)
        if found:
            return found
    for i, name in enumerate(sheet.columns):
        cells = ((row.line, _last(row.cells[i])) for row in sheet.rows)
        found = {line: Array(cell, f"`{name}`") for line, cell in cells if _BARCODE.fullmatch(cell)}
        if found:
            return found
    return {}


def _joined(sheet: Sheet, slide: int, position: int) -> dict[int, Array]:
    columns = f"`{sheet.columns[slide]}` and `{sheet.columns[position]}`"
    pairs = (
        (row.line, row.cells[slide].removesuffix(".0"), row.cells[position]) for row in sheet.rows
    )
    return {
        line: Array(f"{on}_{at}", columns)
        for line, on, at in pairs
        if _SLIDE.fullmatch(on) and _POSITION.fullmatch(at)
    }


def _last(cell: str) -> str:
    """Return the last part of a path, without an idat file's ending."""
    return _IDAT.sub("", cell.replace("\\", "/").rpartition("/")[2])


def array_names(samples: Iterable[tuple[str, Iterable[Array]]]) -> dict[str, tuple[str, str]]:
    """Return the names that samples have in a matrix whose columns are named by arrays.

    An array of several samples names none.

    Parameters
    ----------
    samples : iterable of (str, iterable of Array)
        Each sample_id and the arrays it was measured on.

    Returns
    -------
    dict
        Name, as it is and with the X that R puts before digits, to the sample_id and the columns
        that say so.
    """
    owners: dict[str, dict[str, str]] = {}
    for sample_id, arrays in samples:
        for array in arrays:
            owners.setdefault(array.barcode, {})[sample_id] = array.columns
    return {
        name: pair
        for barcode, owner in sorted(owners.items())
        if len(owner) == 1
        for pair in owner.items()
        for name in (barcode, f"X{barcode}")
    }


def with_array_names(
    known: Mapping[str, str], arrays: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """Return an assay's names of samples with those of their arrays; the sheet's own come first."""
    more = {name: sample_id for name, (sample_id, _) in arrays.items() if name not in known}
    return {**known, **more}
