"""Names in a query: which tables and functions its syntax tree speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.read_only import syntax_tree

#: Where rows may come from; what else DuckDB may learn to read is refused until it is known.
_REFERENCES = {
    "BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY", "JOIN", "EMPTY", "EMPTY_FROM", "EXPRESSION_LIST",
    "SHOW_REF", "PIVOT",
}  # fmt: skip
#: Case is folded as DuckDB does it: letters beyond a to z are what they are.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Named:
    """What a query names.

    Parameters
    ----------
    tables : set of tuple of str
        Tables and views with the schema and catalog before them where they are written; small
        letters. Those that the query itself makes (`with …`) are not among them.
    table_functions, functions : set of str
    shows : set of str
        What `show …` lists.
    """

    tables: set[tuple[str, ...]] = field(default_factory=set)
    table_functions: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    shows: set[str] = field(default_factory=set)


def lowered(name: str) -> str:
    """Return a name as DuckDB compares it."""
    return name.translate(_LOWER)


def named_in(query: str) -> Named:
    """Return what a query names, wherever it stands in it.

    Parameters
    ----------
    query : str
        A SELECT that only reads, see `reading_parts`.

    Raises
    ------
    InputError
        Its rows come from something that is not known.
    """
    found = Named()
    waiting: list[tuple[Any, frozenset[str]]] = [(syntax_tree(query), frozenset())]
    while waiting:
        node, made = waiting.pop()
        if isinstance(node, list):
            waiting += [(part, made) for part in node]
        elif isinstance(node, dict):
            waiting += _parts(node, made, found)
    return found


def _parts(
    node: dict[str, Any], made: frozenset[str], found: Named
) -> Iterator[tuple[Any, frozenset[str]]]:
    """Note what a node names; give its parts, each with the names of `with` that it can see."""
    kind, rest = node.get("type"), dict(node)
    for key in ("from_table", "source", *(("left", "right") if kind == "JOIN" else ())):
        reference = node.get(key)
        if isinstance(reference, dict) and reference.get("type") not in _REFERENCES:
            raise InputError("this query reads from something other than tables")
    if kind == "RECURSIVE_CTE_NODE":  # its beginning does not see itself
        yield rest.pop("left", None), made
        yield rest.pop("right", None), made | {lowered(str(node.get("cte_name")))}
    with_map = rest.pop("cte_map", None)
    for entry in (with_map or {}).get("map", ()):
        yield entry["value"], made
        made |= {lowered(entry["key"])}
    if kind == "BASE_TABLE":
        path = _path(node)
        if len(path) > 1 or path[0] not in made:
            found.tables.add(path)
    elif kind == "SHOW_REF" and not node.get("query"):
        path = _path(node)
        if node.get("show_type") == "SHOW_SPECIAL":
            found.shows.add(path[-1].strip('"'))
        else:
            found.tables.add(path)
    elif kind == "TABLE_FUNCTION":
        function = rest.pop("function")
        found.table_functions.add(_function(function))
        yield list(function.values()), made
    elif "function_name" in node:
        found.functions.add(_function(node))
    yield list(rest.values()), made


def _path(node: dict[str, Any]) -> tuple[str, ...]:
    """Return what is written of a table: name, or schema and name, or more of it."""
    written = node.get("qualified_name", {}).get("path") or [
        part for key in ("catalog_name", "schema_name", "table_name") if (part := node.get(key))
    ]
    return tuple(lowered(str(part)) for part in written)


def _function(node: dict[str, Any]) -> str:
    path = node.get("qualified_name", {}).get("path") or [node["function_name"]]
    return lowered(str(path[-1]))
