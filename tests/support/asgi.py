"""An ASGI application asked without a server: any header, any path, whatever a browser sends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

HERE = "127.0.0.1:8411"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header that may stand once."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(app: Any, address: str = "/", *headers: tuple[str, str], **how: Any) -> Answer:
    """Ask an application, see `asked`."""
    return asyncio.run(asked(app, address, *headers, **how))


async def asked(
    app: Any,
    address: str = "/",
    *headers: tuple[str, str],
    method: str = "GET",
    hosts: Sequence[str] = (HERE,),
    body: bytes = b"",
) -> Answer:
    """Ask an application; `address` is the path as a server passes it on, with its `?`."""
    path, _, query = address.partition("?")
    sent: list[Any] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote_to_bytes(path).decode(errors="replace"),
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(k.encode("latin-1"), v.encode("latin-1"))
                    for k, v in (*(("host", h) for h in hosts), *headers)],
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8411),
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    begun = [m for m in sent if m["type"] == "http.response.start"]
    assert len(begun) == 1, sent
    return Answer(
        begun[0]["status"],
        [(k.decode("latin-1"), v.decode("latin-1")) for k, v in begun[0]["headers"]],
        b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body"),
    )
