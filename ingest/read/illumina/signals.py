"""Tables of methylated and unmethylated signals, from which betas are computed.

Read are `S1 Unmethylated Signal, S1 Methylated Signal, S1 Detection Pval`, GenomeStudio's
`S1.Signal_A, S1.Signal_B` (A is unmethylated) and their common spellings.
"""

from __future__ import annotations

from cohortmart.core.lake.signals import SIGNALS
from cohortmart.core.study.records import Assay
from ingest.read.illumina.array_columns import find_columns
from ingest.read.illumina.array_header import array_header
from ingest.read.matrix import text_matrix
from ingest.read.matrix.format import FileStart, Format
from ingest.read.matrix.records import TextMatrixHeader
from ingest.read.text.raw_file import RawFile


def recognises(start: FileStart) -> bool:
    """Whether a file that begins like this holds both signals and no betas."""
    columns = find_columns(start.lines, start.delimiter)
    return (
        columns is not None
        and columns.quantities >= set(SIGNALS)
        and "value" not in columns.quantities
    )


def read_header(file: RawFile, assay: Assay) -> TextMatrixHeader:
    """Read the header of a table of signals; no value is read.

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
    return array_header(file, assay, SIGNAL_TABLE.name, SIGNALS)


SIGNAL_TABLE = Format(
    name="signals",
    words="methylated and unmethylated signals of each sample",
    recognises=recognises,
    read_header=lambda start, assay: read_header(start.file, assay),
    read_blocks=text_matrix.read_blocks,
    estimated_rows=text_matrix.estimated_rows,
    first_cells=text_matrix.first_cells,
    first_features=text_matrix.first_features,
)
