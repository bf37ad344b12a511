"""Tables of betas with detection p or beads, as GenomeStudio exports them and GEO keeps them.

Read are `S1.AVG_Beta, S1.Detection Pval, S1.Avg_NBEADS_A, ...` in any order, `S1, Detection Pval,
S2, Detection Pval` and their common spellings; columns about the probes and lines above the table
are passed over. Where a file has betas and signals the betas are read.
"""

from __future__ import annotations

from cohortmart.core.study.records import Assay
from ingest.read.illumina.array_columns import find_columns
from ingest.read.illumina.array_header import array_header
from ingest.read.matrix import text_matrix
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.raw_file import RawFile


def recognises(start: FileStart) -> bool:
    """Whether a file that begins like this holds betas and what says how good they are."""
    columns = find_columns(start.lines, start.delimiter)
    return columns is not None and "value" in columns.quantities


def read_header(file: RawFile, assay: Assay) -> TextMatrixHeader:
    """Read the header of a GenomeStudio table; no value is read.

    Parameters
    ----------
    file : RawFile
        The table.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        As for `array_header`.
    """
    return array_header(file, assay, GENOMESTUDIO.name, ("value",))


GENOMESTUDIO = Format(
    name="genomestudio",
    words="betas with detection p or beads, as GenomeStudio and GEO write them",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
    first_features=text_matrix.first_features,
)
