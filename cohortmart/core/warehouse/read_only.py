"""Whether a piece of SQL only reads.

A read-only connection alone does not see to that: COPY could write into the lake's folder.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import fetch

#: Nodes of DuckDB's syntax tree that only read.
READING_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}


def is_reading_select(query: str) -> bool:
    """Tell whether the text is one SELECT of which no part writes.

    Parameters
    ----------
    query : str
        SQL of a user.

    Raises
    ------
    InputError
        It is too deeply nested to be looked through.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.ParserException:
        return False
    if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
        return False
    try:
        tree = syntax_tree(query)
        return tree is not None and _only_reads(tree)
    except RecursionError as error:
        raise InputError("this query is too deeply nested to be looked through") from error


def syntax_tree(query: str) -> Any:
    """Return DuckDB's syntax tree of a query; None if it is none that only selects.

    Parameters
    ----------
    query : str
        SQL of a user.
    """
    con = duckdb.connect()
    try:
        serialised = fetch(con, "select json_serialize_sql(?::varchar) as tree", [query])
    finally:
        con.close()
    tree = json.loads(serialised["tree"][0].as_py())
    return None if tree.get("error") else tree


def _only_reads(node: Any) -> bool:
    """Whether no part of the tree writes: `with a as (copy …) select` is a SELECT for DuckDB."""
    if isinstance(node, list):
        return all(_only_reads(part) for part in node)
    if not isinstance(node, dict):
        return True
    if "cte_map" in node and node.get("type") not in READING_NODES:
        return False
    return all(_only_reads(part) for part in node.values())
