"""Over-representation tests: whether a set has more of the found genes than chance gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analyses.stats.gene_sets.membership import Membership
from analyses.stats.gene_sets.probe_number_bias import chance_by_probes
from analyses.stats.gene_sets.wallenius import wallenius_greater, wallenius_odds
from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater
from cohortmart.core.types import Bools, Floats, Ints

#: A sum of shares that is this near to a whole number from below is that number.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class OverRepresentation:
    """One test a set and list of found genes.

    Parameters
    ----------
    n_found : ndarray of shape (n_lists,), int64
        Genes of the universe that are found.
    n_overlap, expected, odds_ratio, p_value : ndarray of shape (n_sets, n_lists)
    p_uncorrected : ndarray of the same shape, or None
        Without regard to the number of probes, where `p_value` allows for it.
    """

    n_found: Ints
    n_overlap: Floats
    expected: Floats
    odds_ratio: Floats
    p_value: Floats
    p_uncorrected: Floats | None = None


def over_representation(found: Bools, sets: Membership) -> OverRepresentation:
    """Test sets by Fisher's exact test, one-sided.

    Parameters
    ----------
    found : ndarray of shape (n_genes, n_lists), bool
        Which genes of the universe each list has.
    sets : Membership
        Of that universe.
    """
    n_found = found.sum(axis=0)
    overlap = np.rint(sets.sums(found.astype(float))).astype(np.int64)
    size, n, total = sets.sizes[:, None], n_found[None, :], len(found)
    return OverRepresentation(
        n_found=n_found,
        n_overlap=overlap.astype(float),
        expected=size * n / max(total, 1),
        odds_ratio=_of_tables(conditional_odds_ratio, overlap, size, n, total),
        p_value=_of_tables(fisher_greater, overlap, size, n, total),
    )


def over_representation_of_probes(
    shares: Floats, n_probes: Ints, sets: Membership
) -> OverRepresentation:
    """Test sets of genes that were found by their probes; genes with many are found more easily.

    Parameters
    ----------
    shares : ndarray of shape (n_genes, n_lists)
        Sum over the found probes of a gene of 1 / number of genes that the probe is annotated to;
        0 where none is found. What goes beyond 1 is cut off: a gene counts once at most.
    n_probes : ndarray of shape (n_genes,), int64
        Tested probes of each gene, at least one.

    Returns
    -------
    OverRepresentation
        `n_overlap` is the sum of the shares. Wallenius' test takes whole genes: it takes
        `n_overlap` rounded down, of `n_found` genes with any found probe, which errs on the side
        of no enrichment. `odds_ratio` is the odds at which `n_overlap` is expected over the odds
        that the numbers of probes give; `p_uncorrected` is the same test at odds 1, which is
        Fisher's.

    Notes
    -----
    Phipson, Maksimovic & Oshlack (2016, doi 10.1093/bioinformatics/btv560); for probes with
    several genes Maksimovic, Oshlack & Phipson (2021, doi 10.1186/s13059-021-02388-x). `expected`
    is the sum of the chances of the set's genes, by `chance_by_probes`, and the odds are those at
    which that many are expected. The ratio of the mean chances, which the papers take, is the
    same where few genes are found; but odds in Wallenius' sense are a ratio of rates, and where
    a third of the genes is found that ratio leaves much of the bias.
    """
    is_found = shares > 0
    n_found = is_found.sum(axis=0)
    overlap = sets.sums(np.minimum(shares, 1.0))
    size, n, total = sets.sizes[:, None], n_found[None, :], len(shares)
    # a set with nearly all genes has more found ones than their shares may add up to
    whole = np.maximum(np.floor(overlap + _ROUNDING), n + size - total)
    chances = [chance_by_probes(n_probes, column) for column in is_found.T]
    expected = sets.sums(np.column_stack(chances)) if chances else np.zeros((sets.n_sets, 0))
    odds = _odds(expected, sets, n)
    with np.errstate(invalid="ignore"):
        ratio = wallenius_odds(overlap, size, n, total) / odds
    return OverRepresentation(
        n_found=n_found,
        n_overlap=overlap,
        expected=expected,
        odds_ratio=ratio,
        p_value=wallenius_greater(whole, size, n, total, odds),
        p_uncorrected=_of_tables(fisher_greater, whole.astype(np.int64), size, n, total),
    )


def _of_tables(
    test: Callable[[Ints, Ints, Ints, int], Floats], overlap: Ints, size: Ints, n: Ints, total: int
) -> Floats:
    """Apply a test to each distinct table once: many sets share their size and overlap."""
    # one number a table: sorting numbers is 20 times faster than sorting rows
    keys = (overlap * (total + 1) + size) * (total + 1) + n
    distinct, place = np.unique(keys, return_inverse=True)
    rest, second = np.divmod(distinct, total + 1)
    both, first = np.divmod(rest, total + 1)
    return np.asarray(test(both, first, second, total)[place.ravel()].reshape(overlap.shape))


def _odds(expected: Floats, sets: Membership, n_found: Ints) -> Floats:
    """Return the odds at which each set is expected to have what its genes' chances add up to."""
    size, total = sets.sizes[:, None], sets.n_genes
    # the fit cannot tell a chance of 1 from one that is near it
    low = np.maximum(n_found - (total - size), 0) + _ROUNDING
    high = np.minimum(n_found, size) - _ROUNDING
    odds = wallenius_odds(np.clip(expected, low, high), size, n_found, total)
    return np.where(np.isfinite(odds) & (odds > 0), odds, 1.0)
