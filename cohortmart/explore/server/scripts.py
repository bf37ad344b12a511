"""Scripts and styles of the pages; Vega's bundle is made once, by a process of its own."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.resources import files

from cohortmart.core.errors import BuildError
from cohortmart.explore.server.html import PACKAGE
from cohortmart.report.embedding import SCRIPTS, web_text

_KINDS = {"js": "text/javascript", "css": "text/css"}
#: Made elsewhere, as what makes it takes 170 MB that a server never gives back.
_MAKES_VEGA = (
    "import sys; from cohortmart.report.embedding import vega_bundle; "
    "sys.stdout.buffer.write(vega_bundle().encode())"
)


@dataclass(frozen=True)
class Static:
    """A file of the page: its bytes, compressed, and their kind."""

    content: bytes
    kind: str


class Scripts:
    """The files under /static; the one that takes long is begun at once and waited for."""

    def __init__(self) -> None:
        self._made: dict[str, Static] = {}
        self._vega = subprocess.Popen(
            [sys.executable, "-c", _MAKES_VEGA],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._lock = threading.Lock()

    def file(self, name: str) -> Static | None:
        """Return a file, None where there is none of this name.

        Raises
        ------
        BuildError
            Vega's bundle could not be made.
        """
        with self._lock:
            if name not in self._made:
                content = self._content(name)
                if content is None:
                    return None
                packed = gzip.compress(content, 6, mtime=0)
                self._made[name] = Static(packed, _KINDS[name.rpartition(".")[2]])
            return self._made[name]

    def close(self) -> None:
        """End what is not finished."""
        if self._vega.poll() is None:
            self._vega.kill()
            self._vega.communicate()

    def _content(self, name: str) -> bytes | None:
        if name == "vega.js":
            made, said = self._vega.communicate()
            if self._vega.returncode != 0:
                raise BuildError(f"Vega's scripts could not be made:\n{said.decode()[-2000:]}")
            return made
        if name == "explore.js":
            own = [
                web_text(script, PACKAGE)
                for script in ("explore.js", "suggestions.js", "served.js")
            ]
            return "\n".join([*map(web_text, SCRIPTS), *own, "shown();\n"]).encode()
        if name == "explore.css":
            return f"{web_text('report.css')}\n{web_text('explore.css', PACKAGE)}".encode()
        is_plain = name.endswith(".js") and "/" not in name and not name.startswith(".")
        if is_plain and files(PACKAGE).joinpath("web", name).is_file():
            return web_text(name, PACKAGE).encode()
        return None
