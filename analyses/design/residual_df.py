"""Residual degrees of freedom: which terms of a model take them all, or most of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from analyses.design.design import Design
from analyses.design.estimability import rank_of
from analyses.design.marginal import columns_without
from cohortmart.core.errors import AnalysisError
from cohortmart.core.text import counted, joined

#: A term that takes a larger share of what the others leave is worth a warning; a level for each
#: of several pairs takes half.
_MOST = 2 / 3
#: Fewer degrees of freedom are no great loss.
_FEWEST = 3


@dataclass(frozen=True)
class Cost:
    """What a term, or several together, take of the degrees of freedom.

    Parameters
    ----------
    names : tuple of str
        Roles, factors or covariates.
    n_levels : int
        Of a single category among the samples; 0 for numbers and for several terms.
    taken : int
        Degrees of freedom that the model without them would have more.
    """

    names: tuple[str, ...]
    n_levels: int
    taken: int

    def words(self, n_samples: int) -> str:
        """Say whose they are: ``slide has 12 levels among the 24 chosen samples: it takes 8``."""
        degrees = "degree of freedom" if self.taken == 1 else "degrees of freedom"
        if len(self.names) > 1:
            names = joined([f"`{name}`" for name in self.names])
            return f"{names} together take {self.taken} {degrees}"
        if self.n_levels == n_samples:
            return (
                f"`{self.names[0]}` has a level for each of the {n_samples} chosen samples: it "
                f"takes {self.taken} {degrees}"
            )
        if self.n_levels:
            return (
                f"`{self.names[0]}` has {self.n_levels} levels among the {n_samples} chosen "
                f"samples: it takes {self.taken} {degrees}"
            )
        return f"`{self.names[0]}` takes {self.taken} {degrees}"


def no_residuals(design: Design, where: str) -> AnalysisError:
    """Return the error of a design that fits every sample, with the terms that take too much.

    Parameters
    ----------
    design : Design
        With as many independent columns as samples.
    where : str
        Begins the message.
    """
    n, rank = len(design.sample_ids), design.rank
    named = _culprits(design)
    found = "; ".join([counted(n, "sample"), *(cost.words(n) for cost in named)])
    hint = "choose more samples in `where`, or fewer means and covariates"
    if named:
        names = [f"`{name}`" for cost in named for name in cost.names]
        hint = f"take {joined(names, 'or')} out of the model, or choose more samples in `where`"
    if named and named[0].names == ("subject",) and named[0].n_levels < n:
        hint += "; `block: subject` in its place takes none"
    return AnalysisError(
        f"{where}: no residual degrees of freedom are left to estimate the variance",
        expected=f"more than {counted(rank, 'sample')} for a model of rank {rank}",
        found=found,
        hint=hint,
    )


def df_warnings(design: Design) -> list[str]:
    """Name the term that takes most degrees of freedom; or the covariates, where they all do.

    Parameters
    ----------
    design : Design
        With degrees of freedom left.
    """
    n, left = len(design.sample_ids), len(design.sample_ids) - design.rank
    names = _terms(design)

    def most(taken: int) -> bool:
        return taken >= _FEWEST and taken > _MOST * (left + taken)

    # a term takes no more than it has columns
    possible = [name for name in names if most(_n_columns(design, {name}))]
    found = [cost for name in possible if most((cost := _cost(design, (name,))).taken)]
    if not found and len(names) > 1 and most(_n_columns(design, names)):
        together = _cost(design, names)
        found = [together] if most(together.taken) else []
    return [
        f"{cost.words(n)} of the {left + cost.taken} that the rest of the model leaves"
        for cost in found
    ]


def _culprits(design: Design) -> list[Cost]:
    """Return the terms without each of which something would be left; else all together."""
    n, rank = len(design.sample_ids), design.rank
    costs = [_cost(design, (name,)) for name in _terms(design)]
    alone = [c for c in costs if c.taken and rank - c.taken < n]
    if alone:
        most = max(c.taken for c in alone)
        return [c for c in alone if c.taken == most]
    together = _cost(design, _terms(design))
    return [together] if together.taken and len(together.names) > 1 else []


def _terms(design: Design) -> tuple[str, ...]:
    """Return what of a model is not what it compares, in the order of its columns."""
    compared = {"group", "timepoint"}
    if design.curve is not None:
        compared |= {design.curve.of} | ({design.curve.by} if design.curve.by else set())
    names = dict.fromkeys(name for of in design.column_variables for name in sorted(of))
    return tuple(name for name in names if name not in compared)


def _n_columns(design: Design, names: Collection[str]) -> int:
    return sum(1 for of in design.column_variables if of & set(names))


def _cost(design: Design, names: tuple[str, ...]) -> Cost:
    without = rank_of(columns_without(design, names))
    n_levels = len(set(design.categories.get(names[0], ()))) if len(names) == 1 else 0
    return Cost(names, n_levels, max(design.rank - without, 0))
