"""dbt's own process: it answers one build after the other and ends with who asks.

Started by `dbt_process`. Requests come as lines of JSON on standard input, answers go as lines
of JSON to what was standard output. The input ends when the parent does, however it ends.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from cohortmart.core.warehouse.dbt_cache import read_entry, write_entry
from cohortmart.core.warehouse.dbt_shortcuts import (
    Templates,
    take_shortcuts,
    without_unused_macros,
)
from cohortmart.core.warehouse.user_project import PACKAGE

_FAILED = {"error", "fail", "runtime error", "partial success"}


def serve() -> None:
    """Answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is asked to stop, and stops us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what dbt prints is no answer
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    # nothing of dbt itself and of the parsed project is ever garbage: not worth looking through
    gc.disable()
    dbt: _Dbt | None = None
    while True:
        request = requests.get()
        dbt = dbt or _Dbt(request["key"], debug=request["debug"])
        with _telling(answers) if request.get("tell") else nullcontext():
            answer = dbt.answer(request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


@contextmanager
def _telling(answers: TextIO) -> Iterator[None]:
    """Write a line for each node that is done; dbt's own events are not made, see shortcuts."""
    from dbt.task.runnable import GraphRunnableTask

    task: Any = GraphRunnableTask
    handle = getattr(task, "_handle_result", None)
    if handle is None:  # a version of dbt without it builds all the same
        yield
        return

    def handle_and_tell(self: Any, result: Any) -> None:
        handle(self, result)
        done, name = len(self.node_results), result.node.name
        node = {"done": done, "total": self.num_nodes, "name": name}
        answers.write(json.dumps({"node": node}) + "\n")
        answers.flush()

    task._handle_result = handle_and_tell
    try:
        yield
    finally:
        task._handle_result = handle


def _read(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


class _Dbt:
    """dbt and the projects it parsed, imported and read once."""

    def __init__(self, key: str, *, debug: bool) -> None:
        import dbt.cli.main

        self._key, self._debug = key, debug
        self._runner = dbt.cli.main.dbtRunner
        self._manifests: dict[str, bytes | None] = {}
        self._templates = Templates(None if debug else read_entry(key, "templates"))
        if not debug:
            take_shortcuts(self._templates)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Build what is asked for and say what came of it."""
        os.environ.update(request["environment"])
        if request["key"] != self._key:  # another project, or one that was changed meanwhile
            self._key = request["key"]
            self._templates.load(None if self._debug else read_entry(self._key, "templates"))
        printed: list[str] = []

        def note(message: Any) -> None:
            if message.info.level == "error":
                printed.append(message.info.msg)

        manifest, fault = self._parsed(request, note)
        outcome, refused = None, []
        if manifest is not None and request.get("users") is not None:
            refused = _refused(manifest)
        if manifest is not None and not refused:
            gc.freeze()
            gc.set_threshold(50_000, 20, 20)
            gc.enable()
            runner = self._runner(manifest=manifest, callbacks=[note])
            outcome = runner.invoke([*request["build"], *request["options"]])
            fault = outcome.exception
            gc.disable()
        _close_database()
        templates = None if self._debug else self._templates.packed()
        if templates is not None:
            write_entry(self._key, "templates", templates)
        if fault is not None:
            printed.append(str(fault))
        results = getattr(outcome and outcome.result, "results", None) or []
        return {
            "success": bool(outcome and outcome.success),
            "results": [_told(r) for r in results if hasattr(r, "node")],
            "printed": printed,
            "refused": refused,
        }

    def _parsed(self, request: dict[str, Any], note: Any) -> tuple[Any, BaseException | None]:
        """Return a manifest that no build has touched yet, or why there is none."""
        if self._key not in self._manifests and not self._debug:
            self._manifests[self._key] = read_entry(self._key, "manifest")
        kept = self._manifests.get(self._key)
        if kept is not None:
            try:
                return _unpacked(kept), None
            except Exception:  # of another version of a class in it: parsed anew
                self._manifests[self._key] = None
        outcome = self._runner(callbacks=[note]).invoke(
            ["parse", "--no-partial-parse", "--no-write-json", *request["options"]]
        )
        if not outcome.success:
            return None, outcome.exception
        if self._debug:
            return outcome.result, None
        # what a user's project may call by name is not known here
        if request.get("users") is None:
            without_unused_macros(outcome.result)
        packed = self._manifests[self._key] = _packed(outcome.result)
        if _is_what_the_key_says(request) and not _foreign_variables(outcome.result):
            write_entry(self._key, "manifest", packed)
        return _unpacked(packed), None


def _is_what_the_key_says(request: dict[str, Any]) -> bool:
    """Whether no project was changed while it was parsed."""
    from cohortmart.core.warehouse.build import project_mark
    from cohortmart.core.warehouse.user_project import project_beside

    users, project = request.get("users"), None
    if users is not None:
        project = project_beside(Path(users["folder"]))
        if project is None or project.mark() != users["mark"]:
            return False
    return os.environ.get("COHORTMART_PROJECT_MARK") in (None, project_mark())


def _foreign_variables(manifest: Any) -> set[str]:
    """Return the environment variables that parsing read and the key does not know."""
    return {name for name in manifest.env_vars if not name.startswith("COHORTMART_")}


def _refused(manifest: Any) -> list[dict[str, str]]:
    """Return what a user's project holds and no build of ours makes.

    dbt itself would enforce `access` by `restrict-access`, under which no unit test of a user's
    model on one of ours can run: its inputs are protected, whatever they stand for.
    """
    refused = []
    for node in manifest.nodes.values():
        if node.package_name == PACKAGE:
            continue
        said = {"package": node.package_name, "file": node.original_file_path}
        if str(node.resource_type) == "snapshot":
            refused.append(said | {"kind": "snapshot", "name": node.name})
        if getattr(node, "language", "") == "python":
            refused.append(said | {"kind": "Python model", "name": node.name})
        for other in (manifest.nodes.get(key) for key in getattr(node.depends_on, "nodes", ())):
            access = getattr(other, "access", "public")
            if other is not None and other.package_name == PACKAGE and access != "public":
                refused.append(said | {"kind": "protected", "name": other.name})
    return sorted(refused, key=lambda one: (one["file"], one["kind"], one["name"]))


def _packed(manifest: Any) -> bytes:
    """Return what a manifest holds; dbt's own pickling of it mixes up its look-ups."""
    names = [f.name for f in dataclasses.fields(manifest) if f.init and f.name[0] != "_"]
    content = {name: getattr(manifest, name) for name in names if name not in ("files", "env_vars")}
    return pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)


def _unpacked(content: bytes) -> Any:
    from dbt.contracts.graph.manifest import Manifest

    return Manifest(**pickle.loads(content))


def _told(result: Any) -> dict[str, Any]:
    """Return what the parent wants to know of a node."""
    told = {
        "unique_id": result.node.unique_id,
        "status": str(result.status),
        "message": result.message,
        "failures": result.failures,
        # what the project's `on-run-end` noted there
        "adapter_response": json.loads(json.dumps(result.adapter_response or {}, default=str)),
    }
    if told["status"] in _FAILED:
        node = result.node
        told["sql"] = getattr(node, "compiled_code", None) or ""
        told["file"], told["package"] = node.original_file_path, node.package_name
        attached = getattr(node, "attached_node", None)
        told["attached"] = attached.rpartition(".")[2] if attached else None
        told["column"] = getattr(node, "column_name", None)
    return told


def _close_database() -> None:
    """Let go of the DuckDB file, which dbt would keep open for its next command."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    manager: Any = DuckDBConnectionManager
    if manager._ENV is not None:
        manager._ENV.close()
    manager.close_all_connections()
    gc.collect()
