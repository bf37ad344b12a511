"""Answers as JSON: for the SQL page and for agents."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from cohortmart.core.rows.plain_values import json_text, json_value
from cohortmart.explore.answers.queries.limited import Answered

#: Whole numbers that JSON's readers keep; letters of a text that are shown.
_LARGEST, _MOST_LETTERS = 2**53, 5_000


def plain_answer(answered: Answered) -> dict[str, Any]:
    """Return an answer as JSON can hold it.

    Parameters
    ----------
    answered : Answered

    Returns
    -------
    dict
        `columns`: name and type of each; `rows`: a list a row; `is_all`: whether there are no
        more; `seconds`.
    """
    columns = [
        {"name": name, "type": kind.strip('"')}
        for name, kind in zip(answered.rows.schema.names, answered.kinds, strict=True)
    ]
    values = [[plain_value(v) for v in column.to_pylist()] for column in answered.rows.columns]
    rows = [list(row) for row in zip(*values, strict=True)]
    seconds = round(answered.seconds, 3)
    return {"columns": columns, "rows": rows, "is_all": answered.is_all, "seconds": seconds}


def plain_value(value: Any) -> Any:
    """Return a value as a number, a text, true, false or None, without losing a digit.

    Lists and records are JSON text; so are numbers that JSON's readers would round.

    Parameters
    ----------
    value : object
        Of Arrow.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > _LARGEST):
        return str(value)
    plain = json_value(value)
    if isinstance(plain, (list, dict)):
        plain = json_text(plain)
    if isinstance(plain, str) and len(plain) > _MOST_LETTERS:
        return f"{plain[:_MOST_LETTERS]}… ({len(plain):,} letters)"
    return plain
