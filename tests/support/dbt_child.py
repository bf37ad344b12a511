"""Runs several dbt commands in one process, because starting dbt takes longer than the work.

Called as `python dbt_child.py JOBS.json`: a list of {"env": {...}, "args": [...]}; writes
JOBS.json.out, a list of {"success", "error", "results": {node: status}, "messages": {node: text},
"noted": {node: what else dbt keeps of it}}.
A process of its own, because dbt keeps the DuckDB file open until the process ends.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def run(job: dict[str, Any]) -> dict[str, Any]:
    from dbt.cli.main import dbtRunner

    os.environ.update(job["env"])
    outcome = dbtRunner().invoke(job["args"])
    nodes = [n for n in getattr(outcome.result, "results", None) or [] if hasattr(n, "node")]
    return {
        "success": outcome.success,
        "error": str(outcome.exception or ""),
        "results": {n.node.name: str(n.status) for n in nodes},
        "messages": {n.node.name: str(n.message) for n in nodes},
        "noted": {n.node.name: n.adapter_response for n in nodes},
    }


if __name__ == "__main__":
    jobs_file = Path(sys.argv[1])
    done = [run(job) for job in json.loads(jobs_file.read_text())]
    Path(f"{jobs_file}.out").write_text(json.dumps(done))
