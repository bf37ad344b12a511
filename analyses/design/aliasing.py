"""Aliased columns in words: which are sums of others, and what they are sums of."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from analyses.design.design import Design
from analyses.design.estimability import aliased_columns, explanations, is_estimable
from cohortmart.core.text import counted, listed
from cohortmart.core.types import Floats

#: Most columns that are written out for one that they explain.
_TERMS = 4


def rank_notes(design: Design) -> tuple[str, ...]:
    """Return what to know of a design whose columns are not independent; else nothing.

    Parameters
    ----------
    design : Design
        Without the levels of `within`, which overlap with its other columns on purpose.
    """
    aliased = aliased_columns(design.basis) if design.rank else []
    if not aliased:
        return ()
    return (
        f"the model has {counted(len(design.columns), 'column')} but rank {design.rank}: among "
        f"the chosen samples {listed([design.columns[i] for i in aliased])} cannot be told apart "
        f"({'; '.join(explained(design))}), and contrasts that need them apart cannot be "
        "estimated",
    )


def explained(design: Design, among: Collection[str] | None = None) -> list[str]:
    """Say which columns are sums of which others: ``batchB = MS.1st + MS.3rd``.

    Parameters
    ----------
    design : Design
        The columns of its `within` are left out.
    among : collection of str, optional
        Only what is said of these columns.
    """
    said = []
    for column, terms in explanations(design.matrix[:, : design.n_own]):
        if among is not None and design.columns[column] not in among:
            continue
        ranked = sorted(terms, key=lambda term: -abs(term[2]))
        shown = sorted(i for i, _, _ in (ranked if len(ranked) <= _TERMS + 1 else ranked[:_TERMS]))
        weight = {i: w for i, w, _ in terms}
        parts = [_term(weight[i], design.columns[i], first=i == shown[0]) for i in shown]
        more = len(terms) - len(shown)
        rest = f" + {counted(more, 'further term')}" if more else ""
        said.append(f"{design.columns[column]} = {''.join(parts)}{rest}")
    return said


def _term(weight: float, name: str, *, first: bool) -> str:
    sign = ("-" if weight < 0 else "") if first else (" - " if weight < 0 else " + ")
    size = "" if np.isclose(abs(weight), 1.0, rtol=1e-9) else f"{abs(weight):.4g} x "
    return f"{sign}{size}{name}"


def is_told_without_within(design: Design, weights: Floats) -> bool:
    """Return whether a contrast could be estimated if `within` were not in the model.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_coefficients,)
    """
    n = design.n_own
    if design.within is None or np.any(weights[n:]):
        return False
    return is_estimable(design.own_basis, weights[:n])
