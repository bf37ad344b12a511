"""Small matrix files for tests, and what the lake made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from cohortmart.core.study.records import Assay, ReadOptions
from ingest.matrix.assay_headers import read_headers
from ingest.matrix.lake_matrix import MatrixReport, ingest_matrix


def assay(kind: str = "counts", **read: Any) -> Assay:
    return Assay(kind=kind, files=(Path("x"),), read=ReadOptions(**read))  # type: ignore[arg-type]


def text_of(
    ids: Sequence[str],
    samples: Sequence[str],
    cells: Sequence[Sequence[str]],
    *,
    delimiter: str = ",",
    line_end: str = "\n",
    corner: str | None = "gene",
    names: Sequence[str] | None = None,
    quote: bool = False,
    bom: bool = False,
    final_line_end: bool = True,
) -> bytes:
    """A matrix as text; `corner=None` leaves the corner cell out as R does."""

    def field(text: str) -> str:
        odd = any(c in text for c in (delimiter, '"', " "))
        return '"' + text.replace('"', '""') + '"' if quote or odd else text

    head = [*([] if corner is None else [corner]), *([] if names is None else ["gene_name"])]
    lines = [delimiter.join(field(f) for f in (*head, *samples))]
    for i, (name, row) in enumerate(zip(ids, cells, strict=True)):
        first = [name] if names is None else [name, names[i]]
        lines.append(delimiter.join([*(field(f) for f in first), *row]))
    text = line_end.join(lines) + (line_end if final_line_end else "")
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode()


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lake_values(path: Path) -> tuple[list[str], np.ndarray]:
    """Ids and values of a lake matrix; null becomes NaN, and a stored NaN is a failure."""
    table = pq.read_table(path)
    lists = table["values"].combine_chunks()
    flat = lists.flatten()
    assert not np.isnan(flat.drop_null().to_numpy()).any(), "NaN in the lake instead of null"
    values = flat.to_numpy(zero_copy_only=False).reshape(len(table), -1)
    return table["feature_id"].to_pylist(), values


def ingest_files(
    name: str, options: Assay, files: Sequence[Path], target: Path, leave_out: Sequence[str] = ()
) -> MatrixReport:
    """Read the headers of an assay's files, then the files, into a lake matrix."""
    of_files = options.model_copy(update={"files": tuple(files)})
    return ingest_matrix(name, options, read_headers(of_files), target, leave_out)


def ingested(
    paths: Path | Sequence[Path], options: Assay
) -> tuple[MatrixReport, list[str], np.ndarray]:
    """Ingest files into a lake beside them and read it back."""
    files = [paths] if isinstance(paths, Path) else list(paths)
    target = files[0].parent / "lake" / "matrix.parquet"
    report = ingest_files("rna", options, files, target)
    left = [p.name for p in target.parent.iterdir() if p != target]
    assert left == [], f"left behind: {left}"
    return report, *lake_values(target)
