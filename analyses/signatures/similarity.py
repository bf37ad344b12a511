"""How alike the contrasts of an analysis and a published table are, and what no effect gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analyses.signatures.matching import MatchedSignature
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates
from analyses.stats.rotation.drawn_numbers import beside
from analyses.stats.rotation.fixed_draws import FixedDraws, FixedValues, Posterior
from analyses.stats.rotation.fixed_values import FixedSums
from cohortmart.core.types import Bools, Floats, Ints

#: Below, a correlation says nothing.
FEWEST = 10
N_ROTATIONS, SEED = 499, 1
#: Lists take all features; of so many, fewer rotations.
_MANY, _FEWER = 100_000, 99
_Columns = dict[str, Any]


@dataclass(frozen=True, eq=False)
class KeptFeatures:
    """Features of the analysis that a signature names and that have no missing value.

    Parameters
    ----------
    coordinates : ContrastCoordinates
    posterior : Posterior
    estimate, t : ndarray of shape (n_features, n_contrasts)
        As the contrasts are stored.
    found : ndarray of shape (n_features, n_contrasts), bool
        What meets the thresholds of the analysis.
    """

    coordinates: ContrastCoordinates
    posterior: Posterior
    estimate: Floats
    t: Floats
    found: Bools

    def rows(self, at: Ints) -> KeptFeatures:
        """Return some of the features, all of them without a copy where all are asked for."""
        if np.array_equal(at, np.arange(len(self.estimate))):
            return self
        c = self.coordinates
        scale = None if c.scale is None else c.scale[at]
        return KeptFeatures(
            ContrastCoordinates(c.residual[at], c.own[at], scale),
            Posterior(self.posterior.s2_prior[at], self.posterior.df_prior[at]),
            self.estimate[at],
            self.t[at],
            self.found[at],
        )


def similarity_columns(
    signature: MatchedSignature,
    at: Ints,
    kept: KeptFeatures,
    sums: FixedSums,
    contrasts: Sequence[str],
) -> _Columns:
    """Compare every contrast with a signature.

    Parameters
    ----------
    signature : MatchedSignature
    at : ndarray of shape (n_features,), int
        Which features of the signature are the kept ones.
    kept : KeptFeatures
        Those features.
    sums : FixedSums
        Of them.
    contrasts : sequence of str

    Returns
    -------
    dict
        Columns of `signature_correlation`, a row a contrast; NaN = not known.
    """
    columns: _Columns = {
        "contrast": list(contrasts),
        "signature": [signature.name] * len(contrasts),
        "n_listed": np.full(len(contrasts), signature.n_listed),
        "n_matched": np.full(len(contrasts), len(signature.feature_ids)),
        "n_features": np.full(len(contrasts), len(at)),
        "n_rotations": np.full(len(contrasts), N_ROTATIONS),
    }
    if len(at) < FEWEST:
        return columns
    found = None if signature.found is None else signature.found[at]
    values = FixedValues(signature.estimate[at], signature.t[at], found)
    tests = [
        sums.correlation(j, _pearson(kept.estimate[:, j], values.estimate))
        for j in range(len(contrasts))
    ]
    p = np.array([test.p_value for test in tests])
    high = np.array([test.no_effect_high for test in tests])
    columns |= {
        "r": [_pearson(e, values.estimate) for e in kept.estimate.T],
        "no_effect_sd": [test.no_effect_sd for test in tests],
        "no_effect_low": -high,
        "no_effect_high": high,
        "p_value": p,
        "adj_p_value": benjamini_hochberg(p),
    }
    return columns | _drawn(values, kept)


def _drawn(values: FixedValues, kept: KeptFeatures) -> _Columns:
    """Compare what has no exact null: observed as stored, beside drawn rotations."""
    n_found = kept.found.sum(axis=0)
    draws = FixedDraws(kept.coordinates, values, kept.posterior, n_found.tolist())
    n_of_lists = N_ROTATIONS if len(values.estimate) <= _MANY else _FEWER
    rotated = draws.rotated(N_ROTATIONS, n_of_lists, SEED)
    observed = draws.of_stored(kept.estimate, kept.t, kept.found)
    columns: _Columns = {}
    for name in ("r_spearman", "r_t", "sign_agreement"):
        seen = getattr(observed, name)
        of = [beside(o, r) for o, r in zip(seen, getattr(rotated, name).T, strict=True)]
        columns[name] = seen
        columns[f"{name}_low"] = np.array([b.low for b in of])
        columns[f"{name}_high"] = np.array([b.high for b in of])
        columns[f"{name}_p_value"] = np.array([b.p_value for b in of])
    of = [
        beside(o, r, two_sided=False)
        for o, r in zip(observed.n_both, rotated.n_both.T, strict=True)
    ]
    own = np.full(len(n_found), np.nan if values.found is None else values.found.sum())
    return columns | {
        "n_found": n_found,
        "n_signature_found": own,
        "n_both": observed.n_both,
        "n_both_same_sign": _same_sign(values, kept),
        "n_both_expected": np.array([b.mean for b in of]),
        "n_both_low": np.array([b.low for b in of]),
        "n_both_high": np.array([b.high for b in of]),
        "overlap_p_value": np.array([b.p_value for b in of]),
    }


def _same_sign(values: FixedValues, kept: KeptFeatures) -> Floats:
    if values.found is None:
        return np.full(kept.found.shape[1], np.nan)
    same = np.sign(kept.estimate) == np.sign(values.estimate)[:, None]
    return np.asarray((same & kept.found & values.found[:, None]).sum(axis=0).astype(float))


def _pearson(x: Floats, y: Floats) -> float:
    a, b = x - x.mean(), y - y.mean()
    size = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / size) if size > 0 else float("nan")


def joined(parts: Sequence[Mapping[str, Any]]) -> _Columns:
    """Put the rows of several signatures below each other; a column that one lacks is NaN there."""
    names = dict.fromkeys(name for part in parts for name in part)
    out: _Columns = {}
    for name in names:
        pieces = [
            np.asarray(part[name]) if name in part else np.full(len(part["contrast"]), np.nan)
            for part in parts
        ]
        out[name] = np.concatenate(pieces)
    return out
