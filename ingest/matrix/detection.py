"""Detection p and bead counts that stand in files of their own, beside the betas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.matrix import check_header, check_samples_once
from ingest.read.formats import read_header
from ingest.read.matrix.joined import Scratch
from ingest.read.matrix.records import EXTRAS, Block, MatrixHeader

_SHOWN = 3
_WORDS = {"detection_p": "detection p", "bead_count": "number of beads"}


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
        A file cannot be read or holds betas, or a sample of the betas is in none of them.
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
            _refuse_betas(header, quantity)
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


def check_beside(
    headers: Sequence[MatrixHeader], quantity: str, parts: Sequence[Scratch], ids: Any
) -> tuple[str, ...]:
    """Check that files of a quantity are about the probes of the betas.

    Parameters
    ----------
    headers : sequence of MatrixHeader
        One a file.
    quantity : str
        One of `EXTRAS`.
    parts : sequence of Scratch
        What the files hold.
    ids : pa.StringArray
        (features,) of the betas.

    Returns
    -------
    tuple of str
        A note a file that lacks probes of the betas.

    Raises
    ------
    IngestError
        A file shares no probe with the betas.
    """
    notes = []
    for header, part in zip(headers, parts, strict=True):
        lacking = ids.filter(pc.invert(pc.is_in(ids, value_set=part.feature_ids)))
        some = ", ".join(lacking.slice(0, _SHOWN).to_pylist())
        if len(lacking) == len(ids):
            raise IngestError(
                f"`{quantity}` names no probe of the betas",
                file=header.path,
                expected=f"probes such as {some}",
                found=", ".join(part.feature_ids.slice(0, _SHOWN).to_pylist()) or "none",
                hint="name the probes as in the file of the betas",
            )
        if len(lacking):
            some += ", ..." if len(lacking) > _SHOWN else ""
            notes.append(
                f"{header.path.name}: no {_WORDS[quantity]} for "
                f"{counted(len(lacking), 'probe')} of the betas: {some}"
            )
    return tuple(notes)


def with_beside(
    blocks: Iterable[Block], quantity: str, parts: Sequence[Scratch], order: np.ndarray
) -> Iterator[Block]:
    """Add a quantity to blocks of betas; NaN where the files lack a probe.

    Parameters
    ----------
    blocks : iterable of Block
    quantity : str
        One of `EXTRAS`.
    parts : sequence of Scratch
        What the files of the quantity hold.
    order : np.ndarray
        (samples,) where the samples of the blocks are among those of the parts.
    """
    for block in blocks:
        places = [
            pc.index_in(block.feature_ids, value_set=part.feature_ids)
            .fill_null(-1)
            .to_numpy()
            .astype(np.int64)
            for part in parts
        ]
        values = np.hstack([p.rows("values", w) for p, w in zip(parts, places, strict=True)])
        beside = block.extras | {quantity: np.ascontiguousarray(values[:, order])}
        yield Block(0, block.feature_ids, block.gene_names, block.values, **beside)


def _refuse_betas(header: MatrixHeader, quantity: str) -> None:
    """Raise if a file gives several numbers a sample, so that it is open which are meant."""
    if header.extras:
        raise IngestError(
            f"`{quantity}` names a file that holds betas, too",
            file=header.path,
            line=header.header_line,
            expected=f"a matrix with nothing but the {_WORDS[quantity]}",
            found="betas with " + " and ".join(_WORDS[name] for name in header.extras),
            hint=f"name it under `files` alone: its {_WORDS[header.extras[0]]} is read with it",
        )
