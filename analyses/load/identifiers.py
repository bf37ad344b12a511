"""The error when a list of genes shares none with those it is looked for in."""

from __future__ import annotations

from collections.abc import Collection

from cohortmart.core.errors import AnalysisError
from cohortmart.core.text.identifiers import ids_hint, shown_ids


def no_gene_in_common(
    what: str, names: Collection[str], where: str, universe: Collection[str]
) -> AnalysisError:
    """Make the error for a list of genes of which none is where they are looked for.

    Parameters
    ----------
    what : str
        What the list is, as in "the gene list `hormone_targets`".
    names : collection of str
        Its genes.
    where : str
        What they are looked for in, as in "the genes of analysis `rna`".
    universe : collection of str
        The genes there.

    Returns
    -------
    AnalysisError
        Shows five names of each, guesses the kind of each and says what would help.
    """
    return AnalysisError(
        f"no gene of {what} is among {where}",
        expected=shown_ids(universe),
        found=shown_ids(names),
        hint=ids_hint(names, universe),
    )
