"""Signals that a study keeps are in the lake as the file gives them, and go with their people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import extras_of, read_matrix
from cohortmart.core.lake.signals import SIGNALS, has_signals, read_signals
from ingest.forget.pipeline import forget_file, forget_subject
from tests.support.matrix_files import assay, ingest_files, write
from tests.support.raw_study import RawStudy

ARRAYS = ["M1", "M2", "M3", "M5", "M6"]
PROBES = [f"cg{i:08d}" for i in range(5, 0, -1)]  # not in the order of their names
KEEP = {"keep_signals": True}


def signals(start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Signals (probes, arrays), all different; one below zero, one missing."""
    methylated = 1000.0 + start + np.arange(25).reshape(5, 5)
    unmethylated = 5000.0 + start + np.arange(25).reshape(5, 5)
    methylated[0, 0], unmethylated[1, 2] = -3.5, np.nan
    return methylated, unmethylated


def table(given: tuple[np.ndarray, np.ndarray], arrays: list[str], *, betas: bool = False) -> str:
    head = ["ID_REF"]
    for name in arrays:
        head += [f"{name}.AVG_Beta"] * betas
        head += [f"{name}.Signal_A", f"{name}.Signal_B", f"{name}.Detection Pval"]
    lines = ["\t".join(head)]
    for probe, m, u in zip(PROBES, *given, strict=True):
        cells = [probe]
        for j in range(len(arrays)):
            cells += ["0.5"] * betas
            cells += ["NA" if np.isnan(v) else str(v) for v in (u[j], m[j])] + ["0.001"]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def study(root: Path, text: str, **options: Any) -> RawStudy:
    raw = RawStudy(root, assays=("methylation",))
    path = write(raw.raw / "signals.txt", text)
    raw.options["methylation"] = {"files": [path], "read": KEEP, **options}
    return raw


def in_lake(lake: Path, keep: np.ndarray | None = None) -> tuple[list[str], np.ndarray, np.ndarray]:
    parts = list(read_signals(lake, "methylation", keep))
    ids = [name for part in parts for name in part[0].to_pylist()]
    return ids, np.vstack([p[1] for p in parts]), np.vstack([p[2] for p in parts])


@pytest.mark.parametrize("betas", [False, True])
def test_signals_come_back_by_probe_and_array(tmp_path: Path, betas: bool) -> None:
    raw = study(tmp_path, table(signals(), ARRAYS, betas=betas))
    raw.ingest()
    assert has_signals(raw.home.lake, "methylation")
    for keep in (None, np.array([3, 0])):
        ids, methylated, unmethylated = in_lake(raw.home.lake, keep)
        chosen = slice(None) if keep is None else keep
        assert ids == PROBES[::-1]
        np.testing.assert_array_equal(methylated, signals()[0][::-1][:, chosen])
        np.testing.assert_array_equal(unmethylated, signals()[1][::-1][:, chosen])
    entry = next(e for e in read_current(raw.home.lake) if e.table_name == "matrix")
    raw_matrix = raw.home.lake / entry.path
    assert extras_of(raw_matrix) == ("detection_p", *SIGNALS)
    values = next(iter(read_matrix(raw_matrix, names=("values",))))[1]
    if betas:
        np.testing.assert_array_equal(values, np.full((5, 5), 0.5))
    else:
        m, u = (np.where(s < 0, 0, s)[::-1] for s in signals())
        np.testing.assert_array_equal(values, m / (m + u + 100))


def test_without_the_key_the_lake_is_as_it_was(tmp_path: Path) -> None:
    text = table(signals(), ARRAYS)
    lakes = []
    for read in ({}, {"keep_signals": False}):
        raw = study(tmp_path / str(len(lakes)), text, read=read)
        raw.ingest()
        assert not has_signals(raw.home.lake, "methylation")
        with pytest.raises(LookupError, match="methylation"):
            next(read_signals(raw.home.lake, "methylation"))
        lakes.append({p.name: p.read_bytes() for p in raw.home.lake.glob("*.parquet")})
        assert all("keep_signals" not in row["options"] for row in raw.table("ingested_file"))
    assert lakes[0] == lakes[1]
    raw.options["methylation"]["read"] = KEEP  # asked for later: the file is read again
    raw.ingest()
    assert has_signals(raw.home.lake, "methylation")
    assert not has_signals(raw.home.lake, "rna")


