"""Pairs of arrays: what their genotypes share, and which pairs are at odds with the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analyses.identity.genotypes import FEWEST_SNPS
from analyses.identity.verdicts import Found, Verdict

#: No more than this part of the studies in which all is right has a pair that is not.
LEVEL = 0.01
ONE, TWO = "of one person", "not of one person"


def agreements(found: Found) -> dict[str, Any]:
    """Return the columns of all pairs of arrays that share enough SNPs."""
    first, second = _pairs(found)
    return {**_named(found, first, second), **_compared(found, first, second)}


def odd_pairs(found: Found, told: Sequence[Verdict]) -> dict[str, Any]:
    """Return the columns of pairs that should agree and do not, or should not and do.

    The likelihood ratio against what the sheet says of a pair is at least the number of pairs of
    its kind over `LEVEL`: for a pair that is right that happens with a probability of at most one
    over it (Markov's inequality), and for any of them of at most `LEVEL`.
    """
    first, second = _pairs(found)
    rows, compared = found.genotypes.rows, found.genotypes.compared
    is_one = found.samples.said[rows[first]] == found.samples.said[rows[second]]
    ratio = compared.log_ratio[first, second]
    n_one, n_two = max(int(is_one.sum()), 1), max(int((~is_one).sum()), 1)
    odd = np.where(is_one, ratio < -np.log(n_one / LEVEL), ratio > np.log(n_two / LEVEL))
    first, second, is_one = first[odd], second[odd], is_one[odd]
    samples = found.samples.frame["sample_id"]
    exchanged, places = [], []
    for a, b in zip(rows[first], rows[second], strict=True):
        one = next((int(k) for k in (a, b) if told[k].exchanged_with is not None), None)
        exchanged.append(None if one is None else samples[one])
        places.append(None if one is None else told[one].exchanged_with)
    return {
        **_named(found, first, second),
        **_compared(found, first, second),
        "said": np.where(is_one, ONE, TWO).tolist(),
        "found": np.where(is_one, TWO, ONE).tolist(),
        "exchange": exchanged,
        "exchange_with": places,
    }


def _pairs(found: Found) -> tuple[Any, Any]:
    first, second = np.triu_indices(len(found.genotypes.rows), 1)
    enough = found.genotypes.compared.n_snps[first, second] >= FEWEST_SNPS
    return first[enough], second[enough]


def _named(found: Found, first: Any, second: Any) -> dict[str, Any]:
    frame, rows = found.samples.frame, found.genotypes.rows
    return {
        f"{which}_{column}": frame[column].gather(rows[at]).to_list()
        for which, at in (("first", first), ("second", second))
        for column in ("assay", "sample_id")
    }


def _compared(found: Found, first: Any, second: Any) -> dict[str, Any]:
    compared = found.genotypes.compared
    return {
        "agreement": np.clip(compared.share[first, second], 0.0, 1.0),
        "n_snps": compared.n_snps[first, second],
        "log10_ratio": compared.log_ratio[first, second] / np.log(10.0),
    }
