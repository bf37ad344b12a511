"""Numbers that look like codes of batches: taken as they are, they lie on a straight line."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Study
from cohortmart.core.text import listed
from cohortmart.core.types import Floats

_BATCH_WORDS = """
    array barcode batch beadchip center centre chip clinic cohort flowcell hospital kit lab
    laboratory lane library lot machine operator plate pool run scanner sentrix seqrun sequencer
    site slide technician
"""
_QUANTITY_WORDS = """
    age amount apgar birth births bmi cell cells child children cigarettes concentration count
    cycle cycles day days depth dose drinks duration edss education fraction grade gravida
    gravidity height hour hours index interval length lesions level levels mean median minutes
    month months n nodes num number order packs parity passage pct percent pregnancies pregnancy
    proportion rank rate ratio reads relapse relapses rin scale score severity share size stage
    time trimester units visit volume week weeks weight year years yield
"""
#: What batches are called.
_BATCH = frozenset(_BATCH_WORDS.split())
#: What is counted or measured, of a batch or not.
_QUANTITY = frozenset(_QUANTITY_WORDS.split())
#: Of these a batch has a number: `plate_number`, `lane index`.
_OF_A_BATCH = frozenset({"index", "n", "num", "number", "order", "rank"})
#: Consecutive codes of an unknown thing are so many.
_FEWEST, _MOST = 3, 6
#: Values that are shown.
_SHOWN = 6


def coded_notes(samples: pl.DataFrame, model: Model, study: Study) -> tuple[str, ...]:
    """Note the numbers of a model that may be codes of batches, and how to make them factors.

    Parameters
    ----------
    samples : DataFrame
        The chosen rows of `dim_sample`.
    model : Model
    study : Study
    """
    return tuple(
        coded_words(name, values)
        for name in study.covariates
        if name in samples.columns and _is_number_in(model, name)
        for values in [samples[name].cast(pl.Float64).drop_nulls().to_numpy()]
        if is_coded(name, values)
    )


def is_coded(name: str, values: Floats) -> bool:
    """Return whether numbers look like codes: by their name, or as 1, 2, 3 of an unknown thing.

    Parameters
    ----------
    name : str
        Of the column.
    values : ndarray of shape (n,)
    """
    known = values[np.isfinite(values)]
    levels = np.unique(known)
    if len(levels) < 2 or 2 * len(levels) > len(known) or (levels != np.round(levels)).any():
        return False
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if any(map(_is_batch, words)) and words[0] not in _OF_A_BATCH:
        return not any(w in _QUANTITY - _OF_A_BATCH for w in words)
    if any(w in _QUANTITY for w in words):
        return False
    consecutive = levels[0] in (0, 1) and (np.diff(levels) == 1).all()
    return bool(consecutive and _FEWEST <= len(levels) <= _MOST)


def coded_words(name: str, values: Floats) -> str:
    """Say that a number is taken as one, and how to make it a factor.

    Parameters
    ----------
    name : str
        Of the column.
    values : ndarray of shape (n,)
    """
    shown = listed([f"{v:g}" if v < 1e6 else f"{v:.0f}" for v in np.unique(values)], most=_SHOWN)
    return (
        f"`{name}` ({shown}) is taken as a number, with one slope for all its values; if these "
        f"are codes of batches, move `{name}` from samples.covariates to samples.factors, and each "
        "has an effect of its own"
    )


def _is_batch(word: str) -> bool:
    one = word.removesuffix("s")
    return {word, one} & _BATCH != set() or any(
        one.endswith(batch) for batch in _BATCH if len(batch) > 4
    )


def _is_number_in(model: Model, name: str) -> bool:
    """Whether a model has a covariate, as a number; `C(name)` of a formula is a factor."""
    if model.formula is None:
        return name in model.covariates
    quoted = rf"`?{re.escape(name)}`?"
    without = re.sub(rf"\bC\(\s*{quoted}\s*[,)]", "", model.formula)
    return re.search(rf"(?<![\w.]){quoted}(?![\w.])", without) is not None
