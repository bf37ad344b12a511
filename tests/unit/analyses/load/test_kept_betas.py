"""Betas streamed from a warehouse, and the values that are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from analyses.fit.response import MethylationValues, ValueBlock, ValuesInMemory
from analyses.load import streamed as module
from analyses.load.streamed import KeptBetas
from analyses.stats.methylation.m_value import m_value

SAMPLES = [f"S{j}" for j in range(5)]


def warehouse(file: Path, assays: dict[str, tuple[list[str], np.ndarray]]) -> Path:
    """The two tables that are read; samples at positions from 1."""
    with duckdb.connect(str(file)) as con:
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_beta__kept "
            "(assay varchar, feature_id varchar, measured double[])"
        )
        con.execute(
            "create table intermediate.int_beta__kept_samples "
            "(assay varchar, position bigint, sample_id varchar)"
        )
        for assay, (ids, values) in assays.items():
            flat = values.reshape(-1)
            lists = pa.FixedSizeListArray.from_arrays(
                pa.array(flat, mask=np.isnan(flat)), values.shape[1]
            )
            con.register("given", pa.table({"id": ids, "measured": lists}))
            con.execute(
                "insert into intermediate.int_beta__kept "
                "select $1, id, cast(measured as double[]) from given",
                [assay],
            )
            con.unregister("given")
            con.executemany(
                "insert into intermediate.int_beta__kept_samples values (?, ?, ?)",
                [(assay, j + 1, f"S{j}") for j in reversed(range(values.shape[1]))],
            )
    return file


@pytest.fixture(scope="module")
def beta() -> np.ndarray:
    rng = np.random.default_rng(3)
    beta = np.asarray(rng.random((1003, 5)))
    beta[rng.random(beta.shape) < 0.1] = np.nan
    return beta


IDS = sorted(["cg9", *(f"cg{i:04d}" for i in range(1000)), "ch.1", "rs\u00e9"], key=str.encode)


@pytest.fixture(scope="module")
def con(
    beta: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    file = tmp_path_factory.mktemp("betas") / "w.duckdb"
    others = {
        "after": (["cg1", "cg2"], np.zeros((2, 2))),
        "swapped": (["cg1", "cg3", "cg2"], np.zeros((3, 2))),
        "twice": (["cg1", "cg2", "cg2"], np.zeros((3, 2))),
    }
    warehouse(file, {"meth": (IDS, beta), **others})
    with duckdb.connect(str(file), read_only=True) as con:
        yield con


def read(betas: KeptBetas) -> tuple[list[int], list[str], np.ndarray]:
    blocks = list(betas.blocks())
    ids = [name for block in blocks for name in block[0].to_pylist()]
    return [len(block[0]) for block in blocks], ids, np.vstack([block[1] for block in blocks])


@pytest.mark.parametrize(
    ("step", "values", "batch", "sizes"),
    [
        (4096, 4_000_000, 8192, [1003]),
        (100, 1500, 8192, [500, 500, 3]),  # 3 columns: 5 steps
        (100, 1, 64, [100] * 10 + [3]),  # no less than one step
        (17, 17 * 3 * 59, 1, [1003]),  # 59 steps of 17 are all rows
    ],
)
def test_block_sizes_change_nothing(
    con: duckdb.DuckDBPyConnection,
    beta: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    values: int,
    batch: int,
    sizes: list[int],
) -> None:
    for name, value in (("STEP", step), ("BLOCK_VALUES", values), ("_BATCH", batch)):
        monkeypatch.setattr(module, name, value)
    betas = KeptBetas(con, "meth", ["S4", "S0", "S3"])
    for _ in range(2):  # every call begins anew
        found = read(betas)
        assert found[0] == sizes
        assert found[1] == IDS
        np.testing.assert_array_equal(found[2], beta[:, [4, 0, 3]])


def test_blocks_do_not_share_memory(
    con: duckdb.DuckDBPyConnection, beta: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP", 100)
    monkeypatch.setattr(module, "BLOCK_VALUES", 1)
    blocks = [values for _, values in KeptBetas(con, "meth", SAMPLES).blocks()]
    np.testing.assert_array_equal(np.vstack(blocks), beta)


def test_only_of_this_assay(con: duckdb.DuckDBPyConnection) -> None:
    assert read(KeptBetas(con, "after", ["S1"]))[1] == ["cg1", "cg2"]


def test_a_sample_that_was_not_kept(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(KeyError):
        KeptBetas(con, "after", ["S4"])


@pytest.mark.parametrize("assay", ["swapped", "twice"])
@pytest.mark.parametrize("batch", [8192, 2])  # within a batch, and between two
def test_probes_out_of_order_are_refused(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, assay: str, batch: int
) -> None:
    monkeypatch.setattr(module, "_BATCH", batch)
    with pytest.raises(RuntimeError, match=f"features of {assay} do not come in ascending order"):
        list(KeptBetas(con, assay, ["S0"]).blocks())


@pytest.mark.parametrize("clip", [None, 0.05])
def test_values_of_betas(
    con: duckdb.DuckDBPyConnection, beta: np.ndarray, clip: float | None
) -> None:
    values = MethylationValues(KeptBetas(con, "meth", SAMPLES), clip)
    (block,) = values.blocks()
    assert block.feature_ids.to_pylist() == IDS
    assert block.weights is None
    np.testing.assert_array_equal(block.beta, beta)
    np.testing.assert_array_equal(block.y, beta if clip is None else m_value(beta, clip))


def test_values_in_memory_are_one_block() -> None:
    whole = ValueBlock(pa.array(["a"]), np.zeros((1, 2)))
    values = ValuesInMemory(whole)
    assert list(values.blocks()) == list(values.blocks()) == [whole]
