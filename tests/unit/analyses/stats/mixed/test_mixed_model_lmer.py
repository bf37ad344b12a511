"""The mixed model against lmerTest's output (lmer_mixed.R) on studies of ten people."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support.lmer_cases import CASES, SETS, fitted
from tests.support.paths import DATA


@pytest.fixture(scope="module")
def lmer() -> list[dict[str, str]]:
    with (DATA / "lmer_mixed.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", CASES)
def test_lmer_test_agrees(case: str, lmer: list[dict[str, str]]) -> None:
    """Also where t2 is 0, at which it has the residual degrees of freedom, too."""
    found, rows = fitted(case), [r for r in lmer if r["case"] == case]
    fit, n_bound = found.fit, 0
    assert fit.df_contrast is not None
    assert fit.df_wald is not None
    assert len(rows) == 8 * 9
    for row in rows:
        i, name = int(row["feature"]) - 1, row["what"]
        if name in SETS:
            j = list(SETS).index(name)
            assert fit.wald[i, j] / fit.sigma2[i] == pytest.approx(float(row["f"]), rel=2e-6)
            assert fit.df_wald[i, j] == pytest.approx(float(row["df2"]), rel=1e-5)
            assert fit.wald_df[j] == int(row["df1"])
            continue
        j, se = int(name) - 1, float(row["se"])
        assert fit.estimate[i, j] == pytest.approx(float(row["estimate"]), abs=1e-6 * se)
        assert fit.unscaled_sd[i, j] * np.sqrt(fit.sigma2[i]) == pytest.approx(se, rel=1e-6)
        assert fit.df_contrast[i, j] == pytest.approx(float(row["df"]), rel=1e-5)
        if float(row["t2"]) == 0:
            n_bound += 1
            assert found.correlation[i] == 0
    assert n_bound == {"unbalanced": 5, "few": 15}.get(case, 0)


@pytest.mark.parametrize("case", ["balanced", "unbalanced", "missing", "few"])
def test_components_of_lmer(case: str, lmer: list[dict[str, str]]) -> None:
    found = fitted(case)
    rows = [r for r in lmer if r["case"] == case and r["what"] == "1"]
    t2, s2 = (np.array([float(r[name]) for r in rows]) for name in ("t2", "s2"))
    np.testing.assert_allclose(found.fit.sigma2, t2 + s2, rtol=2e-6)
    np.testing.assert_allclose(found.correlation, t2 / (t2 + s2), rtol=1e-5)