def test_files_that_are_joined(tmp_path: Path) -> None:
    first, second = signals(), signals(start=100)
    paths = [
        write(tmp_path / "a.txt", table((first[0][:, :2], first[1][:, :2]), ARRAYS[:2])),
        write(tmp_path / "b.txt", table((second[0][:, 2:], second[1][:, 2:]), ARRAYS[2:])),
    ]
    target = tmp_path / "lake" / "m.parquet"
    ingest_files("m", assay("beta", **KEEP), paths, target)
    (_, methylated, unmethylated), *more = read_matrix(target, names=SIGNALS)
    assert not more
    for found, a, b in zip((methylated, unmethylated), first, second, strict=True):
        np.testing.assert_array_equal(found[::-1], np.hstack([a[:, :2], b[:, 2:]]))


def test_replicates_are_the_mean_of_their_signals(tmp_path: Path) -> None:
    text = "ID_REF\tS1.Signal_A\tS1.Signal_B\ncg00000029_TC21\t10\t1\ncg00000029_TC22\t30\t\n"
    target = tmp_path / "m.parquet"
    options = assay("beta", collapse_replicates=True, **KEEP)
    ingest_files("m", options, [write(tmp_path / "x", text)], target)
    (ids, methylated, unmethylated), *_ = read_matrix(target, names=SIGNALS)
    assert ids.to_pylist() == ["cg00000029"]
    assert (methylated[0, 0], unmethylated[0, 0]) == (1, 20)


def test_forgotten_people_leave_no_signal(tmp_path: Path) -> None:
    raw = study(tmp_path, table(signals(), ARRAYS))
    raw.ingest()
    forget_subject(raw.home, "anna", raw.said.append)
    assert has_signals(raw.home.lake, "methylation")
    ids, methylated, unmethylated = in_lake(raw.home.lake)
    assert ids == PROBES[::-1]
    for found, given in zip((methylated, unmethylated), signals(), strict=True):
        np.testing.assert_array_equal(found[::-1], given[:, 2:])
    before = {p.name for p in raw.home.lake.glob("*.parquet")}
    raw.ingest()  # M1 and M2 are anna's and do not come back
    assert {p.name for p in raw.home.lake.glob("matrix-*.parquet")} <= before
    forget_file(raw.home, "signals.txt", raw.said.append)
    assert not has_signals(raw.home.lake, "methylation")
    assert not list(raw.home.lake.glob("matrix-*.parquet"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("beta", "ID_REF,S1\ncg00000029,0.5\n"),
        ("beta", "ID_REF\tS1.AVG_Beta\tS1.Signal_A\ncg00000029\t0.5\t9\n"),
        ("counts", "gene,S1\nTP53,1\n"),
    ],
)
def test_a_file_without_signals_is_refused(tmp_path: Path, kind: str, text: str) -> None:
    path = write(tmp_path / "x.csv", text)
    with pytest.raises(IngestError, match="`keep_signals: true`") as caught:
        ingest_files("m", assay(kind, **KEEP), [path], tmp_path / "m.parquet")
    assert (caught.value.file, caught.value.line) == (path, 1)
    assert "take `keep_signals` out" in str(caught.value.hint)


def test_detection_p_of_its_own_needs_no_signals(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", table(signals(), ARRAYS))
    p = write(tmp_path / "p.csv", f"id,{','.join(ARRAYS)}\n{PROBES[0]},0,0,0,0,0.5\n")
    target = tmp_path / "m.parquet"
    options = assay("beta", **KEEP).model_copy(update={"detection_p": (p,)})
    ingest_files("m", options, [path], target)
    assert extras_of(target) == ("detection_p", *SIGNALS)


@pytest.mark.parametrize("value", ["inf", "-inf"])
def test_an_infinite_signal_is_named(tmp_path: Path, value: str) -> None:
    text = f"ID_REF\tS1.Signal_A\tS1.Signal_B\ncg00000029\t{value}\t1\n"
    with pytest.raises(IngestError, match=r"unmethylated signal is infinite") as caught:
        ingest_files(
            "m", assay("beta", **KEEP), [write(tmp_path / "x", text)], tmp_path / "m.parquet"
        )
    assert caught.value.line == 2
    assert "unmethylated (field 2)" in str(caught.value.column)
