"""Made-up studies of 18 women at four visits, with what their rebound test finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.rebound.pairs import ContrastPair, resolve_pairs
from analyses.rebound.rebound import ReboundTest, rebound_test
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import ContrastFit, fit_contrasts
from analyses.stats.mixed.block_correlation import consensus, correlation_of_rows
from analyses.stats.mixed.blocks import Blocks, make_blocks
from analyses.stats.moderation.ebayes import ModeratedFit, ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.types import Bools, Floats

GROUPS = ("HP", "MS")
VISITS = ("1st", "2nd", "3rd", "PP")
WOMEN = {"HP": 7, "MS": 11}
WITHIN_WOMAN = 0.35
GENES_A_FACTOR = 50
NAMES = ("HP_3rd-1st", "HP_PP-3rd", "MS_3rd-1st", "MS_PP-3rd")
PAIRS = resolve_pairs(NAMES, [("3rd-1st", "PP-3rd")], GROUPS)


@dataclass(frozen=True)
class Analysed:
    """A study with its contrasts and, per group, its rebound test."""

    y: Floats
    fit: ContrastFit
    moderated: ModeratedFit
    tests: tuple[ReboundTest, ...]

    def found(self, group: int) -> Bools:
        """Rebound at a false discovery rate of 5 %."""
        return self.tests[group].adj_p_rebound < 0.05

    def paper_rule(self, group: int) -> Bools:
        """Both P values below 0.05, whatever the signs."""
        p = self.moderated.p_value
        return (p[:, PAIRS[group].first] < 0.05) & (p[:, PAIRS[group].second] < 0.05)


def design() -> tuple[Floats, Blocks]:
    """One mean a group and visit, HP first; the visits of a woman are a block."""
    women = [(g, w) for g in GROUPS for w in range(WOMEN[g])]
    rows = [(GROUPS.index(g) * 4 + v, f"{g}{w}") for g, w in women for v in range(4)]
    cell = np.array([c for c, _ in rows])
    return np.eye(8)[cell], make_blocks([woman for _, woman in rows])


def contrasts() -> Floats:
    """The columns of `NAMES`."""
    change = np.array([[-1, 0], [0, 0], [1, -1], [0, 1]], float)
    return np.kron(np.eye(2), change)


def simulate(seed: int, means: Floats) -> Floats:
    """Values with these means (n_features, 8) in units of each feature's standard deviation.

    Half of the features share factors in blocks of 50; factors and noise are correlated within
    a woman alike.
    """
    rng = np.random.default_rng(seed)
    x, blocks = design()
    n = len(means)

    def noise(size: int) -> Floats:
        woman = rng.normal(size=(size, blocks.n_blocks))[:, blocks.codes]
        own = rng.normal(size=(size, len(x)))
        return np.asarray(np.sqrt(WITHIN_WOMAN) * woman + np.sqrt(1 - WITHIN_WOMAN) * own)

    error = noise(n)
    in_blocks = rng.permutation(n)[: n // 2]
    factors = noise(-(-len(in_blocks) // GENES_A_FACTOR))
    factor_of = np.arange(len(in_blocks)) // GENES_A_FACTOR
    error[in_blocks] = np.sqrt(0.5) * error[in_blocks] + np.sqrt(0.5) * factors[factor_of]
    sd = np.sqrt(0.1 * 6 / rng.chisquare(6, size=(n, 1)))
    return np.asarray(5 + sd * (means @ x.T + error))


def analyse(y: Floats) -> Analysed:
    """Fit, moderate and test as an analysis does."""
    x, blocks = design()
    basis = design_basis(x)
    rho = consensus(correlation_of_rows(y, basis, blocks))
    fit = fit_contrasts(y, basis, contrasts(), blocks, rho)
    moderated = ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))
    return Analysed(y, fit, moderated, tuple(_test(fit, moderated, p) for p in PAIRS))


def _test(fit: ContrastFit, moderated: ModeratedFit, pair: ContrastPair) -> ReboundTest:
    first, second = pair.first, pair.second
    log_fc, p = fit.estimate, moderated.p_value
    return rebound_test(log_fc[:, first], log_fc[:, second], p[:, first], p[:, second])
