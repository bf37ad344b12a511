"""Quality matrices in files of their own: detection p and bead counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.matrix import check_header, check_samples_once
from ingest.read.matrix.joined import Scratch
from ingest.read.matrix.records import QUALITY, Block, MatrixHeader

#: Reads the header of a matrix file, with its assay's options and samples.
HeaderReader = Callable[[Path, Assay, Collection[str]], MatrixHeader]

_SHOWN = 3
_WORDS = {"detection_p": "detection p", "bead_count": "number of beads"}


def read_quality_headers(
    assay: Assay, known_samples: Collection[str], samples: Sequence[str], read: HeaderReader
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
    read : callable
        Reads one header.

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
    for quantity in QUALITY:
        paths = getattr(assay, quantity)
        if not paths:
            continue
        plain = assay.read.model_copy(update={"keep_signals": False})
        of_itself = assay.model_copy(update={"format": "auto", "read": plain})
        headers = tuple(read(path, of_itself, known_samples) for path in paths)
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


def check_quality_probes(
    headers: Sequence[MatrixHeader], quantity: str, parts: Sequence[Scratch], ids: Any
) -> tuple[str, ...]:
    """Check that files of a quantity are about the probes of the betas.

    Parameters
    ----------
    headers : sequence of MatrixHeader
        One a file.
    quantity : str
        One of `QUALITY`.
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


def with_quality(
    blocks: Iterable[Block], quantity: str, parts: Sequence[Scratch], order: np.ndarray
) -> Iterator[Block]:
    """Add a quantity to blocks of betas; NaN where the files lack a probe.

    Parameters
    ----------
    blocks : iterable of Block
    quantity : str
        One of `QUALITY`.
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
        further = {**block.further, quantity: np.ascontiguousarray(values[:, order])}
        yield Block(0, block.feature_ids, block.gene_names, block.values, further)


def _refuse_betas(header: MatrixHeader, quantity: str) -> None:
    """Raise if a file gives several numbers a sample, so that it is open which are meant."""
    if header.further:
        raise IngestError(
            f"`{quantity}` names a file that holds betas, too",
            file=header.path,
            line=header.header_line,
            expected=f"a matrix with nothing but the {_WORDS[quantity]}",
            found="betas with " + " and ".join(_WORDS[name] for name in header.further),
            hint=f"name it under `files` alone: its {_WORDS[header.further[0]]} is read with it",
        )
