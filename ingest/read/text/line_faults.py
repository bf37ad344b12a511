"""Faults of single lines of a text file, told together in one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.text.cell_errors import EXCEL_HINT
from ingest.read.text.excel_dates import GENE_DATE

#: So many faults of a file are shown.
_SHOWN = 20


@dataclass(frozen=True)
class LineFault:
    """What is wrong with one line.

    Parameters
    ----------
    line : int
        From 1.
    problem, expected, found, hint : str
        As in IngestError.
    """

    line: int
    problem: str
    expected: str
    found: str
    hint: str


def raise_line_faults(path: Path, faults: Sequence[LineFault]) -> None:
    """Raise one error for all faults of a file; do nothing if there is none.

    Parameters
    ----------
    path : Path
    faults : sequence of LineFault
        In any order.

    Raises
    ------
    IngestError
        There is a fault. One is told as it is; of several the lines are listed.
    """
    if not faults:
        return
    ordered = sorted(faults, key=lambda fault: fault.line)
    first = ordered[0]
    if len(ordered) == 1:
        raise IngestError(
            first.problem,
            file=path,
            line=first.line,
            expected=first.expected,
            found=first.found,
            hint=first.hint,
        )
    shown = [f"line {f.line}: {f.problem}: {f.found}" for f in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        shown.append(f"and {len(ordered) - _SHOWN:,} more")
    raise IngestError(
        f"{counted(len({f.line for f in ordered}), 'line')} cannot be used",
        file=path,
        line=first.line,
        expected="; ".join(dict.fromkeys(f.expected for f in ordered)),
        found="\n            ".join(shown),
        hint="; ".join(dict.fromkeys(f.hint for f in ordered)),
    )


def date_faults(genes: pl.Series, lines: pl.Series) -> list[LineFault]:
    """Return the names that Excel turned into dates.

    Names that begin with the month are let through: Oct-4 is a gene.

    Parameters
    ----------
    genes : pl.Series of String, shape (n,)
    lines : pl.Series of Int64, shape (n,)
        Where they stand.
    """
    dates = (genes.str.contains("^[0-9]") & genes.str.contains(GENE_DATE)).fill_null(False)
    found = pl.DataFrame({"line": lines, "gene": genes}).filter(dates)
    return [
        LineFault(
            line,
            "Excel turned the name of a gene into a date",
            "a gene name such as SEPTIN1 or MARCHF1",
            f"`{gene}`",
            EXCEL_HINT,
        )
        for line, gene in found.iter_rows()
    ]
