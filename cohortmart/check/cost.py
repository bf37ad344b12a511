"""A rough estimate of the disk and time that a run takes."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path

from cohortmart.check.analysis import AnalysisCheck
from cohortmart.check.measured import Measured
from cohortmart.study import Study
from cohortmart.wording import counted
from ingest.read.matrix_records import MatrixHeader
from ingest.read.text import read_lines

# Measured on two cores; a run on another machine differs by a factor of two or so.
LAKE_BYTES = {"counts": 4.0, "beta": 3.0}  # a value in the lake's Parquet
TABLE_BYTES = {"counts": 14.0, "beta": 0.0}  # a value in the warehouse; betas are not copied
RESULT_BYTES = 110.0  # one feature of one contrast
SECONDS = {"counts": 3e-6, "beta": 3e-7}  # a value, from the raw file to the tables
FIT_SECONDS = {"log_cpm": 3e-4, "voom": 4e-4, "m_value": 3e-4, "beta": 3e-4}  # a feature
CONTRAST_SECONDS = 8e-6  # one feature of one contrast, written
FIXED_SECONDS = 25.0  # starting dbt twice
#: How far text shrinks when it is compressed, where the file does not say.
COMPRESSION = 4.0


def cost_text(study: Study, measured: Measured, checks: Mapping[str, AnalysisCheck]) -> str:
    """Return the estimate in plain words.

    Parameters
    ----------
    study : Study
    measured : Measured
    checks : mapping of str to AnalysisCheck
    """
    features: dict[str, float] = {}
    n_bytes, seconds = 0.0, FIXED_SECONDS
    for name, assay in study.assays.items():
        rows = [estimated_rows(header) for header in measured.headers[name]]
        features[name] = max(rows)
        values = features[name] * len(measured.sample_ids[name])
        n_bytes += values * (LAKE_BYTES[assay.kind] + TABLE_BYTES[assay.kind])
        seconds += values * SECONDS[assay.kind]
    for name, check in checks.items():
        analysis = study.analyses[name]
        n = features[analysis.assay]
        n_bytes += n * len(check.contrasts) * RESULT_BYTES
        seconds += n * (FIT_SECONDS[analysis.values] + len(check.contrasts) * CONTRAST_SECONDS)
    words = {"counts": "gene", "beta": "probe"}
    about = ", ".join(
        f"{name} about {counted(_rounded(features[name]), words[assay.kind])}"
        for name, assay in study.assays.items()
    )
    return (
        f"A run takes roughly {_duration(seconds)} on two cores and {_size(n_bytes)} of disk "
        f"({about}).\n"
    )


def estimated_rows(header: MatrixHeader) -> float:
    """Return about how many data rows a matrix has, from its size and its first rows.

    Parameters
    ----------
    header : MatrixHeader
        Header of the file.
    """
    lines = read_lines(header.path, 12)
    lengths = [len(line.encode()) + 1 for line in lines[1:] if line]
    text_bytes = uncompressed_bytes(header.path, header.format.compression)
    mean = sum(lengths) / len(lengths)
    return max(1.0, (text_bytes - len(lines[0].encode())) / mean)


def uncompressed_bytes(path: Path, compression: str) -> float:
    """Return the size of a file's text; where only reading it all would tell, a guess.

    Parameters
    ----------
    path : Path
    compression : {"none", "gzip", "zstd", "bz2", "xz"}
    """
    size = path.stat().st_size
    if compression == "none":
        return float(size)
    if compression == "gzip":
        # the last four bytes hold the size modulo 4 GB, of the last member
        with path.open("rb") as file:
            file.seek(-4, 2)
            said = float(struct.unpack("<I", file.read(4))[0])
        if size < said < 20 * size:
            return said
    return size * COMPRESSION


def _rounded(value: float) -> int:
    digits = max(0, math.floor(math.log10(max(value, 1.0))) - 1)
    return int(round(value / 10**digits) * 10**digits)


def _duration(seconds: float) -> str:
    if seconds < 50:
        return f"{math.ceil(seconds / 10) * 10:.0f} seconds"
    if seconds < 90:
        return "a minute"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"


def _size(n_bytes: float) -> str:
    if n_bytes < 1e9:
        return f"{max(1, _rounded(n_bytes / 1e6))} MB"
    return f"{n_bytes / 1e9:.1f} GB"
