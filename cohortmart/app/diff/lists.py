"""Lists of features that two runs have: those of contrasts and those that rebound."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from analyses.load.pending_results import default_adj_p
from cohortmart.app.diff.runs import Run
from cohortmart.core.errors import InputError
from cohortmart.core.study.records import Thresholds
from cohortmart.core.text import did_you_mean, threshold_words
from cohortmart.core.warehouse.macros import rendered

_THRESHOLD_NAMES = ("p", "adj_p", "delta_beta", "log_fc")

#: The numbers of a feature, which are the same only if all of them are; and for rebounds those
#: of the two changes, too.
NUMBERS = ("log_fc", "t", "p_value", "delta_beta")
REBOUND_NUMBERS = (
    *("log_fc_first", "log_fc_second", "p_first", "p_second"),
    *("delta_beta_first", "delta_beta_second"),
)

_THRESHOLDS = """
    select p, adj_p, delta_beta, log_fc from staging.stg_results__thresholds where analysis = $1
"""
_PARAMETERS = "select parameters from analysis_run where analysis = $1"
_CONTRAST = """
    select feature_id, log_fc, t, p_value, adj_p_value, delta_beta
    from fct_contrast_result where analysis = $1 and contrast = $2
"""
_REBOUND = """
    select
        feature_id, amplitude as log_fc, amplitude / nullif(amplitude_se, 0e0) as t,
        p_rebound as p_value, adj_p_rebound as adj_p_value, cast(null as double) as delta_beta,
        log_fc_first, log_fc_second, p_first, p_second, adj_p_rebound,
        delta_beta_first, delta_beta_second
    from rebound
    where analysis = $1 and pair = $2 and study_group is not distinct from $3
"""
_CONTRAST_LISTS = "select analysis, contrast as name, n_samples from dim_contrast"
_REBOUND_LISTS = """
    select analysis, pair as name, study_group, preset from dim_rebound_pair
"""


@dataclass(frozen=True, order=True)
class ListName:
    """Which list of features.

    Parameters
    ----------
    analysis : str
    kind : {"contrast", "rebound"}
    name : str
        Of the contrast, or of the pair of contrasts that is read as a rebound.
    study_group : str
        Of a rebound; '' for a contrast and for a rebound of no one group.
    """

    analysis: str
    kind: Literal["contrast", "rebound"]
    name: str
    study_group: str = ""

    def __str__(self) -> str:
        if self.kind == "contrast":
            return self.name
        return " ".join(part for part in ("rebound", self.name, self.study_group) if part)


@dataclass(frozen=True)
class Rule:
    """What counts as found in one list of one run.

    Parameters
    ----------
    thresholds : dict
        p, adj_p, delta_beta and log_fc; None = not asked for.
    preset : str or None
        Of a rebound.
    """

    thresholds: dict[str, float | None]
    preset: str | None = None

    def __str__(self) -> str:
        preset = f"preset {self.preset}" if self.preset else ""
        return ", ".join(filter(None, (threshold_words(**self.thresholds), preset)))


def list_names(run: Run, *, rebounds: bool) -> dict[ListName, dict[str, Any]]:
    """Return the lists of a run with what their row says beside the name.

    Parameters
    ----------
    run : Run
    rebounds : bool
        Also the rebounds, not only the contrasts.

    Returns
    -------
    dict of ListName to dict
        Sorted by name; `n_samples` of a contrast, `preset` of a rebound.
    """
    found = {
        ListName(row["analysis"], "contrast", row["name"]): row for row in run.rows(_CONTRAST_LISTS)
    }
    for row in run.rows(_REBOUND_LISTS) if rebounds else []:
        found[ListName(row["analysis"], "rebound", row["name"], row["study_group"] or "")] = row
    return dict(sorted(found.items()))


def only_of(names: dict[ListName, Any], analysis: str | None) -> dict[ListName, Any]:
    """Return the lists of one analysis; all of them if it is None."""
    return {n: row for n, row in names.items() if analysis is None or n.analysis == analysis}


def refuse_unknown(analysis: str | None, known: set[str]) -> None:
    """Raise `InputError` if neither run has the analysis that was asked for."""
    if analysis is not None and analysis not in known:
        raise InputError(
            "neither run has this analysis",
            expected=", ".join(sorted(known)) or "no analysis; neither run has one",
            found=analysis,
            hint=did_you_mean(analysis, sorted(known)),
        )


def rule_of(run: Run, name: ListName, row: dict[str, Any], given: Thresholds | None) -> Rule:
    """Return what counts as found in a list.

    Parameters
    ----------
    run : Run
    name : ListName
    row : dict
        Its row, see `list_names`.
    given : Thresholds, optional
        These in place of the study's own.
    """
    if given is not None:
        return Rule({k: getattr(given, k) for k in _THRESHOLD_NAMES})
    rows = run.rows(_THRESHOLDS, [name.analysis])
    return Rule(rows[0] if rows else _noted_thresholds(run, name.analysis), row.get("preset"))


def _noted_thresholds(run: Run, analysis: str) -> dict[str, float | None]:
    """Return the thresholds from the parameters; earlier versions had no table of them."""
    rows = run.rows(_PARAMETERS, [analysis])
    noted = (json.loads(rows[0]["parameters"]).get("thresholds") if rows else None) or {}
    thresholds = {name: noted.get(name) for name in _THRESHOLD_NAMES}
    if all(value is None for value in thresholds.values()):
        thresholds["adj_p"] = default_adj_p()
    return thresholds


def numbers_of(run: Run, name: ListName) -> pa.Table:
    """Return the numbers of every feature of a list; one row a feature, whatever order.

    Raises
    ------
    InputError
        The warehouse was built by a version whose tables are others.
    """
    if name.kind == "contrast":
        table = run.table(_CONTRAST, [name.analysis, name.name])
    else:
        table = run.table(_REBOUND, [name.analysis, name.name, name.study_group or None])
    if table is None:
        raise InputError(
            "another version of cohortmart built this warehouse",
            file=run.home.warehouse,
            hint=f"build it again: cohortmart build --out {run.home.root}",
        )
    return table


def found_condition(name: ListName, numbers: str, rule: str) -> str:
    """Return the SQL condition that a row of `numbers` is found by the one row of `rule`.

    It is that of the models `deg`, `dmp` and `rebound`.

    Parameters
    ----------
    name : ListName
    numbers, rule : str
        Names of relations.
    """
    if name.kind == "contrast":
        condition = rendered("is_found", numbers, rule)
    else:
        condition = rendered("is_rebound_found", numbers, rule, rule, repr(default_adj_p()))
    return f"coalesce({condition}, false)"
