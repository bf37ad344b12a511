"""SummarizedExperiment: the matrices of an assay with its features and samples, as R has it.

The slots are those of Bioconductor's SummarizedExperiment and S4Vectors, as `str()` shows them
there; R checks them with `validObject`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cohortmart.app.export.rds.objects import (
    NA_REAL,
    S4,
    Null,
    Numbers,
    RObject,
    Texts,
    columns_of,
    integers,
    named_list,
    texts,
)

#: Doubles handed on at once: 8 MB.
_STEP = 1 << 20
_VECTORS = "S4Vectors"


def summarized_experiment(
    matrices: Mapping[str, Path],
    features: pa.Table,
    samples: pa.Table,
    levels: Mapping[str, Sequence[str]],
    metadata: Mapping[str, RObject],
) -> S4:
    """Return a SummarizedExperiment.

    Parameters
    ----------
    matrices : mapping of str to Path
        By name of the assay, a file of native doubles, (n_samples, n_features), NaN = missing.
    features, samples : pa.Table
        rowData and colData; the first column holds the names.
    levels : mapping of str to sequence of str
        Levels of the factors of `samples`.
    metadata : mapping of str to RObject
    """
    shape = (features.num_rows, samples.num_rows)
    assays = {name: _matrix(path, shape) for name, path in matrices.items()}
    names = [str(n) for n in samples[0].to_pylist()]
    return S4(
        "SummarizedExperiment",
        "SummarizedExperiment",
        {
            "colData": d_frame(samples, levels, texts(names)),
            "assays": S4("SimpleAssays", "SummarizedExperiment", {"data": _simple_list(assays)}),
            "NAMES": Texts(features[0]),
            "elementMetadata": d_frame(features, {}, Null()),
            "metadata": named_list(metadata),
        },
    )


def d_frame(table: pa.Table, levels: Mapping[str, Sequence[str]], row_names: RObject) -> S4:
    """Return a DataFrame of S4Vectors."""
    return S4(
        "DFrame",
        _VECTORS,
        {
            "rownames": row_names,
            "nrows": integers([table.num_rows]),
            "elementType": texts(["ANY"]),
            "elementMetadata": Null(),
            "metadata": named_list({}),
            "listData": named_list(columns_of(table, levels)),
        },
    )


def _simple_list(elements: Mapping[str, RObject]) -> S4:
    return S4(
        "SimpleList",
        _VECTORS,
        {
            "listData": named_list(elements),
            "elementType": texts(["ANY"]),
            "elementMetadata": Null(),
            "metadata": named_list({}),
        },
    )


def _matrix(path: Path, shape: tuple[int, int]) -> Numbers:
    """Return a matrix of doubles, read from its file while it is written."""

    def blocks() -> Iterator[np.ndarray]:
        with path.open("rb") as file:
            while len(piece := file.read(_STEP * 8)):
                values = np.frombuffer(piece, np.float64).copy()
                values.view(np.uint64)[np.isnan(values)] = NA_REAL
                yield values

    return Numbers(">f8", shape[0] * shape[1], blocks, {"dim": integers(shape)})
