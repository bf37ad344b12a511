"""What dbt says it did, node by node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cohortmart.core.text import counted
from cohortmart.core.warehouse.dbt_request import debug_asked
from cohortmart.core.warehouse.home import Home

#: How dbt calls a node that failed.
FAILED = {"error", "fail", "runtime error", "partial success"}


@dataclass(frozen=True)
class BuildOutcome:
    """How a dbt build ended.

    Parameters
    ----------
    n_models, n_tests : int
        Models made and tests passed (unit tests included).
    failures, warnings : tuple of str
        One or a few lines each, ready to be shown.
    """

    n_models: int = 0
    n_tests: int = 0
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_outcome(results: list[dict[str, Any]]) -> BuildOutcome:
    """Read what dbt's process tells of the nodes; an empty outcome if dbt did not come so far.

    Parameters
    ----------
    results : list of dict
        unique_id, status, message and failures of each node.
    """
    done = [r["unique_id"].partition(".")[0] for r in results if r["status"] in ("success", "pass")]
    return BuildOutcome(
        n_models=done.count("model"),
        n_tests=done.count("test") + done.count("unit_test"),
        failures=tuple(_said(r) for r in results if r["status"] in FAILED),
        warnings=tuple(_said(r) for r in results if r["status"] == "warn"),
    )


def failure_log(results: list[dict[str, Any]], printed: list[str]) -> str:
    """Return all that is known of a failed build: each failure in full, with its SQL.

    Parameters
    ----------
    results : list of dict
        As for `read_outcome`; `sql` where a node failed.
    printed : list of str
        Errors that dbt wrote.
    """
    parts = []
    for result in results:
        if result["status"] in FAILED:
            parts += [_said(result), result.get("message") or "", result.get("sql") or ""]
    return "\n\n".join(part.strip("\n") for part in (*parts, *printed) if part.strip()) + "\n"


def log_failure(home: Home, answer: dict[str, Any]) -> None:
    """Write what is known of a failed build into logs/dbt/dbt.log, where dbt did not do so.

    Parameters
    ----------
    home : Home
    answer : dict
        Of dbt's process: results and what it printed.
    """
    if not debug_asked():
        text = failure_log(answer["results"], answer["printed"])
        (home.logs / "dbt" / "dbt.log").write_text(text, encoding="utf-8")


def _said(result: dict[str, Any]) -> str:
    """Return a failure in words: which node, what happened, on how many rows."""
    kind, _, rest = result["unique_id"].partition(".")
    name = rest.partition(".")[2]
    if kind == "test":
        name = re.sub(r"\.[0-9a-f]{10}$", "", name)  # dbt's hash of the test's arguments
    broken = (result.get("adapter_response") or {}).get("broken_rules")
    if broken:  # noted by the macro note_broken_rules, one a column and rule
        rules = "; ".join(f"{b['column']} {b['rule']} ({_rows(b['rows'])})" for b in broken)
        return f"table {result['adapter_response']['table']}: {rules}"
    text = f"{kind.replace('_', ' ')} {name}"
    if kind == "test" and result.get("failures"):
        return f"{text}: {_rows(result['failures'])} break the rule"
    message = " ".join((result.get("message") or result["status"]).split())
    return f"{text}: {message[:600]}"


def _rows(n: int) -> str:
    return counted(n, "row")
