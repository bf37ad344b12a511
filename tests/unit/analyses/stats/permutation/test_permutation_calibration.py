"""Studies without any effect: permuted visits find 5 % in 5 % of them, whatever the errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import consensus, correlation_of_rows
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.permutation.permutation import PermutationSums
from cohortmart.core.types import Floats

N_STUDIES, N_FEATURES, N_PERMUTATIONS = 150, 150, 199


@dataclass(frozen=True)
class Mode:
    """What differs between simulated studies."""

    missing: float = 0.0  # share of the visits
    covariates: bool = False
    weights: bool = False
    rho_differs: bool = False
    genes_correlate: bool = False
    tails: float = np.inf
    within: bool = False  # the people in the design


MODES = {
    "balanced": Mode(),
    "visits missing, own correlations": Mode(missing=0.25, rho_differs=True),
    "covariates, correlated genes": Mode(missing=0.1, covariates=True, genes_correlate=True),
    "weights": Mode(missing=0.15, weights=True),
    "heavy tails": Mode(missing=0.1, tails=4.0),
    "people in the design": Mode(missing=0.15, within=True),
}


def study_of(mode: Mode, rng: np.random.Generator) -> tuple[Blocks, DesignBasis, Floats]:
    """Ten people of two groups at four visits; an interaction."""
    person, visit = np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10)
    there = np.ones(40, bool)
    there[rng.choice(40, int(40 * mode.missing), replace=False)] = False
    blocks = make_blocks([str(i) for i in person[there]])
    x = np.eye(8)[4 * (person >= 5) + visit]
    if mode.covariates:
        x = np.column_stack([x, rng.normal(30, 5, 40), rng.normal(size=10)[person]])
    x = x[there]
    if mode.within:
        x = np.column_stack([x, blocks.indicators])
    c = np.zeros(x.shape[1])
    c[[7, 4, 3, 0]] = 1, -1, -1, 1
    return blocks, design_basis(x), c


def values_of(mode: Mode, blocks: Blocks, rng: np.random.Generator) -> tuple[Floats, Floats | None]:
    def noise(n: int) -> Floats:
        e = rng.standard_t(min(mode.tails, 1e6), size=(N_FEATURES, n))
        if mode.genes_correlate:
            sign = rng.choice([-1, 1], (N_FEATURES, 1))
            e = np.sqrt(0.7) * e + np.sqrt(0.3) * sign * rng.normal(size=n)
        return np.asarray(e)

    rho = rng.uniform(0, 0.8, (N_FEATURES, 1)) if mode.rho_differs else 0.4
    y = np.sqrt(rho) * noise(blocks.n_blocks)[:, blocks.codes]
    y = y + np.sqrt(1 - rho) * noise(len(blocks.codes))
    w = np.exp(rng.normal(0, 0.6, y.shape)) if mode.weights else None
    y = y if w is None else y / np.sqrt(w)
    return 5 + np.sqrt(4 / rng.chisquare(4, (N_FEATURES, 1))) * y, w


@pytest.mark.slow
@pytest.mark.parametrize("name", MODES)
def test_five_per_cent_where_nothing_happens(name: str) -> None:
    mode, rng = MODES[name], np.random.default_rng([17, list(MODES).index(name)])
    blocks, basis, c = study_of(mode, rng)
    n_studies = N_STUDIES // 3 if mode.weights else N_STUDIES
    own, pooled, any_found, p_study = [], [], [], []
    for study in range(n_studies):
        y, w = values_of(mode, blocks, rng)
        of_model = None if mode.within else blocks
        rho = 0.0 if mode.within else consensus(correlation_of_rows(y, basis, blocks, w))
        fit = fit_contrasts(y, basis, c[:, None], of_model, rho, w)
        prior = fit_f_dist(fit.sigma2, fit.df_residual)
        sums = PermutationSums(
            basis, c, blocks, of_model, rho, n_permutations=N_PERMUTATIONS, seed=study
        )
        df_total = ebayes(fit, prior).df_total[:, 0]
        sums.add(y, prior.s2_prior, prior.df_prior, df_total, w)
        p, check, found = sums.p_values(), sums.check(), sums._tally.found
        own.append((p.own <= 0.05).mean())
        pooled.append((p.pooled <= 0.05).mean())
        any_found.append((p.family_wise <= 0.05).any())
        # numbers of features tie often: P as if they were split at random, to be uniform
        more, equal = (found > check.n_found).sum(), (found == check.n_found).sum()
        p_study.append((more + rng.random() * (1 + equal)) / (1 + N_PERMUTATIONS))
    for share in (own, pooled):
        error = 3.5 * np.std(share) / np.sqrt(n_studies)
        assert 0.05 - 0.004 - error < np.mean(share) < 0.05 + error
    for often in (any_found, np.array(p_study) <= 0.05):
        assert stats.binomtest(int(np.sum(often)), n_studies, 0.05).pvalue > 1e-3
    assert stats.kstest(p_study, "uniform").pvalue > 1e-3
