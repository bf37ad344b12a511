"""Rebounds in the summary of a run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import duckdb

from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import fetch

_REBOUNDS = """
    select s.pair, s.study_group, s.n_found, s.n_tested, c.r, c.r_no_effect, c.p_value, c.reading
    from rebound_summary as s
    left join contrast_correlation as c
        on
            c.analysis = s.analysis
            and (
                (c.first_contrast = s.first_contrast and c.second_contrast = s.second_contrast)
                or (c.first_contrast = s.second_contrast and c.second_contrast = s.first_contrast)
            )
    where s.analysis = $1
    order by s.pair, s.study_group
"""


def rebound_lines(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> list[str]:
    """Say how many features rebound, and whether the two changes go together beyond chance.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    name : str
        Of the analysis.
    """
    options = study.analyses[name].rebound
    if options is None:
        return []
    lines = []
    rows = fetch(con, _REBOUNDS, [name]).to_pylist()
    for pair, of_pair in groupby(rows, key=lambda row: row["pair"]):
        lines.append(f"    rebound {pair} (preset {options.preset}; table rebound)")
        lines += [f"      {_said(row)}" for row in of_pair]
    return lines


def _said(row: Mapping[str, Any]) -> str:
    group = row["study_group"] or "all"
    said = f"{group}: {row['n_found']:,} of {row['n_tested']:,} features rebound"
    if row["r"] is None or row["p_value"] is None:
        return said
    return (
        f"{said}; the two changes correlate at {row['r']:.2f}, without any effect "
        f"{row['r_no_effect']:.2f} (P {row['p_value']:.2g}): {row['reading']}"
    )
