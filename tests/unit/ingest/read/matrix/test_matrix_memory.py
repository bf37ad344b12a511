"""Memory does not grow with the number of rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.paths import ROOT

CHILD = """
import re, sys
from pathlib import Path
from cohortmart.core.study.records import Assay
from tests.support.matrix_files import ingest_files
from ingest.read.matrix import joined
from ingest.read.matrix import text_matrix as matrix
from cohortmart.core.lake import matrix as writer
# Small enough for both sizes of file to fill chunks and row groups many times over.
matrix.CHUNK_BYTES, writer.GROUP_VALUES, joined.BLOCK_VALUES = 1 << 19, 100_000, 100_000
files = [Path(f) for f in sys.argv[2:]]
report = ingest_files("m", Assay(kind="beta", files=files), files, Path(sys.argv[1]))
# Not getrusage: its maximum is inherited from the process that started this one.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(report.rows, peak.group(1))
"""
SAMPLES = 240


def matrix_file(path: Path, n_rows: int, first_sample: int, order: np.ndarray) -> Path:
    rng = np.random.default_rng(7)
    lines = [",".join(f"{v:.6f}" for v in row) for row in rng.random((500, SAMPLES))]
    with path.open("w") as file:
        file.write(",".join(["g", *(f"S{first_sample + j}" for j in range(SAMPLES))]) + "\n")
        file.writelines(f"cg{i:08d},{lines[i % 500]}\n" for i in order[:n_rows])
    return path


def peak(target: Path, files: list[Path], n_rows: int) -> float:
    """Peak resident memory of a child process that ingests the files, in MB."""
    command = [sys.executable, "-c", CHILD, str(target), *map(str, files)]
    root = ROOT
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    rows, kilobytes = (int(word) for word in done.stdout.split())
    assert rows == n_rows
    return kilobytes / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.slow
@pytest.mark.parametrize("n_files", [1, 2])
def test_peak_memory_does_not_grow_with_rows(tmp_path: Path, n_files: int) -> None:
    few, many = 4_000, 40_000
    peaks = {}
    for n_rows in (few, many):
        rng = np.random.default_rng(1)
        files = []
        for k in range(n_files):
            order = np.arange(n_rows) if k == 0 else rng.permutation(n_rows)
            files.append(matrix_file(tmp_path / f"{k}.csv", n_rows, k * SAMPLES, order))
        # threads and allocators can only add, some 20 MB now and then: the smallest of three
        peaks[n_rows] = min(peak(tmp_path / "m.parquet", files, n_rows) for _ in range(3))
    # Names are held (4 MB), values must not be: of one file alone they are 69 MB of doubles.
    doubles = (many - few) * SAMPLES * 8 / 2**20
    assert peaks[many] - peaks[few] < doubles / 2, peaks
