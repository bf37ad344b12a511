"""Who may ask the explorer: this machine's own browser, with the token of this run."""

from __future__ import annotations

import secrets
from html import escape
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
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
#: Bytes of a path with what stands behind it, and of what a page sends: long lists of genes.
LONGEST, MOST_SENT = 200_000, 1_000_000
#: The loopback's names.
_NAMES = ("127.0.0.1", "localhost")
_METHODS = ("GET", "HEAD", "POST")
_ELSEWHERE = "A page of another site asked; it is not answered."
_PAGES = ("document", "")


class Guard:
    """Lets in requests of this machine that know the token, and gives every answer its rules.

    A page of another site can reach a server on this machine through the browser: by its address
    (then `Origin` names the site), or by a name that it lets point here (then `Host` does).

    Parameters
    ----------
    app : ASGIApp
    port : int
        Of the address that it is asked at.
    token : str or None
        None: everyone on this machine may ask.
    once : str, optional
        Opens it like the token, but only the first time: for a browser that is started with the
        address, which others on the machine may see in the list of processes.
    """

    def __init__(
        self, app: ASGIApp, port: int, token: str | None, *, once: str | None = None
    ) -> None:
        self._app = app
        # a browser leaves out the port of http
        endings = (f":{port}", "") if port == 80 else (f":{port}",)
        self._hosts = frozenset(name + ending for name in _NAMES for ending in endings)
        self._token = token
        self._once = once
        self._cookie = f"cohortmart_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            return
        is_head = scope["method"] == "HEAD"

        async def with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((n.encode(), v.encode()) for n, v in _HEADERS.items()),
                    *([] if b"cache-control" in given else [(b"cache-control", b"no-store")]),
                ]
            elif is_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        answer: ASGIApp = self._refused(scope) or self._app
        asked = {**scope, "method": "GET"} if is_head else scope
        await answer(asked, receive, with_rules)

    def _refused(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not let in."""
        headers = Headers(scope=scope)
        hosts, method = headers.getlist("host"), scope["method"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return _said(400, "This explorer answers only to the address that it printed.")
        if method not in _METHODS:
            return _said(405, "An explorer is only read.", allow=", ".join(_METHODS))
        if len(scope["path"].encode()) + len(scope["query_string"]) > LONGEST:
            return _said(414, "This address is too long.")
        if any(origin != f"http://{hosts[0]}" for origin in headers.getlist("origin")):
            return _said(403, _ELSEWHERE)
        # a link elsewhere may lead here; it may not carry anything out
        leads = (
            method != "POST"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest", "") in _PAGES
        )
        if not leads and _is_elsewhere(headers):
            return _said(403, _ELSEWHERE)
        if method == "POST" and not _is_short(headers.get("content-length", "")):
            return _said(413, "This is too long.")
        return None if self._token is None else self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Return None where the token is known; one in the address moves into a cookie."""
        query = scope["query_string"].decode(errors="replace")
        wanted = parse_qsl(query, keep_blank_values=True)
        if scope["method"] != "POST" and any(
            name == "token" and self._opens(value) for name, value in wanted
        ):
            rest = urlencode([pair for pair in wanted if pair[0] != "token"])
            answer = _way_on(_local(scope["path"]) + (f"?{rest}" if rest else ""), headers)
            answer.set_cookie(
                self._cookie, self._token or "", httponly=True, samesite="strict", path="/"
            )
            return answer
        if any(
            name == self._cookie and _is(value, self._token)
            for header in headers.getlist("cookie")
            for name, _, value in (part.strip().partition("=") for part in header.split(";"))
        ):
            return None
        return _said(
            403,
            "This explorer needs the token of its address: open the address that "
            "`cohortmart explore` printed.",
        )

    def _opens(self, value: str) -> bool:
        if _is(value, self._once):
            self._once = None
            return True
        return _is(value, self._token)


def _is(value: str, secret: str | None) -> bool:
    return secret is not None and secrets.compare_digest(value.encode(), secret.encode())


def _is_elsewhere(headers: Headers) -> bool:
    sites = headers.getlist("sec-fetch-site")
    return any(site not in ("none", "same-origin") for site in sites)


def _is_short(length: str) -> bool:
    return length.isascii() and length.isdigit() and int(length) <= MOST_SENT


def _local(path: str) -> str:
    """Return a path as it stands in an address of this server, whatever it began with."""
    return "/" + quote(path.lstrip("/\\"), safe="/") if path.startswith(("/", "\\")) else "/"


def _way_on(where: str, headers: Headers) -> Response:
    """Return the answer that leads to the same address without its token.

    A redirect that another site began would not bring the cookie along; a page of this one does.
    """
    if not _is_elsewhere(headers):
        return RedirectResponse(where, 303)
    link = f'<!doctype html><title>Explorer</title><a href="{escape(where)}">Go on</a>\n'
    return HTMLResponse(link, headers={"refresh": f"0; url={where}"})


def _said(status: int, words: str, **headers: str) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers)
