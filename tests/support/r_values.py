"""R objects in Python: what `rdata`, which shares no code with the writer, reads of an RDS file."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rdata.parser import parse_data


def read_rds(path: Path) -> Any:
    """Read a file that is compressed as `saveRDS` does."""
    return parse_data(gzip.decompress(path.read_bytes()), extension=".rds").object


def attributes(obj: Any) -> dict[str, Any]:
    """Attributes of an object, or slots of one of a formal class."""
    found: dict[str, Any] = {}
    link = obj.attributes
    while link is not None and link.info.type.name == "LIST":
        tag = link.tag if link.tag.referenced_object is None else link.tag.referenced_object
        found[tag.value.value.decode()] = link.value[0]
        link = link.value[1]
    return found


def strings(obj: Any) -> list[str | None]:
    return [None if c.value is None else c.value.decode() for c in obj.value]


def plain(obj: Any) -> list[Any]:
    """Values of a vector; NA is None, a factor gives its levels."""
    kind, known = obj.info.type.name, attributes(obj)
    if kind == "STR":
        return strings(obj)
    if kind == "REAL":
        bits = np.asarray(obj.value).view(np.uint64) & 0xFFFFFFFF
        missing = np.isnan(obj.value) & (bits == 1954)
        return [
            None if m else v for v, m in zip(np.asarray(obj.value).tolist(), missing, strict=True)
        ]
    values = np.ma.filled(obj.value.astype(np.int64), -1).tolist()
    missing = np.ma.getmaskarray(obj.value)
    if "levels" in known:
        levels = strings(known["levels"])
        return [None if m else levels[v - 1] for v, m in zip(values, missing, strict=True)]
    as_read = bool if kind == "LGL" else int
    return [None if m else as_read(v) for v, m in zip(values, missing, strict=True)]


def named(obj: Any) -> dict[str, Any]:
    """Elements of a list by name."""
    names = strings(attributes(obj)["names"]) if "names" in attributes(obj) else []
    return dict(zip(names, obj.value, strict=True))


def frame(obj: Any) -> dict[str, list[Any]]:
    """Columns of a data.frame, or of a DFrame."""
    columns = attributes(obj)["listData"] if obj.info.type.name == "S4" else obj
    return {name: plain(column) for name, column in named(columns).items()}


def r_says(script: str, *, package: str = "") -> str:
    """Run R, or skip the test where R or the package is not there."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    if package:
        there = subprocess.run(
            ["Rscript", "-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"],
            capture_output=True, check=False,
        )  # fmt: skip
        if there.returncode:
            pytest.skip(f"R has no {package}")
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
