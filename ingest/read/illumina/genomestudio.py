"""Tables of betas with detection p or beads, as GenomeStudio exports them and GEO keeps them.

Read are `S1.AVG_Beta, S1.Detection Pval, S1.Avg_NBEADS_A, ...` in any order, `S1, Detection Pval,
S2, Detection Pval` and their common spellings; columns about the probes and lines above the table
are passed over. Where a file has betas and signals the betas are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cohortmart.core.study.records import Assay
from ingest.read.illumina.array_columns import find_columns
from ingest.read.illumina.array_header import array_header
from ingest.read.matrix.records import TextMatrixHeader

FORMAT = "genomestudio"
MEASURED = ("value",)


def recognises(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a file that begins with these lines holds betas with something beside them.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file.
    delimiter : str
        As guessed from them.
    """
    columns = find_columns(lines, delimiter)
    return columns is not None and "value" in columns.quantities


def read_header(path: Path, assay: Assay) -> TextMatrixHeader:
    """Read the header of a GenomeStudio table; no value is read.

    Parameters
    ----------
    path : Path
        The table.
    assay : Assay
        Its reading options.

    Raises
    ------
    IngestError
        As for `array_header`.
    """
    return array_header(path, assay, FORMAT, MEASURED)
