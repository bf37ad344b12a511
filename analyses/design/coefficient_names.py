"""Names of coefficients: as the model has them, as R writes them, and means by their levels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from analyses.design.contrast_expression import parse_contrast
from cohortmart.core.errors import AnalysisError
from cohortmart.core.types import Floats

#: The level behind a factor: `[T.MS]` against the reference, `[MS]` by itself.
_LEVEL = re.compile(r"\[(?:T\.)?([^\[\]]*)\]")
INTERCEPT = "Intercept"
_R_INTERCEPT = "(Intercept)"
#: Up to so many levels may stand in any order.
_PERMUTED = 3


@dataclass(frozen=True)
class Spelling:
    """What another name stands for.

    Parameters
    ----------
    weights : mapping of str to float
        Of the columns.
    only_in_differences : str or None
        The mean of a combination depends on other categories of the model, which cancel in
        differences: the combinations that it has to be compared with, e.g. `group.timepoint`.
    """

    weights: Mapping[str, float]
    only_in_differences: str | None = None


def spellings_of_columns(columns: Iterable[str]) -> dict[str, Spelling]:
    """Return R's names of a formula's columns: `groupMS:timepoint3rd`, `(Intercept)`.

    Parameters
    ----------
    columns : iterable of str
        formulaic's names, such as ``group[T.MS]:timepoint[T.3rd]``.
    """
    pairs = [(c, _R_INTERCEPT if c == INTERCEPT else _LEVEL.sub(r"\1", c)) for c in columns]
    return _unambiguous([(name, Spelling({column: 1.0})) for column, name in pairs], columns)


def spellings_of_means(
    factors: Sequence[str], levels: Mapping[str, Sequence[str]], columns: Iterable[str]
) -> dict[str, Spelling]:
    """Return R's names of means: `groupMS:timepoint3rd` for `MS.3rd`.

    Parameters
    ----------
    factors : sequence of str
        Behind the parts of a mean.
    levels : mapping of str to sequence of str
        Mean to its parts.
    columns : iterable of str
        Of the whole model, whose own names win.
    """
    found = [
        (":".join(f + part for f, part in zip(factors, parts, strict=True)), Spelling({mean: 1.0}))
        for mean, parts in levels.items()
    ]
    return _unambiguous(found, columns)


def spellings_of_cells(
    formula: str,
    matrix: Floats,
    columns: Sequence[str],
    variables: Sequence[frozenset[str]],
    categories: Mapping[str, Sequence[str]],
) -> dict[str, Spelling]:
    """Return the means that a formula implies, named by their levels: `MS.3rd`, `3rd.MS`.

    The mean of a combination is its samples' row of the columns of its categories; other
    categories and numbers add the same to all of them. Where the model crosses them with the
    combination, there is no such mean.

    Parameters
    ----------
    formula : str
        Gives the order of the levels in a name of many.
    matrix : ndarray of shape (n_samples, n_coefficients)
    columns : sequence of str, length n_coefficients
    variables : sequence of frozenset of str, length n_coefficients
        Roles, factors and covariates behind each column.
    categories : mapping of str to sequence of str, length n_samples
        Each sample's level.
    """
    found: list[tuple[str, Spelling]] = []
    for crossed in _crossed(variables, categories.keys()):
        if any(of & crossed and not of <= crossed for of in variables):
            continue
        order = sorted(crossed, key=lambda name: (_place(formula, name), name))
        places = [i for i, of in enumerate(variables) if of <= crossed]
        beside = any(of and of <= categories.keys() and not of <= crossed for of in variables)
        family = ".".join(order) if beside else None
        cells = list(zip(*(categories[name] for name in order), strict=True))
        for cell, row in sorted({c: i for i, c in reversed(list(enumerate(cells)))}.items()):
            weights = {columns[i]: float(matrix[row, i]) for i in places if matrix[row, i]}
            names = permutations(cell) if len(cell) <= _PERMUTED else [cell]
            found += [(".".join(name), Spelling(weights, family)) for name in names]
    return _unambiguous(found, columns)


def read_weights(
    expression: str, columns: Collection[str], spellings: Mapping[str, Spelling]
) -> dict[str, float]:
    """Read a contrast as weights of the columns.

    Parameters
    ----------
    expression : str
    columns : collection of str
        Names that stand for themselves.
    spellings : mapping of str to Spelling
        Other names.

    Returns
    -------
    dict of str to float
        Weights that are not zero.

    Raises
    ------
    AnalysisError
        See `parse_contrast`; or means of a formula that other categories shift are not compared
        with each other.
    """
    named = parse_contrast(expression, columns, spellings)
    _refuse_lone_cells(expression, named, spellings)
    total: dict[str, float] = {}
    for name, weight in named.items():
        means = spellings[name].weights if name in spellings else {name: 1.0}
        for column, share in means.items():
            total[column] = total.get(column, 0.0) + weight * share
    least = 1e-12 * max(map(abs, named.values()))
    kept = {column: weight for column, weight in total.items() if abs(weight) > least}
    if not kept:
        raise AnalysisError(
            "all weights of this contrast cancel to zero",
            expected="at least one coefficient with a weight other than zero",
            found=expression,
        )
    return kept


def _refuse_lone_cells(
    expression: str, named: Mapping[str, float], spellings: Mapping[str, Spelling]
) -> None:
    families: dict[str, list[tuple[str, float]]] = {}
    for name, weight in named.items():
        family = spellings[name].only_in_differences if name in spellings else None
        if family is not None:
            families.setdefault(family, []).append((name, weight))
    for members in families.values():
        weights = [weight for _, weight in members]
        if abs(sum(weights)) > 1e-9 * max(map(abs, weights)):
            name = members[0][0]
            raise AnalysisError(
                f"the mean `{name}` depends on other categories of the formula, so it may stand "
                "only in a difference of means",
                expected="weights of such means that sum to 0",
                found=f"they sum to {sum(weights):g} in {expression}",
                hint="name the coefficient itself, or compare the mean with another",
            )


def _crossed(
    variables: Iterable[frozenset[str]], categories: Collection[str]
) -> list[frozenset[str]]:
    """Return the largest sets of categories that terms cross, and the set of all of them."""
    sets = {of for of in variables if of and of <= set(categories)}
    if not sets:
        return []
    largest = {of for of in sets if not any(of < other for other in sets)}
    return sorted(largest | {frozenset().union(*sets)}, key=sorted)


def _place(formula: str, name: str) -> int:
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", formula)
    return len(formula) if found is None else found.start()


def _unambiguous(
    found: Sequence[tuple[str, Spelling]], columns: Iterable[str]
) -> dict[str, Spelling]:
    """Leave out names that columns have, and those that stand for different things."""
    taken = set(columns)
    first: dict[str, Spelling] = {}
    twice: set[str] = set()
    for name, spelling in found:
        if name in first and not _alike(first[name], spelling):
            twice.add(name)
        first.setdefault(name, spelling)
    return {n: s for n, s in first.items() if n not in twice and n not in taken and n}


def _alike(first: Spelling, second: Spelling) -> bool:
    names = first.weights.keys() | second.weights.keys()
    return all(
        np.isclose(first.weights.get(n, 0.0), second.weights.get(n, 0.0), rtol=0, atol=1e-12)
        for n in names
    )
