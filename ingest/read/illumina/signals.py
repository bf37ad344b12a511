"""Tables of methylated and unmethylated signals, from which betas are computed.

Read are `S1 Unmethylated Signal, S1 Methylated Signal, S1 Detection Pval`, GenomeStudio's
`S1.Signal_A, S1.Signal_B` (A is unmethylated) and their common spellings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cohortmart.core.study.records import Assay
from ingest.read.illumina.array_columns import find_columns
from ingest.read.illumina.array_header import array_header
from ingest.read.matrix.records import TextMatrixHeader

FORMAT = "signals"
MEASURED = ("methylated", "unmethylated")


def recognises(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a file that begins with these lines holds both signals and no betas.

    Parameters
    ----------
    lines : sequence of str
        First lines of the file.
    delimiter : str
        As guessed from them.
    """
    columns = find_columns(lines, delimiter)
    return (
        columns is not None
        and columns.quantities >= set(MEASURED)
        and "value" not in columns.quantities
    )


def read_header(path: Path, assay: Assay) -> TextMatrixHeader:
    """Read the header of a table of signals; no value is read.

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
