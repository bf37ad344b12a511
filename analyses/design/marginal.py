"""A design without some of its terms: what the others alone can fit."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from analyses.design.design import Design
from cohortmart.core.types import Floats


def columns_without(design: Design, names: Collection[str]) -> Floats:
    """Return the columns of a design that are left without some roles, factors or covariates.

    A combination of levels keeps its other parts: means of group x batch without the batch are
    means of the groups. An intercept is always there.

    Parameters
    ----------
    design : Design
    names : collection of str
        As the model calls them.

    Returns
    -------
    ndarray of shape (n_samples, n_columns)
        Not of full rank as a rule.
    """
    taken = frozenset(names)
    n = len(design.matrix)
    parts = [np.ones((n, 1))]
    for of in dict.fromkeys(design.column_variables):
        columns = [i for i, variables in enumerate(design.column_variables) if variables == of]
        if not of & taken:
            parts.append(design.matrix[:, columns])
            continue
        rest = [design.categories[name] for name in sorted(of - taken) if name in design.categories]
        if rest:
            parts.append(_indicators(list(zip(*rest, strict=True))))
    return np.hstack(parts)


def _indicators(labels: list[tuple[str, ...]]) -> Floats:
    levels = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    return np.eye(len(levels))[[levels[label] for label in labels]]
