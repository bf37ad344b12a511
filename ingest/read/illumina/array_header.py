"""The header of a methylation array table, from what its columns are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.signals import SIGNALS
from cohortmart.core.study.records import Assay
from ingest.read.illumina.array_columns import ArrayColumns, SampleColumns, find_columns
from ingest.read.matrix.records import QUALITY, TextMatrixHeader
from ingest.read.text.names import strip_suffix
from ingest.read.text.raw_file import RawFile

#: Lines in which the header must stand; a Final Report has about ten above it.
HEAD_LINES = 30
_WORDS = {
    "value": "the beta",
    "methylated": "the methylated signal",
    "unmethylated": "the unmethylated signal",
    "detection_p": "the detection p",
    "bead_count": "the number of beads",
    "bead_count_a": "the number of beads A",
    "bead_count_b": "the number of beads B",
}
_BEADS = ("bead_count_a", "bead_count_b")


def array_header(
    file: RawFile, assay: Assay, format_name: str, measured: Collection[str]
) -> TextMatrixHeader:
    """Read the header of a methylation array table; no value is read.

    Parameters
    ----------
    file : RawFile
        The table.
    assay : Assay
        Its reading options.
    format_name : str
        What the format is called.
    measured : collection of str
        Quantities that the values are made from: `value`, or both signals.

    Raises
    ------
    IngestError
        The file cannot be read as text, the assay holds counts, a sample lacks a column that
        others have, a column belongs to no sample, or no sample name has the suffix that is to be
        stripped.
    """
    path, form = file.path, file.text_format()
    columns = find_columns(file.lines(HEAD_LINES), form.delimiter)
    if columns is None or not columns.quantities >= set(measured):
        raise IngestError(
            "the file has no header of methylation values",
            file=path,
            expected=" and ".join(_WORDS[quantity] for quantity in measured) + " of each sample",
            hint="leave `format` out, so that the file itself decides",
        )
    _check_kind(path, assay, columns)
    wanted = _wanted(columns, measured, keep_signals=assay.read.keep_signals)
    further = [*QUALITY, *(SIGNALS if assay.read.keep_signals else ())]
    _check_complete(path, columns, wanted)
    fields = {q: tuple(sample.fields[q] for sample in columns.samples) for q in wanted}
    raw = tuple(sample.name for sample in columns.samples)
    samples, notes = strip_suffix(raw, _suffix(assay, columns, fields), path)
    head = columns.head
    packed = "" if form.compression == "none" else f"+{form.compression}"
    return TextMatrixHeader(
        path=path,
        reader=format_name,
        format=replace(form, delimiter=head.delimiter),
        format_name=format_name + packed,
        feature_column=head.names[columns.id_field - 1],
        raw_samples=raw,
        samples=samples,
        further=tuple(f for f in further if any(q.startswith(f) for q in wanted)),
        n_fields=head.n_fields,
        id_field=columns.id_field,
        fields=fields,
        missing_corner=head.missing_corner,
        header_line=head.line,
        end_line=_end_line(file, head.line),
        first_rows=file.first_rows(head.line),
        notes=notes,
    )


def _check_kind(path: Path, assay: Assay, columns: ArrayColumns) -> None:
    if assay.kind == "beta":
        return
    first = columns.samples[0]
    raise IngestError(
        "this is a table of methylation, not of counts",
        file=path,
        line=columns.head.line,
        expected="counts of reads: feature ids, then one column a sample",
        found=f"{' and '.join(_WORDS[q] for q in first.fields)} of {first.name}",
        hint="write `kind: beta` for this assay, or give it the matrix of counts",
    )


def _wanted(columns: ArrayColumns, measured: Collection[str], *, keep_signals: bool) -> list[str]:
    """Return the quantities that every sample must have, those of the values first."""
    there = columns.quantities
    wanted = list(measured)
    if keep_signals and there >= set(SIGNALS):  # beside betas, too
        wanted += [signal for signal in SIGNALS if signal not in wanted]
    if "detection_p" in there:
        wanted.append("detection_p")
    if there & set(_BEADS):  # more exact than one number for both
        wanted += _BEADS
    elif "bead_count" in there:
        wanted.append("bead_count")
    return wanted


def _check_complete(path: Path, columns: ArrayColumns, wanted: list[str]) -> None:
    head = columns.head
    lost = [(place, SampleColumns(head.names[place - 1])) for place in columns.unknown]
    lost += [(min(sample.fields.values()), sample) for sample in columns.samples]
    for place, sample in sorted(lost, key=lambda pair: pair[0]):
        known = {"value": place} if not sample.fields else sample.fields
        lacking = [quantity for quantity in wanted if quantity not in known]
        if lacking:
            word = _WORDS[lacking[0]].removeprefix("the ")
            raise IngestError(
                f"the sample `{sample.name}` has no column of {word}, which others have",
                file=path,
                line=head.line,
                column=place - head.missing_corner,
                expected=" and ".join(_WORDS[q] for q in wanted) + " of each sample",
                found=f"`{head.names[place - 1]}`",
                hint="add the column, or take it from the other samples, too; a column that is of "
                "no sample must go",
            )
    for place in columns.orphans:
        raise IngestError(
            f"the column `{head.names[place - 1]}` belongs to no sample",
            file=path,
            line=head.line,
            column=place - head.missing_corner,
            expected="a sample before it: `S1.AVG_Beta`, or columns `S1` and `Detection Pval`",
            hint="name the sample in the column's name",
        )


def _suffix(
    assay: Assay, columns: ArrayColumns, fields: Mapping[str, tuple[int, ...]]
) -> str | None:
    """Return the suffix to strip; None where it is the name of a quantity, which is gone."""
    suffix = assay.read.strip_suffix
    if not suffix or any(sample.name.endswith(suffix) for sample in columns.samples):
        return suffix
    names = [[columns.head.names[place - 1] for place in of] for of in fields.values()]
    already = any(all(name.endswith(suffix) for name in of_one) for of_one in names)
    return None if already else suffix


def _end_line(file: RawFile, header_line: int) -> bytes:
    """Return the line that ends the table: a Final Report may go on with another section."""
    blank = b""
    with file.text() as stream:
        first = stream.readline()
        if not first.lstrip(b'"').startswith(b"["):
            return b""
        for number, line in enumerate(stream, start=2):
            if number <= header_line:
                continue
            if line.startswith((b"[", b'"[')):
                return blank or line.rstrip(b"\r\n")
            if line.strip():
                blank = b""
            elif not blank:
                blank = line
    return b""
