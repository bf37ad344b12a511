"""Detection p and bead counts that stand in files of their own, beside the betas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cohortmart.errors import IngestError
from cohortmart.study import Assay
from ingest.check.matrix import check_header, check_samples_once
from ingest.read.formats import read_header
from ingest.read.matrix_records import EXTRAS, MatrixHeader

_SHOWN = 3


def read_beside(
    assay: Assay, known_samples: Collection[str], samples: Sequence[str]
) -> dict[str, tuple[MatrixHeader, ...]]:
    """Read the headers of the files that `detection_p` and `bead_count` name.

    Parameters
    ----------
    assay : Assay
        Its reading options hold for these files, too.
    known_samples : collection of str
        See `ingest.read.formats.read_header`.
    samples : sequence of str
        Samples of the betas.

    Returns
    -------
    dict
        Quantity to the headers of its files; empty where there are none.

    Raises
    ------
    IngestError
        A file cannot be read, or a sample of the betas is in none of them.
    """
    found = {}
    for quantity in EXTRAS:
        paths = getattr(assay, quantity)
        if not paths:
            continue
        of_itself = assay.model_copy(update={"format": "auto"})
        headers = tuple(read_header(path, of_itself, known_samples) for path in paths)
        for header in headers:
            check_header(header)
        check_samples_once(headers)
        there = {name for header in headers for name in header.samples}
        lacking = [name for name in samples if name not in there]
        if lacking:
            raise IngestError(
                f"`{quantity}` has no column for {len(lacking)} of the samples of the betas",
                file=headers[0].path,
                line=headers[0].header_line,
                expected=", ".join(lacking[:_SHOWN]),
                found=", ".join(headers[0].samples[:_SHOWN]),
                hint="name the columns as in the file of the betas",
            )
        found[quantity] = headers
    return found
