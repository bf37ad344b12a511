"""Features that are followed through the variants, and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.model_records import Sensitivity
from cohortmart.core.study.records import Thresholds
from cohortmart.core.text import did_you_mean
from cohortmart.core.types import Bools, Floats, Ints

#: Ids on either side of where an unknown one would stand, among which the meant one is sought.
_NEIGHBOURS = 200


@dataclass(frozen=True)
class Limits:
    """What counts as found; None = no such threshold.

    Parameters
    ----------
    p, adj_p : float or None
        P values below.
    log_fc : float or None
        Sizes above.
    """

    p: float | None
    adj_p: float | None
    log_fc: float | None

    def found(self, p: Floats, adj_p: Floats, log_fc: Floats) -> Bools:
        """Tell which features are found; a value exactly at a threshold is not, nor is NaN.

        Parameters
        ----------
        p, adj_p, log_fc : ndarray of shape (n_features,)
        """
        found = np.isfinite(p)
        if self.p is not None:
            found &= p < self.p
        if self.adj_p is not None:
            found &= adj_p < self.adj_p
        if self.log_fc is not None:
            found &= np.abs(log_fc) > self.log_fc
        return found


def limits_of(thresholds: Thresholds, default_adj_p: float) -> Limits:
    """Return the thresholds of an analysis without that of delta_beta, which is not refitted.

    Parameters
    ----------
    thresholds : Thresholds
    default_adj_p : float
        For adj_p where nothing else is named.
    """
    named = (thresholds.p, thresholds.adj_p, thresholds.log_fc)
    if all(value is None for value in named):
        return Limits(None, default_adj_p, None)
    return Limits(*named)


def listed_rows(
    feature_ids: pa.Array, p_value: Floats, options: Sensitivity, where: str
) -> list[Ints]:
    """Return for each contrast the rows of the features with the smallest P and of those named.

    Parameters
    ----------
    feature_ids : pyarrow.StringArray of length n_features
        In byte order.
    p_value : ndarray of shape (n_features, n_contrasts)
        NaN = not tested; such a feature is followed only if it is named.
    options : Sensitivity
    where : str
        Begins the messages.

    Returns
    -------
    list of ndarray of int
        Ascending, hence by feature id. Of equal P values the first by id counts.

    Raises
    ------
    AnalysisError
        A named feature is not among them.
    """
    named = _named_rows(feature_ids, options.features, where)
    rows = []
    for p in p_value.T:
        order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]
        rows.append(np.union1d(order[: options.top], named))
    return rows


def _named_rows(feature_ids: pa.Array, names: Sequence[str], where: str) -> Ints:
    found = pc.index_in(pa.array(list(names), feature_ids.type), value_set=feature_ids)
    unknown = [name for name, at in zip(names, found.to_pylist(), strict=True) if at is None]
    if unknown:
        raise AnalysisError(
            f"{where}: `sensitivity.features` names {unknown[0]}, which was not tested",
            expected=f"ids of the {len(feature_ids):,} features of the analysis",
            found=", ".join(unknown),
            hint=did_you_mean(unknown[0], _like(feature_ids, unknown[0])),
        )
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _like(feature_ids: pa.Array, name: str) -> list[str]:
    """Ids that differ in case alone, and those around the place where `name` would stand."""
    same = pc.equal(pc.utf8_lower(feature_ids), name.lower())
    at = int(pc.sum(pc.less(feature_ids, name)).as_py() or 0)
    first = max(0, at - _NEIGHBOURS)
    around = feature_ids.slice(first, at + _NEIGHBOURS - first)
    return [*feature_ids.filter(same).to_pylist(), *around.to_pylist()]
