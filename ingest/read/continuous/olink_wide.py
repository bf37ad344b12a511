"""Olink's wide export (Target 96, Target 48): a block above the samples names the proteins."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from ingest.read.continuous.column_words import loose
from ingest.read.continuous.table import ZIP_MAGIC, Table
from ingest.read.samples.sheet import Row
from ingest.read.samples.worksheets import read_worksheet
from ingest.read.text.raw_file import RawFile

#: Rows among which the block must stand.
_TOP = 15
#: First cells of the block, in small letters without blanks, and those of the rows below the
#: samples that give the limit of detection; `LOD` counts before the others.
_BLOCK = ("panel", "assay", "uniprotid", "olinkid")
_LIMITS = ("lod", "maxlod")
_BELOW_SAMPLES = (*_LIMITS, "platelod", "missingdatafreq", "normalization")
_COLUMNS = ("SampleID", "OlinkID", "UniProt", "Assay", "gene_name", "NPX", "LOD", "QC_Warning")


def olink_wide(file: RawFile) -> Table | None:
    """Return a wide export as the long table that it stands for, None where the file is another.

    Parameters
    ----------
    file : RawFile
        A workbook or text.
    """
    form, rows = _top_and_rows(file)
    block = {loose(r.cells[0]): r.cells for r in rows[:_TOP] if loose(r.cells[0]) in _BLOCK}
    if not {"assay", "uniprotid"} <= set(block):
        return None
    last = max(i for i, r in enumerate(rows[:_TOP]) if loose(r.cells[0]) in _BLOCK)
    samples = [r for r in rows[last + 1 :] if r.cells[0]]
    below = {loose(r.cells[0]): r.cells for r in samples if loose(r.cells[0]) in _BELOW_SAMPLES}
    limits: Sequence[str] = next((below[word] for word in _LIMITS if word in below), ())
    proteins = [i for i, cell in enumerate(block["uniprotid"]) if i and cell]
    quality = _quality_columns(block, proteins)
    long = tuple(
        (r.line, _cells(r.cells, i, block, limits, quality.get(i)))
        for r in samples
        if loose(r.cells[0]) not in _BELOW_SAMPLES
        for i in proteins
    )
    return Table(file.path, _COLUMNS, rows[last].line, f"olink_wide+{form}", rows=long)


def _top_and_rows(file: RawFile) -> tuple[str, list[Row]]:
    """Return the rows of a workbook or of a text file that looks like an export, else none."""
    if file.magic.startswith(ZIP_MAGIC):
        return "xlsx", [r for r in read_worksheet(file.path, None, ()).rows if r.cells]
    if file.magic.startswith(b"PAR1"):
        return "", []
    top = file.lines(_TOP)
    at = next((x for x in top if loose(x.lstrip('"')).startswith("uniprotid")), None)
    if at is None:
        return "", []
    mark = at.lstrip('"')[len("Uniprot ID") :].lstrip('"')[:1]
    form = file.text_format()
    with file.text() as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        try:
            cells = csv.reader(text, delimiter=mark or ",")
            rows = [
                Row(i, tuple(c.strip() for c in row) or ("",))
                for i, row in enumerate(cells, start=1)
            ]
        finally:
            text.detach()
    return form.name, rows


def _quality_columns(block: Mapping[str, Sequence[str]], proteins: Sequence[int]) -> dict[int, int]:
    """Return the column of the quality warning of each protein: that of its panel."""
    panels = block.get("panel", ())
    columns = [
        i
        for i, cell in enumerate(block["assay"])
        if "qcwarning" in (loose(cell), loose(_at(panels, i)))
    ]
    if not columns:
        return {}
    by_panel = {_at(panels, i): i for i in columns}
    names = list(dict.fromkeys(_at(panels, i) for i in proteins))
    in_order = dict(zip(names, columns, strict=False))
    return {
        i: by_panel.get(_at(panels, i), in_order.get(_at(panels, i), columns[0])) for i in proteins
    }


def _cells(
    row: Sequence[str],
    i: int,
    block: Mapping[str, Sequence[str]],
    limits: Sequence[str],
    quality: int | None,
) -> tuple[str, ...]:
    name = _at(block["assay"], i)
    return (
        row[0],
        _at(block.get("olinkid", ()), i) or name,
        block["uniprotid"][i],
        name,
        name,
        _at(row, i),
        _at(limits, i),
        "" if quality is None else _at(row, quality),
    )


def _at(cells: Sequence[str], i: int) -> str:
    return cells[i] if i < len(cells) else ""
