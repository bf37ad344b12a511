"""What the values of count files say before they are ingested: read whole where they are small."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.count_scale import CountScale
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Study
from ingest.check.count_scale import counts_needed, judge_scale
from ingest.matrix.assay_headers import AssayHeaders
from ingest.matrix.merged_notes import merged_notes
from ingest.read.formats import estimated_rows, read_blocks
from ingest.read.matrix.counter_rows import CounterRows
from ingest.read.matrix.records import LENGTH, MatrixHeader

#: Values of an assay up to which its files are read whole; 10 million take seconds.
MOST_VALUES = 10_000_000


def check_scale(study: Study, assay: str, headers: AssayHeaders) -> tuple[str, ...]:
    """Say which rows of an assay's files are no genes, and whether the values are no counts.

    Parameters
    ----------
    study : Study
    assay : str
        Its name.
    headers : AssayHeaders
        Of its files.

    Returns
    -------
    tuple of str
        Rows that ingest will leave out; and that the values look like CPM or TPM, where nothing of
        the study needs counts.

    Raises
    ------
    IngestError
        The values are logarithms, or CPM or TPM where counts are needed.
    """
    # transcripts are summed by ingest; what salmon and others write says itself what is a count
    files = [header for header in headers.values if LENGTH not in header.further]
    if study.assays[assay].kind != "counts" or not files or _n_values(files) > MOST_VALUES:
        return ()
    scale = CountScale()
    notes: list[str] = []
    column = 0
    for header in files:
        counters = CounterRows()
        try:
            for block in counters.without(read_blocks(header, study.assays[assay])):
                scale.add(block.values, column)
        except IngestError:
            return ()  # `ingest` says what is wrong with the file
        notes += counters.notes(header.path.name)
        column += len(header.samples)
    notes += judge_scale(scale, assay, files[0].path, counts_needed(study, assay))
    return merged_notes(notes, [header.path.name for header in files])


def _n_values(headers: Sequence[MatrixHeader]) -> float:
    return sum(estimated_rows(header) * len(header.samples) for header in headers)
