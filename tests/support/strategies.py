"""Longitudinal studies of every shape, small."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from analyses.stats.mixed.blocks import Blocks, make_blocks
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class RandomStudy:
    """Values, a design of full rank, blocks and contrasts that sum to zero over the means."""

    y: Floats
    design: Floats
    subjects: tuple[str, ...]
    weights: Floats | None
    correlation: float
    contrasts: Floats
    n_means: int
    seed: int

    @property
    def blocks(self) -> Blocks:
        return make_blocks(self.subjects)

    @property
    def rng(self) -> np.random.Generator:
        """Randomness for what is done to the study."""
        return np.random.default_rng([self.seed, 1])

    def with_(self, **changes: object) -> RandomStudy:
        return replace(self, **changes)  # type: ignore[arg-type]

    def samples(self, order: Ints) -> RandomStudy:
        """Only these samples, in this order."""
        return self.with_(
            y=self.y[:, order],
            design=self.design[order],
            subjects=tuple(self.subjects[i] for i in order),
            weights=None if self.weights is None else self.weights[:, order],
        )

    def features(self, order: Ints) -> RandomStudy:
        """Only these features, in this order."""
        return self.with_(
            y=self.y[order], weights=None if self.weights is None else self.weights[order]
        )


@st.composite
def studies(draw: st.DrawFn, missing: bool | None = None) -> RandomStudy:
    """Draw the shape; the numbers come from a seed, as their digits need no shrinking."""
    visits = draw(st.lists(st.integers(1, 3), min_size=6, max_size=9))
    n_covariates = draw(st.integers(0, 2))
    n_features = draw(st.integers(6, 12))
    weighted = draw(st.booleans())
    holes = draw(st.booleans()) if missing is None else missing
    correlation = draw(st.sampled_from([-0.3, 0.0, 0.35, 0.9]))
    seed = draw(st.integers(0, 2**31))
    return build(visits, n_covariates, n_features, weighted, holes, correlation, seed)


def build(
    visits: list[int],
    n_covariates: int,
    n_features: int,
    weighted: bool,
    holes: bool,
    correlation: float,
    seed: int,
) -> RandomStudy:
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(len(visits)), visits)
    visit = np.concatenate([np.arange(v) for v in visits])
    n = len(subject)
    # visits that too few women have are no cell of their own, or nothing would be left to fit
    cell = (subject % 2) * 3 + np.where(np.bincount(visit)[visit] >= 4, visit, 0)
    cells = np.unique(cell)
    means = (cell[:, None] == cells).astype(float)
    design = np.column_stack([means, rng.normal(size=(n, n_covariates))])
    contrasts = np.zeros((design.shape[1], 2))
    contrasts[[0, len(cells) - 1], 0] = -1, 1
    contrasts[: len(cells), 1] = rng.permutation(np.arange(len(cells)) - (len(cells) - 1) / 2)
    y = 5.0 + rng.normal(size=(n_features, len(visits)))[:, subject] * 0.7
    y += rng.normal(size=(n_features, n)) * np.exp(rng.normal(0, 0.5, size=(n_features, 1)))
    if holes:
        y[rng.random(y.shape) < 0.1] = np.nan
    weights = np.exp(rng.normal(0, 0.6, size=y.shape)) if weighted else None
    names = tuple(f"s{i}" for i in subject)
    return RandomStudy(y, design, names, weights, correlation, contrasts, len(cells), seed)
