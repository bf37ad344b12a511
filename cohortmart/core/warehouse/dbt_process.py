"""The side of dbt's process that asks: start, request, end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from cohortmart.core.progress import is_heard, work

#: The package is found where it is here, and nothing in the folder where someone stands.
_START = """
import sys
if sys.argv[1] not in sys.path:
    sys.path.insert(0, sys.argv[1])
import cohortmart.core.warehouse.dbt_child as child
child.serve()
"""


class DbtProcess:
    """dbt in a process of its own: one start serves all builds of a command.

    Within our process dbt would keep the database open. It is started by the first request, and
    ends at the end of the `with` block or with this process, even if that is killed.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._stderr: IO[bytes] | None = None

    def __enter__(self) -> DbtProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have dbt build.

        Parameters
        ----------
        request : dict
            See `dbt_child`.

        Returns
        -------
        dict
            success, results and what was printed of errors; of a process that ended without an
            answer the end of what it wrote.
        """
        child = self._started(request["project"])
        assert child.stdin is not None
        assert child.stdout is not None
        line = ""
        try:
            child.stdin.write(json.dumps(request | {"tell": is_heard()}) + "\n")
            child.stdin.flush()
            line = _last_line(child.stdout)
        except BrokenPipeError:
            pass
        except BaseException:  # interrupted: dbt must not go on writing
            self.close()
            raise
        if line.endswith("\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = child.wait()
        last = self._written()
        self.close()
        return {
            "success": False,
            "results": [],
            "printed": [f"{last}\ndbt's process ended without an answer (code {code})".strip()],
        }

    def close(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            assert child.stdin is not None
            assert child.stdout is not None
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
            child.wait()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _started(self, project: str) -> subprocess.Popen[str]:
        if self._child is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
            root = str(Path(__file__).resolve().parents[3])
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                encoding="utf-8",
                env=_environment(),
                cwd=project,
            )
        return self._child

    def _written(self) -> str:
        """Return the last lines that the process wrote beside its answers."""
        if self._stderr is None:
            return ""
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").splitlines()
        return "\n".join(line for line in lines[-12:] if line.strip())


def _last_line(stream: IO[str]) -> str:
    """Tell of the nodes that are done as lines say so; return the first other line."""
    with work("tables and tests") as step:
        for line in iter(stream.readline, ""):
            node = json.loads(line).get("node") if line.endswith("\n") else None
            if node is None:
                return line
            step(node["done"], node["total"], node["name"])
    return ""


def _environment() -> dict[str, str]:
    """Return ours without a dbt user's own settings, which are not meant for this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    if kept.get("COHORTMART_CACHE"):  # meant from where someone stands
        kept["COHORTMART_CACHE"] = str(Path(kept["COHORTMART_CACHE"]).absolute())
    return kept | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "PYTHONUTF8": "1"}
