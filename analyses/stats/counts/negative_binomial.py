"""Negative-binomial regression with a log link, many genes at once.

    count ~ NB(mean mu, variance mu + dispersion mu^2),  log mu = design @ coefficients + offset

as in McCarthy, Chen & Smyth (2012), Nucleic Acids Res 40:4288-4297. With the dispersion given, the
log-likelihood is concave in the coefficients, so Newton's method with the observed information
converges quadratically; a step that goes too far is halved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyses.stats.numeric.parallel import rows_times
from cohortmart.core.types import Bools, Floats, Ints

#: A dispersion below this is as good as none (Poisson) and would only cost digits.
LEAST_DISPERSION = 1e-8

_MOST_STEPS = 200
_MOST_HALVINGS = 40

#: Linear predictors beyond are cut off: exp() stays finite.
_MOST_ETA = 300.0


@dataclass(frozen=True)
class NegativeBinomialFit:
    """Regression of every gene.

    Parameters
    ----------
    coefficients : ndarray of shape (n_genes, n_columns)
        Natural log. Where counts of zero push one to minus infinity, as far as it was followed
        (fitted values of about 1e-8).
    fitted : ndarray of shape (n_genes, n_samples)
        Means, in counts.
    converged : ndarray of shape (n_genes,), bool
    """

    coefficients: Floats
    fitted: Floats
    converged: Bools


def fit_negative_binomial(
    counts: Floats,
    design: Floats,
    offset: Floats,
    dispersion: Floats,
    start: Floats | None = None,
    tolerance: float = 1e-9,
) -> NegativeBinomialFit:
    """Fit the regression to every gene with its dispersions given.

    Parameters
    ----------
    counts : ndarray of shape (n_genes, n_samples)
        Not negative; decimals allowed.
    design : ndarray of shape (n_samples, n_columns)
        Of full column rank.
    offset : ndarray that broadcasts to (n_genes, n_samples)
        Natural log of the library sizes, say.
    dispersion : ndarray that broadcasts to (n_genes, n_samples)
    start : ndarray of shape (n_genes, n_columns), optional
        Coefficients to start from.
    tolerance : float
        A gene is done after a step that promised to raise its log-likelihood by less than this;
        what is left after that step is far less again.

    Notes
    -----
    All genes are held at once with a matrix (n_columns, n_columns) each: give blocks of them.
    """
    y = np.asarray(counts, dtype=np.float64)
    offset = np.broadcast_to(offset, y.shape)
    phi = np.maximum(_by_row(dispersion, len(y)), LEAST_DISPERSION)
    products = column_products(design)
    beta = _start(y, design, products, offset, phi) if start is None else start.copy()
    eta = _predictor(beta, design, offset)
    converged = np.zeros(len(y), dtype=bool)
    rows = np.arange(len(y))
    active = _Rows(y, offset, phi, eta, likelihood_core(y, eta, phi), beta.copy())
    for _ in range(_MOST_STEPS):
        gain = active.step(design, products)
        beta[rows], eta[rows] = active.beta, active.eta
        done = gain < tolerance
        converged[rows[done]] = True
        rows = rows[~done]
        if rows.size == 0:
            break
        if done.any():
            active = active.only(~done)
    return NegativeBinomialFit(beta, np.exp(eta), converged)


@dataclass
class _Rows:
    """The rows still being worked on, and where they are."""

    y: Floats
    offset: Floats
    phi: Floats
    eta: Floats
    likelihood: Floats
    beta: Floats

    def only(self, keep: Bools) -> _Rows:
        return _Rows(
            self.y[keep],
            self.offset[keep],
            self.phi[keep],
            self.eta[keep],
            self.likelihood[keep],
            self.beta[keep],
        )

    def step(self, design: Floats, products: Floats) -> Floats:
        """One Newton step of every row; returns how far the likelihood should have gone up."""
        mu = np.exp(self.eta)
        spread = 1.0 + self.phi * mu
        gradient = rows_times((self.y - mu) / spread, design)
        weight = mu / spread * ((1.0 + self.phi * self.y) / spread)
        move = solve_rows(rows_times(weight, products), gradient)
        gain: Floats = np.abs((gradient * move).sum(axis=1))
        self._advance(move, design)
        return gain

    def _advance(self, move: Floats, design: Floats) -> None:
        rows: Ints | slice = slice(None)
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            beta = self.beta[rows] + share * move[rows]
            eta = _predictor(beta, design, self.offset[rows])
            likelihood = likelihood_core(self.y[rows], eta, self.phi[rows])
            # a step that is right may lose what rounding loses
            lost = self.likelihood[rows] - likelihood > 1e-10 * (1.0 + np.abs(likelihood))
            which = np.arange(len(self.y))[rows]
            fine = which[~lost]
            self.beta[fine], self.eta[fine] = beta[~lost], eta[~lost]
            self.likelihood[fine] = likelihood[~lost]
            if not lost.any():
                return
            rows, share = which[lost], share / 2.0


def column_products(design: Floats) -> Floats:
    """Return the products of all pairs of columns: weights times these are X'WX of every row.

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_columns)

    Returns
    -------
    ndarray of shape (n_samples, n_columns ** 2)
    """
    return np.asarray((design[:, :, None] * design[:, None, :]).reshape(len(design), -1))


def solve_rows(information: Floats, gradient: Floats) -> Floats:
    """Solve the normal equations of every row.

    Parameters
    ----------
    information : ndarray of shape (n_rows, n_columns ** 2)
    gradient : ndarray of shape (n_rows, n_columns)
    """
    matrix = _with_pivots(information, gradient.shape[1])
    return np.asarray(np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0])


def contrast_errors(information: Floats, contrasts: Floats) -> Floats:
    """Return the standard errors of contrasts of the coefficients, for every row.

    Parameters
    ----------
    information : ndarray of shape (n_rows, n_columns ** 2)
        X'WX.
    contrasts : ndarray of shape (n_columns, n_contrasts)

    Returns
    -------
    ndarray of shape (n_rows, n_contrasts)
        Very large (1e4 and more) where zero counts leave a contrast without weight.
    """
    matrix = _with_pivots(information, len(contrasts))
    found = np.linalg.solve(matrix, np.broadcast_to(contrasts, (len(matrix), *contrasts.shape)))
    # rounding in an almost singular system may give a negative variance: a large one as well
    return np.asarray(np.sqrt(np.abs((contrasts * found).sum(axis=1))))


def _with_pivots(information: Floats, p: int) -> Floats:
    """Diagonals raised: too little to move anything, enough for a column without weight."""
    matrix = information.reshape(-1, p, p).copy()
    diagonal = matrix[:, np.arange(p), np.arange(p)]
    matrix[:, np.arange(p), np.arange(p)] += 1e-14 * diagonal.max(axis=1, keepdims=True) + 1e-300
    return matrix


def likelihood_core(y: Floats, eta: Floats, phi: Floats) -> Floats:
    """Log-likelihood of every row without the terms that do not depend on the means.

    Parameters
    ----------
    y, eta : ndarray of shape (n_rows, n_samples)
        Counts and log means.
    phi : ndarray that broadcasts to (n_rows, n_samples)
        Dispersions.
    """
    rest = np.log1p(phi * np.exp(eta)) * (y + 1.0 / phi)
    return np.asarray((y * eta - rest).sum(axis=1))


def _by_row(values: Floats, n: int) -> Floats:
    """Give it one row a gene, so that rows can be picked."""
    two = np.atleast_2d(values)
    return np.broadcast_to(two, (n, two.shape[1]))


def _predictor(beta: Floats, design: Floats, offset: Floats) -> Floats:
    return np.clip(rows_times(beta, design.T) + offset, -_MOST_ETA, _MOST_ETA)


def _start(y: Floats, design: Floats, products: Floats, offset: Floats, phi: Floats) -> Floats:
    """Weighted least squares on the logs of the counts."""
    mu = np.maximum(y, 1.0 / 6.0)
    weight = mu / (1.0 + phi * mu)
    right = rows_times(weight * (np.log(mu) - offset), design)
    return solve_rows(rows_times(weight, products), right)
