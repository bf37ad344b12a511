from __future__ import annotations

import numpy as np
import pytest

from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.numeric.parallel import for_blocks, rows_times
from tests.support.dense import simulated


@pytest.mark.parametrize("threads", ["1", "3", "", "many"])
def test_every_row_once(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    seen = np.zeros(101, int)
    blocks = []

    def work(start: int, stop: int) -> None:
        seen[start:stop] += 1
        blocks.append((start, stop))

    for_blocks(101, 10, work)
    assert (seen == 1).all()
    assert sorted(blocks)[-1] == (100, 101)
    for_blocks(0, 10, work)
    assert len(blocks) == 11


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_error_in_a_block_is_raised(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", threads)

    def work(start: int, _stop: int) -> None:
        if start == 20:
            raise ZeroDivisionError("twenty")

    with pytest.raises(ZeroDivisionError, match="twenty"):
        for_blocks(50, 10, work)


@pytest.mark.parametrize("shape", [(0, 5, 3), (1, 5, 3), (64, 5, 3), (333, 7, 1), (70, 900, 400)])
def test_product(shape: tuple[int, int, int], rng: np.random.Generator) -> None:
    rows, n, m = shape
    y, table = rng.normal(size=(rows, n)), rng.normal(size=(n, m))
    np.testing.assert_allclose(rows_times(y, table), y @ table, rtol=1e-11, atol=1e-12)
    part = np.asfortranarray(y)[:, : n - 1]
    np.testing.assert_allclose(
        rows_times(part, table[1:]), part @ table[1:], rtol=1e-11, atol=1e-12
    )


def test_no_columns() -> None:
    assert rows_times(np.ones((4, 3)), np.empty((3, 0))).shape == (4, 0)


@pytest.mark.parametrize("weighted", [False, True])
def test_same_bytes_with_any_number_of_threads(
    weighted: bool, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = make_blocks([str(i // 3) for i in range(30)])
    x = np.column_stack([np.arange(30) % 3 == k for k in range(3)]).astype(float)
    y = simulated(rng, 2500, blocks, 0.4, x)
    y[rng.random(y.shape) < 0.01] = np.nan
    w = np.exp(rng.normal(size=y.shape)) if weighted else None
    basis, contrasts = design_basis(x), np.array([[-1.0, 0, -1], [1, -1, 0], [0, 1, 1]])

    def everything() -> bytes:
        rho = block_correlation(y, basis, blocks, w)
        fit = fit_contrasts(y, basis, contrasts, blocks, rho.consensus, w)
        found = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
        arrays = (rho.atanh, fit.wald, found.t, found.b, benjamini_hochberg(found.p_value))
        return b"".join(a.tobytes() for a in arrays)

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    alone = everything()
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert everything() == alone
