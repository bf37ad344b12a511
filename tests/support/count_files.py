"""One truth table of counts written in every format, and what is read back."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cohortmart.core.study.records import Assay, ReadOptions
from ingest.matrix.assay_headers import read_headers
from ingest.matrix.lake_matrix import MatrixReport, ingest_matrix
from tests.support.matrix_files import lake_values

GENES = [f"ENSG{i:011d}" for i in (7, 3, 11, 1, 5, 9)]
SAMPLES = ["HP1_1st", "HP1_3rd", "MS2_1st"]
TRUTH = np.array(
    [[51, 161, 27], [19, 26, 13], [0, 7, 0], [1203, 900, 1500], [4, 0, 2], [88, 71, 93]], float
)
#: The counts with the genes in the order of the lake.
SORTED = TRUTH[np.argsort(GENES)]


def read_counts(
    paths: Sequence[Path],
    known: Collection[str] = SAMPLES,
    *,
    assay: dict[str, Any] | None = None,
    needs_counts: Sequence[str] = (),
    **read: Any,
) -> tuple[MatrixReport, list[str], np.ndarray]:
    """Ingest files of counts whose samples a sheet knows, and read the lake's matrix."""
    options = Assay(kind="counts", files=tuple(paths), read=ReadOptions(**read), **(assay or {}))
    target = paths[0].parent / "lake" / "matrix.parquet"
    headers = read_headers(options, frozenset(known))
    report = ingest_matrix("rna", options, headers, target, needs_counts=needs_counts)
    return report, *lake_values(target)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def table(head: str, columns: Callable[[int], Sequence[object]], last: str = "") -> str:
    """A table with a header line and a row a gene."""
    rows = ["\t".join(map(str, columns(i))) for i in range(len(GENES))]
    return "\n".join([*([head] if head else []), *rows]) + "\n" + last


def counts(row: int) -> list[str]:
    return [f"{value:g}" for value in TRUTH[row]]


def one(row: int, sample: int) -> str:
    return f"{TRUTH[row, sample]:g}"
