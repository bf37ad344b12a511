"""Who may ask the explorer: this machine's own browser, with the token of this run."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Nothing is loaded from elsewhere, no text becomes code, and no other page frames this one.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Lets in requests of this machine that know the token, and gives every answer its rules.

    A page of another site can reach a server on this machine through the browser: by its address
    (then `Origin` names the site), or by a name that it lets point here (then `Host` does).

    Parameters
    ----------
    app : ASGIApp
    hosts : collection of str
        What may stand in `Host`, with the port.
    token : str or None
        None: everyone on this machine may ask.
    cookie : str
        Name of the cookie that keeps the token.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], token: str | None, cookie: str
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._token = token
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            return

        async def with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((n.encode(), v.encode()) for n, v in _HEADERS.items()),
                    *([] if b"cache-control" in given else [(b"cache-control", b"no-store")]),
                ]
            await send(message)

        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, with_rules)

    def _refused(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not let in."""
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        host = headers.get("host", "")
        if host not in self._hosts:
            return _said(400, "This explorer answers only to the address that it printed.")
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return _said(403, "A page of another site asked; it is not answered.")
        # a link elsewhere may lead here; it may not carry anything out
        leads = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not leads:
            return _said(403, "A page of another site asked; it is not answered.")
        return None if self._token is None else self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: dict[str, str]) -> Response | None:
        """Return None where the token is known; one in the address moves into a cookie."""
        wanted = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == "token" and self._is_token(value) for name, value in wanted):
            rest = urlencode([pair for pair in wanted if pair[0] != "token"])
            answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(
                self._cookie, self._token or "", httponly=True, samesite="strict", path="/"
            )
            return answer
        if self._is_token(_cookie(headers.get("cookie", ""), self._cookie)):
            return None
        return _said(
            403,
            "This explorer needs the token of its address: open the address that "
            "`cohortmart explore` printed.",
        )

    def _is_token(self, value: str) -> bool:
        return secrets.compare_digest(value.encode(), (self._token or "").encode())


def _cookie(header: str, name: str) -> str:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _said(status: int, words: str) -> Response:
    return PlainTextResponse(f"{words}\n", status)
