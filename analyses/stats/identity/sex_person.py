"""Sex and person: what a sample's sex says of whose it is."""

from __future__ import annotations

import numpy as np

from analyses.stats.identity.person_posterior import SHEET_RIGHT
from cohortmart.core.types import Floats, Ints

#: A sex that the measures tell is wrong as often as this: one sample can be odd.
_WRONG = 0.01


def person_likelihood_of_sex(told: Floats, sheet: Floats, said: Ints, n_people: int) -> Floats:
    """Return how likely the sex of a sample is if it is of a person.

    The sex of a person is what the sheet and the other samples say, each of which may be wrong.

    Parameters
    ----------
    told : ndarray of shape (n_samples,)
        Posterior of two X chromosomes; NaN where a sample says nothing.
    sheet : ndarray of shape (n_people,)
        1 = two X chromosomes, 0 = X and Y, NaN where the sheet does not say.
    said : ndarray of int of shape (n_samples,)
        Number of the person that the sheet names.
    n_people : int

    Returns
    -------
    ndarray of shape (n_samples, n_people + 1)
        Natural logarithms; the last column is a stranger, of either sex. No sample with a sex, or
        one sex alone, leaves rows of one value.
    """
    known = np.isfinite(told)
    xx = _WRONG + (1.0 - 2.0 * _WRONG) * np.where(known, told, 0.5)
    of_sample = np.where(known, np.log(xx) - np.log1p(-xx), 0.0)
    trust = np.log(SHEET_RIGHT) - np.log1p(-SHEET_RIGHT)
    of_sheet = np.where(np.isfinite(sheet), trust * (2.0 * np.nan_to_num(sheet) - 1.0), 0.0)
    odds: Floats = of_sheet + np.bincount(said, weights=of_sample, minlength=n_people).astype(
        np.float64
    )
    result = np.zeros((len(told), n_people + 1))
    result[:, :-1] = _likelihood(xx[:, None], odds[None, :])
    rows = np.arange(len(told))
    result[rows, said] = _likelihood(xx, odds[said] - of_sample)  # without itself
    result[:, -1] = np.log(0.5)
    result[~known] = 0.0
    return result


def _likelihood(xx: Floats, odds: Floats) -> Floats:
    person = 1.0 / (1.0 + np.exp(-np.clip(odds, -700, 700)))
    likelihood: Floats = np.log(xx * person + (1.0 - xx) * (1.0 - person))
    return likelihood
