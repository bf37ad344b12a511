"""Queries of people: one statement that only reads, its parameters, and faults said plainly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from cohortmart.core.errors import InputError
from cohortmart.core.text import counted, listed, nearest
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.read_only import is_reading_select

#: Values of a query's parameters: in the order of its `?`, or by the names of its `$name`.
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

#: Rows that travel from DuckDB at a time: keeps memory flat however long the answer is.
BATCH_ROWS = 65_536

#: `explain` and its options; what follows is the statement that is explained. No comments: they
#: are DuckDB's to read.
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?(?![a-z_0-9])", re.IGNORECASE)
_EXPLAIN_OPTIONS = re.compile(r"\s*\([a-z_,\s]*\)", re.IGNORECASE)


def check_query(query: str, params: Parameters | None = None) -> None:
    """Refuse anything but one statement that reads, with a value for each of its parameters.

    A warehouse is opened read-only, but COPY could still write into the lake's folder.

    Parameters
    ----------
    query : str
        SQL of a user; a semicolon at its end is fine.
    params : sequence or mapping, optional

    Raises
    ------
    InputError
        It is empty, more than one statement, or writes; parameters lack a value, or values a
        parameter.
    duckdb.ParserException
        It is no SQL; see `said_plainly`.
    """
    statements = duckdb.extract_statements(query)
    if not statements:
        raise InputError("the query is empty", hint="for example: from dim_sample")
    if len(statements) > 1:
        raise InputError(
            "one query at a time",
            expected="one SQL statement",
            found=f"{len(statements)} statements",
            hint="ask them one after the other",
        )
    _check_parameters(set(statements[0].named_parameters), params)
    if reading_parts(query):
        return
    hint = "the warehouse is made from the raw files; change those, or study.yml, instead"
    if "pivot" in query.lower():
        hint = "a pivot has to list its columns: pivot … on timepoint in ('1st', '3rd') using …"
    raise InputError(
        "only queries that read are run here",
        expected="select …, with … select, from …, describe, show tables, summarize, or explain "
        "and one of these",
        found=" ".join(query.split())[:80],
        hint=hint,
    )


def reading_parts(query: str) -> list[str]:
    """Return what of a query selects: all of it, or what its `explain` is about.

    Parameters
    ----------
    query : str
        One statement of a user.

    Raises
    ------
    duckdb.ParserException
        It is no SQL.
    """
    (statement,) = duckdb.extract_statements(query)
    return [part for part in _explained(query, statement) if is_reading_select(part)]


def answer(
    con: duckdb.DuckDBPyConnection, query: str, params: Parameters | None = None
) -> duckdb.DuckDBPyRelation:
    """Return what a checked query gives, on a cursor of its own.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse; it may be used by several threads, each by a call of its own.
    query : str
    params : sequence or mapping, optional
    """
    cursor = con.cursor()
    return cursor.sql(query, params=params) if params else cursor.sql(query)


def distinct_names(names: Sequence[str]) -> list[str]:
    """Rename repeated columns (`select a, a`) to a, a_2.

    Parameters
    ----------
    names : sequence of str
    """
    taken: set[str] = set()
    result = []
    for name in names:
        unique, number = name, 1
        while unique in taken or (number > 1 and unique in names):
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique)
        result.append(unique)
    return result


def _check_parameters(names: set[str], params: Parameters | None) -> None:
    """Raise unless each parameter has a value, and each value a parameter."""
    if not names and not params:
        return
    asked = ", ".join(f"${name}" for name in sorted(names, key=_place))
    if params is None:
        raise InputError(
            "the query has parameters, and there is nothing to fill them with",
            expected="a query with its values written out",
            found=f"{asked} (a `?` is numbered from $1)",
            hint="write each value in the query itself, text in single quotes: where timepoint = "
            "'1st'",
        )
    if isinstance(params, Mapping):
        _check_names(names, [str(name) for name in params])
        return
    if isinstance(params, (str, bytes)) or not isinstance(params, Sequence):
        raise InputError(
            "parameters come as a list, or as a dict by name",
            found=type(params).__name__,
            hint="for example [value] for a `?`, {'name': value} for a `$name`",
        )
    if not all(name.isdigit() for name in names):
        raise InputError(
            "the parameters of the query have names, and their values have none",
            expected=f"a dict with {asked}",
            found=f"a list of {counted(len(params), 'value')}",
            hint="for example {'name': value} for `$name`",
        )
    if len(names) != len(params):
        raise InputError(
            "there are not as many values as the query has parameters",
            expected=counted(len(names), "value"),
            found=str(len(params)),
        )


def _check_names(names: set[str], given: Sequence[str]) -> None:
    """Raise unless the names of the query's parameters are those that are given."""
    missing = [name for name in sorted(names, key=_place) if name not in given]
    further = [name for name in given if name not in names]
    if not missing and not further:
        return
    likely = nearest(further[0], missing) if further and missing else None
    shown = listed([f"${name}" for name in sorted(names, key=_place)], 20) or "none"
    raise InputError(
        f"parameter ${missing[0]} has no value" if missing
        else f"the query has no parameter ${further[0]}",
        expected=shown,
        found=listed(given, 20) or "none",
        hint=f"did you mean `{likely}`?" if likely else None,
    )  # fmt: skip


def _place(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (0, name)


def _explained(query: str, statement: duckdb.Statement) -> Iterator[str]:
    """Yield what may be the statement that is run: the query, or what its `explain` is about.

    A parenthesis behind `explain` opens options or a query; only one of the two can be parsed.
    """
    if statement.type != duckdb.StatementType.EXPLAIN:
        yield query
        return
    word = _EXPLAIN.match(query)
    if word is not None:
        rest = query[word.end() :]
        yield rest
        options = _EXPLAIN_OPTIONS.match(rest)
        if options is not None:
            yield rest[options.end() :]


@contextmanager
def said_plainly(home: Home) -> Iterator[None]:
    """Turn DuckDB's errors into one message that says what to do.

    Parameters
    ----------
    home : Home
        Of the warehouse that is asked.
    """
    try:
        yield
    except duckdb.CatalogException as error:
        raise InputError(
            _cleaned(error), hint="`show tables` lists the tables, `describe TABLE` its columns"
        ) from error
    except duckdb.PermissionException as error:
        raise InputError(
            _cleaned(error),
            hint="a query reads the tables of this study's warehouse and no other file",
        ) from error
    except duckdb.IOException as error:
        raise InputError(
            _cleaned(error),
            file=home.warehouse,
            hint="close other programs that have the warehouse open for writing, or make it anew "
            "with `cohortmart build`",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            _cleaned(error), hint="ask for less at once: fewer rows, no sort of a whole big table"
        ) from error
    except duckdb.Error as error:
        raise InputError(_cleaned(error)) from error
    except pa.ArrowNotImplementedError as error:
        raise InputError(
            f"a column of this query cannot be written: {error}", hint="cast it to varchar"
        ) from error


def _cleaned(error: Exception) -> str:
    lines = [line.rstrip() for line in str(error).splitlines()]
    return "\n".join(line for line in lines if line)
