"""Which prior an analysis gets, and that there is one place that chooses it."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyses.fit.variance_prior import prior_asked, prior_of
from analyses.stats.linear.contrast_fit import ContrastFit
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.fit_f_dist_robust import fit_f_dist_robust
from analyses.stats.moderation.likelihood_prior import likelihood_prior
from analyses.stats.moderation.likelihood_prior_robust import likelihood_prior_robust
from cohortmart.core.study.records import Analysis
from tests.support.likelihood_variances import variances
from tests.support.paths import ROOT

ESTIMATES = {
    ("moments", False): fit_f_dist, ("moments", True): fit_f_dist_robust,
    ("likelihood", False): likelihood_prior, ("likelihood", True): likelihood_prior_robust,
}  # fmt: skip
PAPER = {"rebound": {"pairs": [["a", "b"]], "preset": "paper"}}


def analysis(prior: str | None = None, **changes: Any) -> Analysis:
    moderation = changes.pop("moderation", {})
    return Analysis.model_validate(
        {"assay": "x", "values": "measured", "model": {"means": ["group"]},
         "contrasts": {"a": "B - A"}, "moderation": {**moderation, "prior": prior}, **changes}
    )  # fmt: skip


def fit_of(equal: bool = False) -> ContrastFit:
    """One contrast; the degrees of freedom of the contrast are no part of the prior."""
    s2, df, mean = variances("outlying")
    nothing = np.ones((len(s2), 1))
    return ContrastFit(
        nothing, nothing, s2, np.full(len(s2), 8.0) if equal else df, mean, nothing, (1,),
        df_contrast=3.0 * nothing,
    )  # fmt: skip


@pytest.mark.parametrize(("trend", "robust"), list(product([False, True], [False, True])))
@pytest.mark.parametrize(
    ("prior", "equal", "used"),
    [
        (None, False, "likelihood"), (None, True, "moments"), ("moments", False, "moments"),
        ("likelihood", True, "likelihood"),
    ],
)  # fmt: skip
def test_the_prior_goes_by_degrees_of_freedom(
    trend: bool, robust: bool, prior: str | None, equal: bool, used: str
) -> None:
    fit = fit_of(equal)
    found = prior_of(analysis(prior, moderation={"trend": trend, "robust": robust}), fit)
    estimate = ESTIMATES[used, robust]
    expected = estimate(fit.sigma2, fit.df_residual, fit.mean if trend else None)
    assert found.method == expected.method == used
    np.testing.assert_array_equal(found.df_prior, expected.df_prior)
    np.testing.assert_array_equal(found.s2_prior, expected.s2_prior)


def test_a_feature_without_a_variance_makes_no_difference() -> None:
    fit = fit_of(equal=True)
    df, s2 = fit.df_residual.copy(), fit.sigma2.copy()
    df[:2], s2[0] = (5.0, 0.0), np.nan
    assert prior_of(analysis(), replace(fit, df_residual=df, sigma2=s2)).method == "moments"


@pytest.mark.parametrize("changes", [PAPER, {"contrast_errors": "limma"}], ids=["paper", "limma"])
def test_what_reproduces_the_published_keeps_the_moments(changes: dict[str, Any]) -> None:
    assert prior_of(analysis(**changes), fit_of()).method == "moments"
    asked = prior_of(analysis("likelihood", **changes), fit_of())
    assert asked.method == "likelihood"
    assert prior_asked(analysis(rebound={"pairs": [["a", "b"]]})) is None


def test_nobody_else_estimates_a_prior() -> None:
    """Permutations, sensitivity, rebound and the like take it from `prior_of`."""
    names = {estimate.__name__ for estimate in ESTIMATES.values()}
    kernels = ROOT / "analyses" / "stats" / "moderation"
    callers: set[Path] = set()
    for folder in ("analyses", "cohortmart", "ingest"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text())
            imported = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            }
            if imported & names and not file.is_relative_to(kernels):
                callers.add(file.relative_to(ROOT))
    assert callers == {Path("analyses/fit/variance_prior.py")}
