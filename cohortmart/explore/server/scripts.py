"""Scripts and styles of the pages; Vega's bundle is made once, by a process of its own."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from starlette.responses import Response

from cohortmart.core.errors import BuildError
from cohortmart.explore.server.html import PACKAGE
from cohortmart.report.embedding import SCRIPTS, web_text

_KINDS = {"js": "text/javascript", "css": "text/css"}
#: Made elsewhere, as what makes it takes 170 MB that a server never gives back.
_MAKES_VEGA = (
    "import sys; from cohortmart.report.embedding import vega_bundle; "
    "sys.stdout.buffer.write(vega_bundle().encode())"
)
#: What a script may be called: nothing that leads out of its folder, on any system.
_SCRIPT = re.compile(r"[a-z][a-z_-]{0,40}\.js")


@dataclass(frozen=True)
class Static:
    """A file of the page: its bytes, compressed, their kind, and what differs with its content."""

    content: bytes
    kind: str
    tag: str

    def answer(self, asked: Mapping[str, str]) -> Response:
        """Return the answer to who asks: nothing where the browser has it already.

        Parameters
        ----------
        asked : mapping
            Headers of the request.
        """
        # kept by the browser, but asked for: another version may be at this port now
        headers = {"cache-control": "private, no-cache", "etag": self.tag}
        if asked.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in asked.get("accept-encoding", ""):
            return Response(gzip.decompress(self.content), media_type=self.kind, headers=headers)
        packed = headers | {"content-encoding": "gzip"}
        return Response(self.content, media_type=self.kind, headers=packed)


class Scripts:
    """The files under /static; the one that takes long is begun at once and waited for."""

    def __init__(self) -> None:
        self._made: dict[str, Static] = {}
        self._fault = ""
        self._vega = subprocess.Popen(
            [sys.executable, "-c", _MAKES_VEGA],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read_vega, daemon=True)
        self._reader.start()

    def file(self, name: str) -> Static | None:
        """Return a file, None where there is none of this name.

        Raises
        ------
        BuildError
            Vega's bundle could not be made.
        """
        if name == "vega.js":
            self._reader.join()
            if name not in self._made:
                raise BuildError(f"Vega's scripts could not be made:\n{self._fault}")
        if name not in self._made:
            content = self._content(name)
            if content is None:
                return None
            self._made[name] = _packed(name, content)
        return self._made[name]

    def close(self) -> None:
        """End what is not finished."""
        self._vega.kill()
        self._reader.join()

    def _read_vega(self) -> None:
        made, said = self._vega.communicate()
        self._fault = said.decode(errors="replace")[-2000:]
        if self._vega.returncode == 0:
            self._made["vega.js"] = _packed("vega.js", made)

    def _content(self, name: str) -> bytes | None:
        if name == "explore.js":
            own = [web_text(script, PACKAGE) for script in ("explore.js", "suggestions.js")]
            return "\n".join([*map(web_text, SCRIPTS), *own, "shown();\n"]).encode()
        if name == "explore.css":
            return f"{web_text('report.css')}\n{web_text('explore.css', PACKAGE)}".encode()
        if _SCRIPT.fullmatch(name) and files(PACKAGE).joinpath("web", name).is_file():
            return web_text(name, PACKAGE).encode()
        return None


def _packed(name: str, content: bytes) -> Static:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return Static(gzip.compress(content, 6, mtime=0), _KINDS[name.rpartition(".")[2]], tag)
