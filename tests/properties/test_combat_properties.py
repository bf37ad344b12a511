"""What must not change a batch correction, and what must change it in a known way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.stats.batch.combat import CombatAdjustment, CombatFit, combat_design
from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class Batches:
    """Values in batches."""

    y: Floats
    batch: tuple[str, ...]
    covariates: Floats
    mean_only: bool
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, 1])

    def adjustment(self, *blocks: int) -> CombatAdjustment:
        fit = CombatFit(combat_design(self.batch, self.covariates, self.mean_only))
        for block in np.split(self.y, blocks):
            fit.add(block)
        return fit.finish()

    def adjusted(self) -> Floats:
        return self.adjustment().apply(self.y)


@st.composite
def batches(draw: st.DrawFn, holes: float | None = None) -> Batches:
    """Draw the shape; the numbers come from a seed, as their digits need no shrinking."""
    sizes = draw(st.lists(st.integers(3, 7), min_size=2, max_size=4))
    n_covariates = draw(st.integers(0, 2))
    n_features = draw(st.integers(6, 30))
    missing = draw(st.sampled_from([0.0, 0.05, 0.3])) if holes is None else holes
    mean_only = draw(st.booleans())
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    code = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    shape = (n_features, len(code))
    y = rng.normal(5, 2, size=(n_features, 1)) + rng.normal(size=shape)
    y += rng.normal(size=(n_features, len(sizes)))[:, code]
    y *= np.exp(rng.normal(0, 0.4, size=(n_features, 1)))
    # the first features stay whole, so that every batch has something to estimate priors from
    y[3:][rng.random((n_features - 3, len(code))) < missing] = np.nan
    names = tuple(f"run{c}" for c in code)
    return Batches(y, names, rng.normal(size=(len(code), n_covariates)), mean_only, seed)


def close(found: Floats, expected: Floats, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@given(batches())
def test_missing_stays_missing_and_nothing_else_is(study: Batches) -> None:
    found = study.adjusted()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(study.y))


@given(batches(), st.data())
def test_size_of_blocks(study: Batches, data: st.DataObject) -> None:
    cut = sorted(data.draw(st.lists(st.integers(1, len(study.y) - 1), min_size=1, max_size=4)))
    whole, parts = study.adjustment(), study.adjustment(*cut)
    close(parts.apply(study.y), whole.apply(study.y), 1e-12 * max(1.0, np.nanmax(abs(study.y))))
    pieces = [parts.apply(study.y[a:b], slice(a, b)) for a, b in zip([0, *cut], [*cut, None])]  # noqa: B905
    close(np.vstack(pieces), parts.apply(study.y), 1e-12 * max(1.0, np.nanmax(abs(study.y))))


@given(batches())
def test_same_bytes_twice(study: Batches) -> None:
    assert study.adjusted().tobytes() == study.adjusted().tobytes()


@given(batches())
def test_order_of_samples_and_features(study: Batches) -> None:
    expected = study.adjusted()
    samples, features = (study.rng.permutation(n) for n in study.y.shape[::-1])
    moved = replace(
        study,
        y=study.y[features][:, samples],
        batch=tuple(study.batch[i] for i in samples),
        covariates=study.covariates[samples],
    )
    close(moved.adjusted(), expected[features][:, samples])


@given(batches())
def test_names_of_batches(study: Batches) -> None:
    """Other names, and with them another order."""
    renamed = replace(study, batch=tuple(f"{9 - int(b[3:])}" for b in study.batch))
    close(renamed.adjusted(), study.adjusted())


@given(batches(), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_units_of_covariates(study: Batches, scale: float, offset: float) -> None:
    k = study.covariates.shape[1]
    mixed = study.covariates @ np.triu(np.ones((k, k))) * scale + offset * scale
    close(replace(study, covariates=mixed).adjusted(), study.adjusted(), 1e-7)


@given(batches(), st.sampled_from([1e-3, 0.5, -1.0, 40.0]))
def test_units_of_values(study: Batches, scale: float) -> None:
    """All in other units, each feature from another zero.

    The other sign turns R's stop rule around, so that as many rounds more are done as it takes.
    """
    zero = study.rng.normal(size=(len(study.y), 1)) * 10
    found = replace(study, y=study.y * scale + zero).adjusted()
    tolerance = 1e-8 if scale > 0 or study.mean_only else 5e-3
    close((found - zero) / scale, study.adjusted(), tolerance)


@given(batches())
def test_what_covariates_explain_stays(study: Batches) -> None:
    """Adding what is kept to the values adds it to the result."""
    effect = study.rng.normal(size=(len(study.y), study.covariates.shape[1])) @ study.covariates.T
    close(replace(study, y=study.y + effect).adjusted(), study.adjusted() + effect, 1e-8)


@dataclass(frozen=True)
class Effects:
    """Of batches, by hand: steps from the grand mean in residual sds."""

    own: Floats
    sd: Floats
    code: Ints


def effects(study: Batches) -> Effects:
    code = np.unique(study.batch, return_inverse=True)[1]
    mean = np.column_stack([study.y[:, code == b].mean(axis=1) for b in range(code.max() + 1)])
    sd = np.sqrt(((study.y - mean[:, code]) ** 2).mean(axis=1))
    return Effects((mean - study.y.mean(axis=1, keepdims=True)) / sd[:, None], sd, code)


@given(batches(holes=0.0))
def test_means_move_by_the_shrunken_effect(study: Batches) -> None:
    """Means only: each batch moves as one, by a step between its own effect and that of all."""
    study = replace(study, mean_only=True, covariates=study.covariates[:, :0])
    adjustment, by_hand = study.adjustment(), effects(study)
    moved = study.y - adjustment.apply(study.y)
    for b, prior in enumerate(adjustment.priors):
        steps = moved[:, by_hand.code == b]
        close(steps, np.repeat(steps[:, :1], steps.shape[1], axis=1), 1e-11)
        assert prior.gamma_bar == pytest.approx(by_hand.own[:, b].mean(), abs=1e-12)
        # one value of variance 1 against a prior of variance tau2
        share = prior.tau2 / (prior.tau2 + 1)
        expected = share * by_hand.own[:, b] + (1 - share) * prior.gamma_bar
        close(steps[:, 0] / by_hand.sd, expected, 1e-10)


@given(batches(holes=0.0))
def test_effects_are_shrunk_and_deviations_scaled(study: Batches) -> None:
    """A step between a feature's own effect and that of all, then the same factor for a batch."""
    study = replace(study, mean_only=False, covariates=study.covariates[:, :0])
    adjustment, by_hand = study.adjustment(), effects(study)
    out = adjustment.apply(study.y)
    centre = study.y.mean(axis=1)
    for b, prior in enumerate(adjustment.priors):
        of = by_hand.code == b
        before, after = study.y[:, of], out[:, of]
        factor = np.ptp(after, axis=1) / np.ptp(before, axis=1)
        step = before - centre[:, None] - (after - centre[:, None]) / factor[:, None]
        close(step, np.repeat(step[:, :1], step.shape[1], axis=1), 1e-8)
        ends = np.sort(
            np.column_stack([by_hand.own[:, b], np.full(len(out), prior.gamma_bar)]), axis=1
        )
        taken = step[:, 0] / by_hand.sd
        assert (taken >= ends[:, 0] - 1e-8).all()
        assert (taken <= ends[:, 1] + 1e-8).all()
