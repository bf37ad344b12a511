"""A model within people: every person has a level of their own, swept out of every column.

What is left of design and variables are their changes within people; the levels of people, and
what they have to do with the variables' levels, are in none of the estimates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import DesignBasis, design_basis
from analyses.stats.mixed.blocks import Blocks
from cohortmart.core.types import Bools, Floats

#: Share of a variable's squared changes that must be left beside the design, and of a
#: standardised variable's beside the others.
_LEAST = 1e-8


@dataclass(frozen=True, eq=False)
class WithinPeople:
    """Design and variables without the levels of people.

    Parameters
    ----------
    blocks : Blocks
        The people.
    basis : DesignBasis
        Of the design less each person's mean; its coefficients are those of the design.
    variables : ndarray of shape (n_samples, n_variables)
        Less each person's mean, in units of `scale`.
    scale : ndarray of shape (n_variables,)
        Residual standard deviation of each variable in its own model within people.
    noise : ndarray of shape (n_variables, n_variables)
        Correlation of those residuals.
    noise_df : int
        Their degrees of freedom.
    """

    blocks: Blocks
    basis: DesignBasis
    variables: Floats
    scale: Floats
    noise: Floats
    noise_df: int

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return int(self.variables.shape[1])

    def contrasts(self, matrix: Floats) -> Floats:
        """Express contrasts of the design in the basis; NaN columns where they are not within.

        Parameters
        ----------
        matrix : ndarray of shape (n_coefficients, n_contrasts)

        Returns
        -------
        ndarray of shape (rank, n_contrasts)
        """
        return self.basis.contrasts(matrix)

    def changes(self, k: Floats) -> tuple[Floats, Floats]:
        """Return the change of each variable in a contrast, and its standard error.

        Parameters
        ----------
        k : ndarray of shape (rank,)
            A column of `contrasts`.

        Returns
        -------
        change, se : ndarray of shape (n_variables,)
            In the variables' own units; t with `noise_df` degrees of freedom.
        """
        change = k @ (self.basis.q.T @ self.variables)
        return np.asarray(change * self.scale), np.asarray(np.linalg.norm(k) * self.scale)


class VariableError(ValueError):
    """A variable says nothing that the model does not say.

    Parameters
    ----------
    column : int
        The variable, from 0.
    what : {"constant", "in the design", "in the others"}
    """

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"variable {column} is {what}")
        self.column, self.what = column, what


def within_people(design: Floats, blocks: Blocks, variables: Floats) -> WithinPeople:
    """Take the levels of people off a design and off variables.

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_coefficients)
        Columns for the people may be among them: nothing is left of those.
    blocks : Blocks
        The people.
    variables : ndarray of shape (n_samples, n_variables)
        Finite.

    Raises
    ------
    VariableError
        Within people a variable is constant, or follows from the design or the others.
    ValueError
        Nothing of the design varies within people, values are not finite, or no degrees of freedom
        are left.
    """
    if not np.isfinite(variables).all():
        raise ValueError("the variables need finite values")
    changes = less_person_means(design, blocks)
    size = np.linalg.norm(design, axis=0)
    changes[:, np.linalg.norm(changes, axis=0) <= 1e-12 * size] = 0.0  # rounding
    if not changes.any():
        raise ValueError("nothing of the design varies within people")
    basis = design_basis(changes)
    df = len(design) - blocks.n_blocks - basis.rank
    if df <= variables.shape[1]:
        raise ValueError(
            f"no residual degrees of freedom: {len(design)} samples, {blocks.n_blocks} people, "
            f"{basis.rank} independent changes, {variables.shape[1]} variables"
        )
    centred = less_person_means(variables - variables.mean(axis=0), blocks)
    residual = centred - basis.q @ (basis.q.T @ centred)
    _refuse_constant(variables, centred, residual)
    scale = np.sqrt((residual**2).sum(axis=0) / df)
    residual /= scale
    noise = residual.T @ residual / df
    for column in range(1, noise.shape[0]):
        if np.linalg.eigvalsh(noise[: column + 1, : column + 1])[0] < _LEAST:
            raise VariableError(column, "in the others")
    return WithinPeople(blocks, basis, centred / scale, scale, noise, df)


def _refuse_constant(variables: Floats, centred: Floats, residual: Floats) -> None:
    spread = ((variables - variables.mean(axis=0)) ** 2).sum(axis=0)
    size = (variables**2).sum(axis=0)
    whole, left = (centred**2).sum(axis=0), (residual**2).sum(axis=0)
    constant: Bools = whole <= np.maximum(1e-20 * spread, 1e-24 * size)
    for column in np.flatnonzero(constant | (left <= _LEAST * whole)).tolist():
        raise VariableError(column, "constant" if constant[column] else "in the design")


def less_person_means(x: Floats, blocks: Blocks) -> Floats:
    """Take each person's mean off the columns of x, of shape (n_samples, m)."""
    z = blocks.indicators
    return np.asarray(x - ((z / z.sum(axis=0)).T @ x)[blocks.codes])
