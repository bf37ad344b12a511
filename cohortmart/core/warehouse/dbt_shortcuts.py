"""What dbt does for every node and no one asked for: left out in cohortmart's own builds.

Each shortcut changes one function of dbt, in the process that builds, and no result. Where a
version of dbt lacks the function the shortcut is not taken.
"""

from __future__ import annotations

import functools
import marshal
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any

#: Macros that dbt's Python, or a text that is rendered later, calls by name.
_CALLED_BY_NAME = (
    "alter_column_type",
    "check_schema_exists",
    "create_schema",
    "drop_relation",
    "drop_schema",
    "get_catalog",
    "get_catalog_relations",
    "get_columns_in_relation",
    "get_where_subquery",
    "list_function_relations_without_caching",
    "list_relations_without_caching",
    "list_schemas",
    "rename_relation",
    "truncate_relation",
    "validate_sql",
)


def without_unused_macros(manifest: Any) -> None:
    """Take the macros out of a manifest that nothing in it can reach.

    Every node gets an object for each macro, twice; views, tables and tests need a third of
    dbt's macros. What is kept: the project's own, what nodes and dbt's Python call, the
    materializations in use, and whatever these depend on or may be dispatched to.

    Parameters
    ----------
    manifest : dbt's Manifest
    """
    macros, project = manifest.macros, manifest.metadata.project_name
    by_name: dict[str, list[str]] = {}
    for key, macro in macros.items():
        by_name.setdefault(_plain(macro.name), []).append(key)
    waiting = [key for node in manifest.nodes.values() for key in node.depends_on.macros]
    waiting += [key for key, macro in macros.items() if macro.package_name == project]
    waiting += [key for name in _CALLED_BY_NAME for key in by_name.get(name, ())]
    for kind in {node.get_materialization() for node in manifest.nodes.values()}:
        chosen = manifest.find_materialization_macro_by_name(project, kind, "duckdb")
        waiting += [] if chosen is None else [chosen.unique_id]
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in macros and key not in reached:
            reached.add(key)
            waiting += macros[key].depends_on.macros
            if not macros[key].name.startswith("materialization_"):
                waiting += by_name[_plain(macros[key].name)]  # `adapter.dispatch` chooses of these
    for key in [key for key in macros if key not in reached]:
        del macros[key]


def _plain(name: str) -> str:
    return name.removeprefix("default__").removeprefix("duckdb__")


def take_shortcuts(templates: Templates) -> None:
    """Take all shortcuts in this process.

    Parameters
    ----------
    templates : Templates
        Keeps what Jinja compiles.
    """
    for shortcut in (_no_silent_events, _no_compiled_files, _one_type_tester, templates.use):
        with suppress(ImportError, AttributeError):
            shortcut()


def _no_silent_events() -> None:
    """Events that no log takes are not made: each is a protobuf message, 25 of them a node."""
    from dbt_common.events import base_types, event_manager

    silent = (base_types.EventLevel.DEBUG, base_types.EventLevel.INFO)
    base, dynamic = base_types.BaseEvent, base_types.DynamicLevel
    make, fire = base.__init__, event_manager.EventManager.fire_event

    def make_if_heard(self: Any, *args: Any, **fields: Any) -> None:
        if not isinstance(self, dynamic) and self.level_tag() in silent:
            object.__setattr__(self, "_unheard", True)
        else:
            make(self, *args, **fields)

    def fire_if_heard(self: Any, e: Any, level: Any = None, *args: Any, **more: Any) -> None:
        if "_unheard" not in e.__dict__ and level not in silent:
            fire(self, e, level, *args, **more)

    base.__init__ = make_if_heard  # type: ignore[method-assign]
    event_manager.EventManager.fire_event = fire_if_heard  # type: ignore[method-assign]


def _no_compiled_files() -> None:
    """Neither target/compiled nor target/run is written: two files a node."""
    from dbt.contracts.graph.nodes import ParsedNode

    def write_nothing(*_: Any) -> None:
        return None

    if hasattr(ParsedNode, "write_node"):
        ParsedNode.write_node = write_nothing  # type: ignore[method-assign, assignment]


def _one_type_tester() -> None:
    """Make the reader of query results once for each set of text columns, not each query."""
    from dbt_common.clients import agate_helper

    make = functools.cache(agate_helper.build_type_tester)

    def kept(text_columns: Any, string_null_values: Any = ("null", "")) -> Any:
        return make(tuple(sorted(text_columns)), tuple(string_null_values))

    agate_helper.build_type_tester = kept


class Templates:
    """What Jinja made of the project's templates: a third of the work of rendering them.

    Parameters
    ----------
    kept : bytes or None
        As `packed` gave it.
    """

    #: More can only come from templates that depend on the data.
    _MOST = 5000

    def __init__(self, kept: bytes | None) -> None:
        self.load(kept)

    def load(self, kept: bytes | None) -> None:
        """Take up what was kept of another project in place of what is here."""
        self._code: dict[tuple[str, str], CodeType] = {}
        if kept is not None:
            with suppress(ValueError, EOFError, TypeError):
                self._code = marshal.loads(kept)
        self._n_kept = len(self._code)

    def packed(self) -> bytes | None:
        """Return all templates; None if nothing was added to those that were kept."""
        return marshal.dumps(self._code) if len(self._code) > self._n_kept else None

    def use(self) -> None:
        """Let dbt's Jinja look here first."""
        from dbt_common.clients import jinja

        environment = jinja.MacroFuzzEnvironment
        environment.compile = self._looking_first(environment.compile)  # type: ignore[method-assign]

    def _looking_first(self, compiled: Callable[..., Any]) -> Callable[..., Any]:
        def compile_once(environment: Any, source: Any, *args: Any, **more: Any) -> Any:
            extensions = sorted(e for e in environment.extensions)
            key = (f"{type(environment).__name__} {' '.join(extensions)}", source)
            if args or more or not isinstance(source, str):
                return compiled(environment, source, *args, **more)
            if key not in self._code:
                code = compiled(environment, source)
                if len(self._code) >= self._MOST:
                    return code
                self._code[key] = code
            return self._code[key]

        return compile_once
