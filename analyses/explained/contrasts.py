"""Contrasts that can be parted: those within people, on the samples that have the variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.design.model_matrix import Design
from analyses.explained.variables import ExplainingVariables
from analyses.stats.explained.within_people import VariableError, WithinPeople, within_people
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.core.errors import AnalysisError
from cohortmart.core.text import counted, did_you_mean, listed
from cohortmart.core.types import Floats


@dataclass(frozen=True, eq=False)
class NamedContrasts:
    """Contrasts that the design of an analysis can estimate.

    Parameters
    ----------
    names, expressions : tuple of str
    matrix : ndarray of shape (n_coefficients, n_contrasts)
    kinds : tuple of str
        How each uses the people, see `ContrastPairs`.
    """

    names: tuple[str, ...]
    expressions: tuple[str, ...]
    matrix: Floats
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PartedContrasts:
    """Contrasts of an analysis within people.

    Parameters
    ----------
    within : WithinPeople
    names : tuple of str
    matrix : ndarray of shape (rank, n_contrasts)
        In the basis of `within`.
    note : str
        Which contrasts are left out; empty where none is.
    """

    within: WithinPeople
    names: tuple[str, ...]
    matrix: Floats
    note: str


def parted_contrasts(
    where: str,
    design: Design,
    contrasts: NamedContrasts,
    variables: ExplainingVariables,
    wanted: Sequence[str],
) -> PartedContrasts:
    """Give every person a level of their own and find the contrasts that are left.

    Parameters
    ----------
    where : str
        Begins the messages.
    design : Design
    contrasts : NamedContrasts
        Of that design.
    variables : ExplainingVariables
    wanted : sequence of str
        Names of contrasts; none = all that can be parted.

    Raises
    ------
    AnalysisError
        A variable says nothing, a contrast is unknown or one between people, or none is within.
    """
    within = _within(where, design, variables)
    names, people = contrasts.names, design.nouns.subject.many
    k = within.contrasts(contrasts.matrix)
    can = ~np.isnan(k).any(axis=0) & (np.array(contrasts.kinds) != "between")
    for name in wanted:
        if name not in names:
            raise AnalysisError(
                f"{where}`explained_by.contrasts` names `{name}`, which is no contrast of it",
                expected=f"some of {listed(names, most=8)}",
                found=name,
                hint=did_you_mean(name, names),
            )
        if not can[names.index(name)]:
            raise AnalysisError(
                f"{where}{name} compares {people}, and `explained_by` parts changes within them",
                expected="changes in time, and their differences between groups",
                found=contrasts.expressions[names.index(name)],
                hint="take it out of `explained_by.contrasts`",
            )
    chosen = [j for j, name in enumerate(names) if can[j] and (not wanted or name in wanted)]
    if not chosen:
        raise AnalysisError(
            f"{where}none of its {counted(len(names), 'contrast')} is within {people}, and "
            "`explained_by` parts changes within them",
            expected="changes in time, and their differences between groups, of samples that have "
            "the variables",
            found=listed(contrasts.expressions, most=8),
            hint="add such contrasts, or take `explained_by` out",
        )
    out = [] if wanted else [name for j, name in enumerate(names) if not can[j]]
    note = f"not within {people}, so not parted: {listed(out, 5)}"
    return PartedContrasts(
        within, tuple(names[j] for j in chosen), k[:, chosen], note if out else ""
    )


def _within(where: str, design: Design, variables: ExplainingVariables) -> WithinPeople:
    nouns = design.nouns
    try:
        return within_people(
            design.matrix[variables.kept], make_blocks(variables.people), variables.values
        )
    except VariableError as error:
        name = variables.names[error.column]
        why, hint = {
            "constant": (
                f"is the same at every {nouns.timepoint.one} of a {nouns.subject.one}",
                f"a change within {nouns.subject.many} can only be explained by what changes "
                "within them",
            ),
            "in the design": (
                f"follows from the model within {nouns.subject.many}",
                "it says nothing that the model does not say; take it out, or take the terms it "
                "follows from out of the model",
            ),
            "in the others": (
                "follows from the variables before it",
                "leave one of them out: fractions that add up to 1 need one less",
            ),
        }[error.what]
        raise AnalysisError(
            f"{where}`{name}` explains nothing: it {why}",
            expected=f"a number that varies within {nouns.subject.many} by itself",
            found=f"{counted(len(variables.kept), 'sample')} of "
            f"{nouns.subject.counted(len(set(variables.people)))}",
            hint=hint,
        ) from error
    except ValueError as error:
        raise AnalysisError(
            f"{where}changes within {nouns.subject.many} cannot be parted: {error}",
            expected=f"several samples of a {nouns.subject.one}, and more of them than "
            "coefficients",
            found=f"{counted(len(variables.kept), 'sample')} of "
            f"{nouns.subject.counted(len(set(variables.people)))}",
            hint="take `explained_by` out, or choose other samples with `where`",
        ) from error
