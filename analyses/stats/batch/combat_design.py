"""The design of ComBat: batches and the covariates to keep, checked and decomposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyses.stats.linear.basis import RANK_TOLERANCE
from cohortmart.core.types import Floats, Ints

#: A column takes part in an aliasing if its share in it is above this.
_SHARE = 1e-6


class CombatError(ValueError):
    """ComBat cannot be done with what was given.

    Parameters
    ----------
    problem : str
        What is wrong.
    hint : str
        What to do about it.
    names : sequence of str
        The batches or covariates it is about.
    """

    def __init__(self, problem: str, hint: str, names: Sequence[str] = ()) -> None:
        self.problem = problem
        self.hint = hint
        self.names = tuple(names)
        super().__init__(f"{problem}; {hint}")


class TooFewBatchesError(CombatError):
    """There are not two batches to compare."""


class SingleSampleBatchError(CombatError):
    """A batch of one sample has no variance."""


class CovariateError(CombatError):
    """The covariates are not fit for a model: lengths, missing values, columns that repeat."""


class ConfoundedError(CombatError):
    """What is to be kept cannot be told from the batches."""


@dataclass(frozen=True)
class CombatDesign:
    """The model: one mean a batch plus the covariates.

    Parameters
    ----------
    batches : tuple of str
        Sorted names.
    codes : ndarray of shape (n_samples,), int
        The batch of each sample.
    sizes : ndarray of shape (n_batches,), float64
    indicators : ndarray of shape (n_samples, n_batches), float64
        1 where the sample is in the batch.
    covariates : ndarray of shape (n_samples, n_covariates)
        The covariates in other coordinates: orthonormal once centred within batches.
    within : ndarray of shape (n_samples, n_covariates)
        `covariates` centred within batches.
    batch_means : ndarray of shape (n_batches, n_covariates)
        What `within` lacks.
    mean_only : bool
        Correct means and leave variances.
    """

    batches: tuple[str, ...]
    codes: Ints
    sizes: Floats
    indicators: Floats
    covariates: Floats
    within: Floats
    batch_means: Floats
    mean_only: bool

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.codes)

    @property
    def n_batches(self) -> int:
        """Number of batches."""
        return len(self.batches)


def combat_design(
    batch: Sequence[str],
    covariates: Floats | None = None,
    mean_only: bool = False,
    covariate_names: Sequence[str] | None = None,
) -> CombatDesign:
    """Check and decompose the design.

    Parameters
    ----------
    batch : sequence of str, one a sample
    covariates : ndarray of shape (n_samples, n_covariates), optional
        What to keep, coded as numbers, without an intercept.
    mean_only : bool
        Correct means only; allows batches of one sample.
    covariate_names : sequence of str, optional
        For messages; numbers from 1 if not given.

    Raises
    ------
    TooFewBatchesError, SingleSampleBatchError, CovariateError, ConfoundedError
        All are CombatError, a ValueError; they name what is wrong and say what to do.
    """
    n = len(batch)
    unnamed = [i + 1 for i, label in enumerate(batch) if label is None or label == ""]
    if unnamed:
        shown = ", ".join(map(str, unnamed[:12])) + (", ..." if len(unnamed) > 12 else "")
        raise CombatError(
            f"{len(unnamed)} of {n} samples have no batch (number {shown})",
            "say which batch they are from or leave them out",
        )
    labels, codes = np.unique(np.asarray(batch, dtype=object).astype(str), return_inverse=True)
    batches = tuple(str(name) for name in labels)
    if len(batches) < 2:
        found = f"all {n} samples are of batch {batches[0]}" if batches else "there is no sample"
        raise TooFewBatchesError(
            f"ComBat needs at least two batches, but {found}",
            "name the column that tells batches apart, or leave ComBat out",
            batches,
        )
    indicators = np.eye(len(batches))[codes]
    sizes = indicators.sum(axis=0)
    alone = [name for name, size in zip(batches, sizes, strict=True) if size == 1]
    if alone and not mean_only:
        raise SingleSampleBatchError(
            f"{_batches(alone)} {'has' if len(alone) == 1 else 'have'} one sample only, "
            "from which no variance can be estimated",
            "correct means only (mean_only), merge batches, or leave the sample out",
            alone,
        )
    columns, names = _checked(covariates, covariate_names, n)
    within = columns - (indicators.T @ columns / sizes[:, None])[codes]
    _, s, vt = np.linalg.svd(within, full_matrices=False)
    kept = s > RANK_TOLERANCE
    if not kept.all() or len(s) < len(names):
        raise _confounded(columns, vt[kept], names, batches, indicators, sizes)
    if n <= len(batches) + len(names):
        raise CovariateError(
            f"{n} samples leave nothing to estimate a variance from: the model has "
            f"{len(batches)} batches and {len(names)} covariates",
            "keep fewer covariates or merge batches",
        )
    turned = columns @ (vt.T / s)
    batch_means = indicators.T @ turned / sizes[:, None]
    return CombatDesign(
        batches=batches,
        codes=codes.ravel().astype(np.int64),
        sizes=sizes,
        indicators=indicators,
        covariates=turned,
        within=turned - batch_means[codes],
        batch_means=batch_means,
        mean_only=mean_only,
    )


def independent_columns(covariates: Floats) -> list[int]:
    """Return columns that say something the ones before them, and a constant, do not say.

    Groups and timepoints often overlap (controls have one timepoint of their own); what is kept
    is the same without the columns that only repeat others.

    Parameters
    ----------
    covariates : ndarray of shape (n_samples, n_columns)
    """
    basis = np.full((len(covariates), 1), 1.0 / np.sqrt(len(covariates)))
    chosen = []
    for j, column in enumerate(covariates.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length > RANK_TOLERANCE * np.linalg.norm(column):
            basis = np.column_stack([basis, rest / length])
            chosen.append(j)
    return chosen


def _checked(
    covariates: Floats | None, given: Sequence[str] | None, n: int
) -> tuple[Floats, list[str]]:
    """Covariates centred and scaled to length 1, and their names."""
    columns = np.empty((n, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if columns.ndim != 2 or len(columns) != n:
        raise CovariateError(
            f"covariates of shape {columns.shape} do not go with {n} batch labels",
            f"give a matrix of {n} rows, one a sample",
        )
    k = columns.shape[1]
    names = [str(i + 1) for i in range(k)] if given is None else list(given)
    if len(names) != k:
        raise CovariateError(
            f"{len(names)} names for {k} covariates", "give one name a column", names
        )
    holes = {
        name: int(count) for name, count in zip(names, (~np.isfinite(columns)).sum(0), strict=True)
    }
    holes = {name: count for name, count in holes.items() if count}
    if holes:
        said = ", ".join(f"{name} ({count} samples)" for name, count in holes.items())
        raise CovariateError(
            f"covariates to keep have missing or infinite values: {said}",
            "fill them in, leave those samples out, or do not keep the covariate",
            list(holes),
        )
    centred = columns - columns.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    flat = length <= 1e-12 * np.linalg.norm(columns, axis=0)
    if flat.any():
        same = [name for name, is_flat in zip(names, flat, strict=True) if is_flat]
        raise CovariateError(
            f"{_covariates(same)} {'is' if len(same) == 1 else 'are'} the same in all samples",
            "leave it out: the overall mean is kept anyway",
            same,
        )
    centred /= length
    _, s, vt = np.linalg.svd(centred, full_matrices=False)
    repeated = _taking_part(vt[s > RANK_TOLERANCE], names)
    if repeated:
        raise CovariateError(
            f"{_covariates(repeated)} are sums of each other",
            "leave out one of them (a category needs one column less than it has levels)",
            repeated,
        )
    return centred, names


def _taking_part(rows: Floats, names: Sequence[str]) -> list[str]:
    """Names of the columns in combinations that a matrix with this row space cannot see."""
    unseen = np.eye(len(names)) - rows.T @ rows
    return [name for name, row in zip(names, unseen, strict=True) if np.abs(row).max() > _SHARE]


def _confounded(
    columns: Floats,
    rows: Floats,
    names: Sequence[str],
    batches: Sequence[str],
    indicators: Floats,
    sizes: Floats,
) -> ConfoundedError:
    """Say which covariates combine to something constant within every batch."""
    unseen = np.eye(len(names)) - rows.T @ rows
    level = indicators.T @ (columns @ unseen) / sizes[:, None]
    away = np.abs(level - np.median(level, axis=0)).max(axis=1)
    apart = [name for name, a in zip(batches, away, strict=True) if a > _SHARE * away.max()]
    kept = _taking_part(rows, names)
    return ConfoundedError(
        f"{_covariates(kept)} cannot be told from {_batches(apart)}: within every batch "
        f"{'it does' if len(kept) == 1 else 'some sum of them does'} not vary",
        "merge these batches, leave their samples out, or do not keep the covariate "
        "(its differences between batches are then removed with the batches)",
        [*kept, *apart],
    )


def _batches(names: Sequence[str]) -> str:
    return f"batch{'' if len(names) == 1 else 'es'} {_listed(names)}"


def _covariates(names: Sequence[str]) -> str:
    return f"covariate{'' if len(names) == 1 else 's'} {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
