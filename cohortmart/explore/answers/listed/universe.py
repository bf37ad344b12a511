"""Universes: the features against which a list is held, always said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.core.text import counted
from cohortmart.core.types import Bools
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.listed.tested import MOST_HELD, Tested, tested
from cohortmart.explore.answers.view import Option
from cohortmart.report.pages.overview.features import Analysed

_GENES = "select distinct gene_name from bridge_gene_set"
TESTED, EXPRESSED, OF_SETS = "tested", "expressed", "sets"
_NUMBERS = """
    select s.contrast, s.n_tested, s.n_up, s.n_down
    from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    where s.analysis = $analysis and s.n_tested > 0 and d.n_subjects >= $fewest
    order by d.contrast_order nulls last, s.contrast
"""


@dataclass(frozen=True)
class Numbers:
    """Features of a universe in one contrast.

    Parameters
    ----------
    n, n_up, n_down : int
        Tested, found up and found down.
    mean, squares : float
        Of their z scores, and the sum of the squares around it; NaN where they are not held.
    """

    n: int
    n_up: int
    n_down: int
    mean: float = float("nan")
    squares: float = float("nan")


@dataclass(frozen=True, eq=False)
class Universe:
    """Features against which a list is held.

    Parameters
    ----------
    name : str
        In the address.
    words : str
        What it is: "the 20,000 genes tested in rna_cd8".
    n : int
    numbers : mapping of str to Numbers
        By contrast, in the order of the analysis.
    features : frozenset of str or None
        None where there are too many to hold: all that were tested.
    genes : frozenset of str
        Of these features.
    """

    name: str
    words: str
    n: int
    numbers: Mapping[str, Numbers]
    features: frozenset[str] | None = None
    genes: frozenset[str] = frozenset()

    def of_list(self, features: Sequence[str]) -> list[str]:
        """Return the features of a list that are in the universe, in their order."""
        return [f for f in features if self.features is None or f in self.features]


def held(explored: Explored, asked: Asked, of: Analysed) -> Tested | None:
    """Return what was tested in an analysis, None where there is too much to hold."""
    query = "select sum(n_tested) from contrast_summary where analysis = ?"
    if (asked.value(query, [of.analysis]) or 0) > MOST_HELD:
        return None
    return explored.kept(f"tested {of.analysis}", lambda source: tested(source, of))


def offered(asked: Asked, of: Analysed, what: Tested | None) -> list[Option]:
    """Return the universes that can be picked for an analysis, the first by default."""
    found = [Option(TESTED, f"all {of.kind.many_shown} tested in {of.analysis}")]
    if what is None or of.kind.name == BETA:
        return found
    if of.kind.name == COUNTS and (what.level < 0).any():
        found.append(Option(EXPRESSED, "genes with a mean of 1 CPM or more"))
    if any(what.genes) and asked.has_rows("bridge_gene_set"):
        found.append(Option(OF_SETS, f"{of.kind.many_shown} of any gene set"))
    return found


def universe(
    explored: Explored, asked: Asked, of: Analysed, what: Tested | None, name: str
) -> Universe:
    """Return a universe of an analysis, made once.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    of : Analysed
    what : Tested or None
        As `held` gives it.
    name : str
        Of those that are `offered`.
    """
    fewest = 2 if asked.pseudonymised else 1
    rows = asked.rows(_NUMBERS, {"analysis": of.analysis, "fewest": fewest})
    in_sets = asked.table(_GENES)["gene_name"].to_pylist() if name == OF_SETS else []
    return explored.kept(
        f"universe {name} {of.analysis}", lambda _: _made(of, what, name, rows, set(in_sets))
    )


def _made(
    of: Analysed,
    what: Tested | None,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    in_sets: set[str],
) -> Universe:
    whole = {r["contrast"]: Numbers(r["n_tested"], r["n_up"], r["n_down"]) for r in rows}
    if what is None:
        n = max((numbers.n for numbers in whole.values()), default=0)
        return Universe(name, _words(of, name, n), n, whole)
    inside = np.ones(len(what.features), bool)
    if name == EXPRESSED:
        inside = what.level >= 0
    elif name == OF_SETS:
        inside = what.those(in_sets)
    numbers = {contrast: _numbers(what, inside, contrast) for contrast in whole}
    n = int(inside.sum())
    places = np.flatnonzero(inside)
    return Universe(
        name,
        _words(of, name, n),
        n,
        numbers,
        frozenset(what.features[i] for i in places),
        frozenset(gene for i in places if (gene := what.genes[i]) is not None),
    )


def _numbers(what: Tested, inside: Bools, contrast: str) -> Numbers:
    k = what.contrasts.index(contrast)
    there = inside & ~np.isnan(what.z[k])
    found, z = what.found[k][inside], what.z[k][there]
    mean = float(z.mean()) if z.size else 0.0
    squares = float(np.sum((z - mean) ** 2))
    return Numbers(z.size, int((found > 0).sum()), int((found < 0).sum()), mean, squares)


def _words(of: Analysed, name: str, n: int) -> str:
    many = counted(n, of.kind.shown, of.kind.many_shown)
    end = {
        EXPRESSED: " with a mean of 1 count per million or more",
        OF_SETS: " that are in any gene set",
    }.get(name, "")
    return f"the {many} tested in {of.analysis}{end}"
