"""Tables of methylation arrays for tests: random numbers in the layouts that are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from cohortmart.core.study.records import Assay
from ingest.read.formats import read_blocks, read_header
from ingest.read.matrix.records import TextMatrixHeader
from tests.support.matrix_files import assay

BETA: Assay = assay("beta")
SAMPLE = st.from_regex(r"[A-Z][a-z]{0,3}[ _.-]?[0-9]{1,4}(_R0[1-8]C01)?", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn, quantities: Sequence[str]) -> dict[str, object]:
    """Samples, probes, and a matrix (probes, samples) of each quantity, some cells missing."""
    samples = draw(st.lists(SAMPLE, min_size=1, max_size=4, unique=True))
    probes = [f"cg{i:08d}" for i in range(draw(st.integers(1, 5)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = len(probes), len(samples)
    made = {}
    for name in quantities:
        values = rng.random(shape)
        if "beads" in name or "methylated" in name:
            values = np.floor(values * 20_000) - 50
        if "beads" in name:
            values = np.abs(values)
        values[rng.random(shape) < 0.15] = np.nan
        made[name] = values
    return {"samples": samples, "probes": probes, "given": made}


def text_table(
    probes: Sequence[str],
    columns: Sequence[tuple[str, np.ndarray]],
    *,
    id_name: str | None = "TargetID",
    before: Mapping[str, str] = {},
    after: Mapping[str, str] = {},
    delimiter: str = "\t",
    tail: str = "",
) -> str:
    """A table with a probe a row; `before` and `after` are annotation, one cell for all rows."""
    head = [*before, *([] if id_name is None else [id_name]), *(n for n, _ in columns), *after]
    lines = [delimiter.join(head) + tail]
    for i, probe in enumerate(probes):
        cells = ["" if np.isnan(v[i]) else repr(float(v[i])) for _, v in columns]
        lines.append(delimiter.join([*before.values(), probe, *cells, *after.values()]) + tail)
    return "\n".join(lines) + "\n"


def read_all(
    path: Path, options: Assay = BETA
) -> tuple[TextMatrixHeader, list[str], dict[str, np.ndarray]]:
    """Header, ids, and values with what stands beside them."""
    header = read_header(path, options)
    assert isinstance(header, TextMatrixHeader)
    blocks = list(read_blocks(header, options))
    ids = [name for block in blocks for name in block.feature_ids.to_pylist()]
    out = {"values": np.vstack([b.values for b in blocks])}
    for name in blocks[0].further:
        out[name] = np.vstack([b.further[name] for b in blocks])
    assert header.further == tuple(blocks[0].further)
    return header, ids, out
