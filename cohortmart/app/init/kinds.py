"""The kind of a matrix by its values and ids: counts, betas or any other number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from cohortmart.core.count_scale import CountScale
from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.read.formats import header_of, read_blocks
from ingest.read.matrix.feature_ids import is_probe_id
from ingest.read.matrix.records import MatrixHeader
from ingest.read.text.raw_file import RawFile

Kind = Literal["counts", "beta", "continuous"]
#: Blocks of a matrix that are looked at.
_BLOCKS = 2
_COUNTERS = ("featurecounts", "salmon", "kallisto", "rsem", "star", "htseq")
_SIGNALS = ("genomestudio", "signals")
#: Features from which whole numbers are counts of genes and not scores.
_MANY = 200


@dataclass(frozen=True)
class Values:
    """What the first values of a matrix are.

    Parameters
    ----------
    kind : {"counts", "beta", "continuous"}
    why : str
        What says so.
    sure : bool
    skewed : bool
        All are above 0 and the largest is a hundred times their median: a logarithm suits them.
    features : tuple of str
        The first ids.
    unit_interval : bool
        All lie in 0 to 1.
    """

    kind: Kind
    why: str
    sure: bool = True
    skewed: bool = False
    features: tuple[str, ...] = ()
    unit_interval: bool = False


def look_at_values(path: Path, known: Collection[str], shape: str, reader: str = "") -> Values:
    """Read the first values of a matrix and tell its kind.

    Parameters
    ----------
    path : Path
    known : collection of str
        Names that the sheet gives to its samples, as the matrix has them.
    shape : str
        Of the match, see `Match`.
    reader : str
        Its format, where its first lines say so.
    """
    if reader in _SIGNALS:
        _, features, _ = _first_values(path, known, "beta")
        return Values("beta", "methylation arrays with their signals", features=features)
    if shape == "long":
        return _of_measurements(path, known, "one row a measurement")
    try:
        header, features, values = _first_values(path, known, "counts")
    except IngestError:
        return _of_measurements(path, known, "not every value is a plain number")
    if header.reader in _COUNTERS:
        return Values("counts", f"written by {header.reader}", features=features)
    return _by_values(features, values, shape, path, known)


def _first_values(
    path: Path, known: Collection[str], kind: Kind
) -> tuple[MatrixHeader, tuple[str, ...], np.ndarray]:
    assay = Assay(kind=kind, files=(path,))
    with RawFile(path) as file:
        header = header_of(file, assay, known)
    blocks = list(islice(read_blocks(header, assay), _BLOCKS))
    features = tuple(str(x) for block in blocks for x in block.feature_ids.to_pylist())
    if not blocks:
        return header, (), np.zeros((0, len(header.samples)))
    return header, features, np.concatenate([block.values for block in blocks])


def _of_measurements(path: Path, known: Collection[str], why: str) -> Values:
    try:
        _, features, values = _first_values(path, known, "continuous")
    except IngestError:
        return Values("continuous", why)  # `check` says what is wrong with the file
    return Values("continuous", why, features=features, skewed=_skewed(values))


def _by_values(
    features: tuple[str, ...],
    values: np.ndarray,
    shape: str,
    path: Path,
    known: Collection[str],
) -> Values:
    there = values[np.isfinite(values)]
    probes = 2 * sum(map(is_probe_id, features)) > len(features) > 0
    inside = bool(there.size) and bool((there >= 0).all() and (there <= 1).all())
    if probes:
        return Values("beta", "its ids are methylation probes", features=features,
                      unit_interval=inside)  # fmt: skip
    complete = there.size == values.size
    scale = CountScale()
    if complete and there.size and (there >= 0).all():
        scale.add(values)
    whole = bool(there.size) and bool((there == np.rint(there)).all())
    counts = (
        *(complete and not inside and bool(there.size) and bool((there >= 0).all()),),
        *(not scale.are_logarithms, not scale.are_per_million, not scale.hardly_whole),
        *(len(features) >= _MANY or (whole and shape == "columns"),),
    )
    if all(counts):
        why = "whole numbers" if whole else "numbers from 0 up, many of them whole"
        return Values("counts", why, sure=len(features) >= _MANY, features=features)
    if shape == "rows":
        return _of_measurements(path, known, "one row a sample, a column a measure")
    return Values("continuous", _why_continuous(scale, inside, complete), features=features,
                  sure=True, skewed=_skewed(values), unit_interval=inside)  # fmt: skip


def _why_continuous(scale: CountScale, inside: bool, complete: bool) -> str:
    if not complete:
        return "some values are missing, which counts never are"
    if inside:
        return "every value lies in 0 to 1"
    if scale.are_logarithms:
        return "the values look like logarithms"
    if scale.are_per_million:
        return "every sample has the same sum, as CPM and TPM have"
    return "numbers that are no counts"


def _skewed(values: np.ndarray) -> bool:
    there = values[np.isfinite(values)]
    if not there.size or (there <= 0).any():
        return False
    return bool(there.max() > 100 * np.median(there))
