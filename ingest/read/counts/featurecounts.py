"""featureCounts: a `#` line, six columns about the genes, then a column for each bam.

Liao, Smyth & Shi 2014, doi 10.1093/bioinformatics/btt656. Columns of `--extraAttributes` stand
behind the six and are annotation, too.
"""

from __future__ import annotations

from dataclasses import replace

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.matrix import text_matrix
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.header_columns import named
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.raw_file import RawFile

_COLUMNS = ["geneid", "chr", "start", "end", "strand", "length"]
_PROGRAM = "# program:featurecounts"
#: The header of `counts.txt.summary`, and a word in its first column.
_SUMMARY = "status"
_ASSIGNED = "assigned"


def recognises(start: FileStart) -> bool:
    """Whether a file is a table of featureCounts, or the summary beside it."""
    lines = [line.lower().replace('"', "") for line in start.lines]
    header = next((line for line in lines if not line.startswith("#")), "")
    if lines and lines[0].startswith(_PROGRAM):
        return True
    fields = [field.strip() for field in header.split(_mark(header))]
    return fields[:6] == _COLUMNS or _is_summary(lines)


def _mark(line: str) -> str:
    return "\t" if "\t" in line else ","


def _is_summary(lines: list[str]) -> bool:
    words = [line.split(_mark(line))[0] for line in lines[:30]]
    return words[:1] == [_SUMMARY] and any(word.startswith(_ASSIGNED) for word in words)


def read_header(file: RawFile, assay: Assay) -> TextMatrixHeader:
    """Read the header of a table of featureCounts; no value is read.

    Parameters
    ----------
    file : RawFile
        The table.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        As for a plain matrix; or the file is the summary.
    """
    if _is_summary([line.lower().replace('"', "") for line in file.lines(30)]):
        raise IngestError(
            "this is the summary of featureCounts, not its counts",
            file=file.path,
            line=1,
            expected="a table that begins with Geneid, Chr, Start, End, Strand, Length",
            found="how many reads were assigned, and why others were not",
            hint="name the file of the same name without `.summary`",
        )
    header = text_matrix.read_header(file, assay.model_copy(update={"read": _UNSTRIPPED}))
    packed = header.format.compression
    form = FEATURECOUNTS.name + ("" if packed == "none" else f"+{packed}")
    return replace(header, reader=FEATURECOUNTS.name, format_name=form)


#: Suffixes are cut from the samples' names, which stand in the paths of bams.
_UNSTRIPPED = Assay.model_fields["read"].default

FEATURECOUNTS = Format(
    name="featurecounts",
    words="a table of featureCounts",
    recognises=recognises,
    read_header=lambda start, assay: named(read_header(start.file, assay), start, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
)
