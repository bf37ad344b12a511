"""Likely causes of names in a matrix that the sample sheet does not have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from cohortmart.core.text import nearest
from ingest.check.changed_names import changed_by_spreadsheet, written_otherwise
from ingest.read.samples.sample_sheet import Samples

_ARRAY = re.compile(r"X?[0-9]{8,14}_R[0-9]{2}C[0-9]{2}", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[01]?[0-9]", re.IGNORECASE)
#: A name shorter than this stands in others by chance.
_LONG = 4


def likely_cause(
    samples: Samples, assay: str, unknown: Sequence[str], names: Sequence[str] = ()
) -> str:
    """Say what most likely happened to sample names that the sheet does not have.

    Parameters
    ----------
    samples : Samples
        What the sheets say.
    assay : str
        The assay with the names.
    unknown : sequence of str
        Names in its matrix that are not in the sheet.
    names : sequence of str
        All names in its matrix.

    Returns
    -------
    str
        What to do, for the message.
    """
    known = {n: s for n, s in samples.names[assay].items() if n not in samples.arrays}
    column = _other_column(samples, unknown)
    if column is not None:
        return (
            f"the sheet's column `{column}` has these names: write `sample: {column}` under "
            f"assays.{assay}"
        )
    changed = changed_by_spreadsheet(known, unknown)
    if changed is not None:
        return changed
    suffix = _suffix(known, unknown)
    if suffix is not None and not set(names).isdisjoint(n.removesuffix(suffix) for n in unknown):
        return (
            f"beside columns named as the samples stand such that end in `{suffix}`: take them out "
            "of the file, or name them so that what they hold is known (`S1.Detection Pval`)"
        )
    if suffix is not None:
        return (
            f"the names end in `{suffix}`: write `read: {{strip_suffix: {suffix}}}` under "
            f"assays.{assay}"
        )
    as_r_writes = {_r_name(name): name for name in known}
    mangled = [name for name in unknown if name in as_r_writes]
    if mangled:
        return (
            f"R has changed the names ({as_r_writes[mangled[0]]} became {mangled[0]}: an X before "
            "digits, a dot for other signs): export with check.names = FALSE, or write the "
            "matrix's names into a column of the sheet and name it under "
            f"assays.{assay}.sample"
        )
    written = written_otherwise(known, unknown)
    if written is not None:
        return (
            f"{written}, or write the matrix's names into a column of the sheet and name it "
            f"under assays.{assay}.sample"
        )
    rounded = _rounded_slides(samples, unknown)
    if rounded is not None:
        return rounded
    around = _within(samples.names[assay], unknown)
    if around is not None and around not in names:
        return (
            f"the names hold those that the sheet knows ({around} in {unknown[0]}): write the "
            f"matrix's names into a column of the sheet and name it under assays.{assay}.sample"
        )
    alike = nearest(unknown[0], known, cutoff=0.75)
    said = f" (is {unknown[0]} meant to be {alike}?)" if alike is not None else ""
    return (
        f"add the samples to the sheet or correct their names{said}; a column that is no sample "
        "(about the genes, or a sum) take out of the file"
    )


def _rounded_slides(samples: Samples, unknown: Sequence[str]) -> str | None:
    """Say that a spreadsheet rounded the numbers of slides, of which arrays are named."""
    if not all(_ARRAY.fullmatch(name) for name in unknown):
        return None
    for sheet in samples.sheets:
        for position, column in enumerate(sheet.columns):
            cells = [row.cells[position] for row in sheet.rows]
            if cells and all(_SCIENTIFIC.fullmatch(cell) for cell in cells):
                return (
                    f"a spreadsheet has rounded the slides in the sheet's column `{column}` "
                    f"({cells[0]}): format the column as Text and write the numbers in full"
                )
    return None


def _within(known: Iterable[str], unknown: Sequence[str]) -> str | None:
    """Return the name that stands within the first unknown one, if one does in all."""
    names = sorted((name for name in known if len(name) >= _LONG), key=len, reverse=True)
    found = [next((name for name in names if name in one), None) for one in unknown]
    return found[0] if all(found) and len(set(found)) == len(found) else None


def _other_column(samples: Samples, unknown: Sequence[str]) -> str | None:
    wanted = set(unknown)
    for sheet in samples.sheets:
        for position, column in enumerate(sheet.columns):
            if column and wanted <= {row.cells[position] for row in sheet.rows}:
                return column
    return None


def _suffix(known: Mapping[str, str], unknown: Sequence[str]) -> str | None:
    """Return the one ending that most unknown names have behind a known name."""
    endings: Counter[str] = Counter()
    for name in unknown:
        endings.update({name[n:] for n in range(1, len(name)) if name[:n] in known})
    if not endings:
        return None
    ending, times = max(endings.items(), key=lambda item: (item[1], item[0]))
    return ending if times * 2 > len(unknown) else None


def _r_name(name: str) -> str:
    """Return what R's make.names does to a name."""
    dotted = re.sub(r"[^A-Za-z0-9._]", ".", name)
    valid = re.match(r"[A-Za-z]|\.(?![0-9])", dotted)
    return dotted if valid else f"X{dotted}"
