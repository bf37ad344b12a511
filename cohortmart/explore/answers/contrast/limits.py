"""Thresholds of a contrast as its reader moves them; nothing is fitted again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, log10
from typing import Any

from cohortmart.core import text
from cohortmart.core.warehouse.macros import rendered
from cohortmart.explore.answers.sql_values import sql_value
from cohortmart.explore.answers.view import Control, Wanted, number

#: Parameters of the address; P stands there as its logarithm, along which its slider moves.
ADJ_P, LOG_FC, DELTA_BETA = "log10_adj_p", "log_fc", "delta_beta"
NAMES = (ADJ_P, LOG_FC, DELTA_BETA)
_LEAST_P, _P_STEP = -12.0, 0.05
_MOST_BETA, _BETA_STEP = 0.5, 0.005


@dataclass(frozen=True)
class Limits:
    """What a feature must pass to count as found; None is no threshold.

    Parameters
    ----------
    p, adj_p : float or None
        P values that must be smaller.
    delta_beta, log_fc : float or None
        Sizes of change that must be larger.
    """

    p: float | None = None
    adj_p: float | None = None
    delta_beta: float | None = None
    log_fc: float | None = None

    @property
    def words(self) -> str:
        """The thresholds, for people."""
        return text.threshold_words(**asdict(self)) or "every feature counts"


#: Limits as a relation `l` of one row, and whether a row `r` meets them; takes $p, $adj_p,
#: $delta_beta, $log_fc.
LIMITS = (
    "(select $p::double as p, $adj_p::double as adj_p, $delta_beta::double as delta_beta, "
    "$log_fc::double as log_fc) as l"
)
IS_FOUND = f"coalesce({rendered('is_found', 'r', 'l')}, false)"
DIRECTION = f"case when not {IS_FOUND} then 'neither' when r.log_fc > 0 then 'up' else 'down' end"


def limit_literals(limits: Limits) -> str:
    """Return limits as the relation `l` of `IS_FOUND`, their numbers written out."""
    values = (f"{sql_value(v)}::double as {name}" for name, v in asdict(limits).items())
    return f"(select {', '.join(values)}) as l"


def own_limits(row: Mapping[str, Any]) -> Limits:
    """Return the thresholds of the study.

    Parameters
    ----------
    row : mapping
        Of `contrast_summary`.
    """
    return Limits(**{name: row[f"threshold_{name}"] for name in Limits.__dataclass_fields__})


def moved_limits(row: Mapping[str, Any], wanted: Wanted, *, of_probes: bool) -> Limits:
    """Return the thresholds that an address sets, the study's own where it sets none.

    Parameters
    ----------
    row : mapping
        Of `contrast_summary`.
    wanted : mapping of str to str
    of_probes : bool
        Whether there is a delta beta.
    """
    own = own_limits(row)
    log_p = _moved(wanted, ADJ_P, _log(own.adj_p), _LEAST_P, 0.0, _P_STEP)
    # where the slider stands as near as it can, the study's number itself is meant
    adj_p = own.adj_p if log_p == _log(own.adj_p) else None if log_p == 0.0 else 10**log_p
    log_fc = _moved(wanted, LOG_FC, own.log_fc or 0.0, 0.0, 1e6, 0.0)
    beta = _moved(wanted, DELTA_BETA, own.delta_beta or 0.0, 0.0, 1.0, _BETA_STEP)
    return Limits(
        own.p,
        adj_p,
        (beta or None) if of_probes else own.delta_beta,
        log_fc or None,
    )


def limit_controls(limits: Limits, largest: float, *, unit: str, of_probes: bool) -> list[Control]:
    """Return the sliders of the thresholds.

    Parameters
    ----------
    limits : Limits
        As they are set.
    largest : float
        The largest change of the contrast.
    unit : str
        Of changes.
    of_probes : bool
    """
    step = 0.01 if largest < 10 else 0.1
    most = max(ceil(largest / step) * step, limits.log_fc or 0.0, step)
    controls = [
        Control(ADJ_P, "Adjusted P below", f"{_log(limits.adj_p):.6g}", "slider",
                least=_LEAST_P, most=0.0, step=_P_STEP),
        Control(LOG_FC, f"Change larger than ({unit})", f"{limits.log_fc or 0:g}", "slider",
                least=0.0, most=round(most, 2), step=step),
    ]  # fmt: skip
    if of_probes:
        controls.append(
            Control(DELTA_BETA, "Delta beta larger than", f"{limits.delta_beta or 0:g}", "slider",
                    least=0.0, most=_MOST_BETA, step=_BETA_STEP)
        )  # fmt: skip
    return controls


def _log(adj_p: float | None) -> float:
    return 0.0 if adj_p is None else max(log10(max(adj_p, 1e-300)), _LEAST_P)


def _moved(wanted: Wanted, name: str, own: float, least: float, most: float, step: float) -> float:
    """Return where a slider stands; as near to the study's own value as it can is that value."""
    value = number(wanted, name, own, least, most)
    return own if abs(value - own) <= step / 2 + 1e-9 else value
