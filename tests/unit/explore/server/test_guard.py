"""Who may ask the explorer, and what every answer says to the browser."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from cohortmart.explore.server.guard import CONTENT_SECURITY_POLICY, LONGEST, MOST_SENT, Guard
from tests.support.asgi import HERE, Answer, ask

TOKEN, COOKIE = "right-token", "cohortmart_8411"
WITH_TOKEN = ("cookie", f"{COOKIE}={TOKEN}")
ELSEWHERE = ("sec-fetch-site", "cross-site")


class Seen:
    """An application that keeps what reaches it."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await PlainTextResponse("inside")(scope, receive, send)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def closed(seen: Seen) -> Guard:
    return Guard(seen, 8411, TOKEN)


@pytest.fixture
def opened(seen: Seen) -> Guard:
    return Guard(seen, 8411, None)


def is_inside(answer: Answer) -> bool:
    return answer.status == 200 and answer.text == "inside"


@pytest.mark.parametrize("host", [HERE, "localhost:8411"])
def test_its_own_names_are_answered(opened: Guard, host: str) -> None:
    assert is_inside(ask(opened, hosts=[host]))


@pytest.mark.parametrize(
    "hosts",
    [
        [], [""], ["127.0.0.1"], ["127.0.0.1:8412"], ["localhost"], ["evil.example:8411"],
        ["localhost.evil.example:8411"], ["127.0.0.1:8411.evil.example"], ["[::1]:8411"],
        ["0.0.0.0:8411"], ["127.0.0.1:8411, evil.example"], [HERE, HERE],
        [HERE, "evil.example:8411"], ["evil.example:8411", HERE], ["user@127.0.0.1:8411"],
    ],
)  # fmt: skip
def test_other_names_are_not(opened: Guard, seen: Seen, hosts: list[str]) -> None:
    assert ask(opened, hosts=hosts).status == 400
    assert seen.scopes == []


def test_a_browser_leaves_out_the_port_of_http(seen: Seen) -> None:
    assert is_inside(ask(Guard(seen, 80, None), hosts=["localhost"]))
    assert ask(Guard(seen, 80, None), hosts=["evil.example"]).status == 400


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", f"https://{HERE}", "http://127.0.0.1:8412"]
)
def test_other_origins_are_refused(opened: Guard, seen: Seen, origin: str) -> None:
    assert ask(opened, "/", ("origin", origin)).status == 403
    assert ask(opened, "/", ("origin", f"http://{HERE}"), ("origin", origin)).status == 403
    assert seen.scopes == []


def test_its_own_origin_is_answered(opened: Guard) -> None:
    own = ("origin", f"http://{HERE}"), ("sec-fetch-site", "same-origin")
    assert is_inside(ask(opened, "/", *own))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "strange"])
@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin", "websocket", ""])
def test_other_sites_cannot_fetch(opened: Guard, seen: Seen, site: str, mode: str) -> None:
    assert ask(opened, "/", ("sec-fetch-site", site), ("sec-fetch-mode", mode)).status == 403
    assert seen.scopes == []


@pytest.mark.parametrize("into", ["iframe", "embed", "object", "frame", "fencedframe"])
def test_other_sites_cannot_frame(opened: Guard, into: str) -> None:
    asked = ask(opened, "/", ELSEWHERE, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", into))
    assert asked.status == 403


def test_a_link_of_another_site_leads_here(opened: Guard) -> None:
    led = ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")
    assert is_inside(ask(opened, "/", ELSEWHERE, *led))
    assert ask(opened, "/sql", ELSEWHERE, *led, method="POST").status == 403


@pytest.mark.parametrize("cookie", [
    "", f"{COOKIE}=wrong", f"{COOKIE}=", f"cohortmart_8412={TOKEN}", f"{COOKIE}={TOKEN}x",
    f"other={TOKEN}", f"x{COOKIE}={TOKEN}", "\xe9=\xff", ";;;=;", f"{COOKIE}",
])  # fmt: skip
def test_without_the_token_nothing_is_answered(closed: Guard, seen: Seen, cookie: str) -> None:
    for address in ("/", "/static/vega.js", "/state", "/?token=", "/?token=wrong"):
        answer = ask(closed, address, ("cookie", cookie))
        assert answer.status == 403
        assert TOKEN not in answer.text
        assert answer.header("set-cookie") is None
    assert seen.scopes == []


@pytest.mark.parametrize("cookies", [
    [f"{COOKIE}={TOKEN}"], [f"a=1; {COOKIE}={TOKEN}; b=2"], [f'a={{"b": 1}}; {COOKIE}={TOKEN}'],
    ["a=1", f"{COOKIE}={TOKEN}"], [f"{COOKIE}=old; {COOKIE}={TOKEN}"],
    [f"{COOKIE}={TOKEN}; {COOKIE}=old"],
])  # fmt: skip
def test_the_cookie_is_found_beside_those_of_others(closed: Guard, cookies: list[str]) -> None:
    assert is_inside(ask(closed, "/", *(("cookie", c) for c in cookies)))


def test_a_token_of_the_address_becomes_a_cookie(closed: Guard, seen: Seen) -> None:
    answer = ask(closed, f"/gene?name=A%26B&token={TOKEN}&x=")
    assert answer.status == 303
    assert answer.header("location") == "/gene?name=A%26B&x="
    kept = [part.strip().lower() for part in str(answer.header("set-cookie")).split(";")]
    assert kept[0] == f"{COOKIE}={TOKEN}"
    assert {"httponly", "samesite=strict", "path=/"} <= set(kept)
    assert not any(part.startswith("domain") for part in kept)
    assert seen.scopes == []
    assert TOKEN not in str(answer.header("location"))


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("//evil.example/x", "/evil.example/x"), ("///evil.example", "/evil.example"),
        ("/%2Fevil.example", "/evil.example"), ("/%5Cevil.example", "/evil.example"),
        ("/\\/evil.example", "/evil.example"), ("http://evil.example/", "/"),
        ("*", "/"), ("/a%0d%0aset-cookie:%20x=1", "/a%0D%0Aset-cookie%3A%20x%3D1"),
        ("/a%3Fb%23c", "/a%3Fb%23c"), ("/a%2520b", "/a%2520b"), ("/\xe9", "/%C3%A9"),
        ("/\t/evil.example", "/%09/evil.example"),
    ],
)  # fmt: skip
def test_the_way_on_stays_here(closed: Guard, address: str, where: str) -> None:
    answer = ask(closed, f"{address}?token={TOKEN}")
    assert answer.header("location") == where


def test_a_link_of_another_page_with_the_token_leads_here(closed: Guard) -> None:
    """The cookie is not sent along a redirect that another site began."""
    answer = ask(closed, f"/gene?name=<b>&token={TOKEN}", ELSEWHERE, ("sec-fetch-mode", "navigate"))
    assert answer.status == 200
    assert answer.header("refresh") == "0; url=/gene?name=%3Cb%3E"
    assert str(answer.header("set-cookie")).startswith(f"{COOKIE}={TOKEN}")
    assert "<b>" not in answer.text
    assert TOKEN not in answer.text


def test_a_key_for_one_opening_opens_once(seen: Seen) -> None:
    guard = Guard(seen, 8411, TOKEN, once="first")
    opened = ask(guard, "/?token=first")
    assert (opened.status, opened.header("location")) == (303, "/")
    assert str(opened.header("set-cookie")).startswith(f"{COOKIE}={TOKEN};")
    assert ask(guard, "/?token=first").status == 403
    assert ask(guard, f"/?token={TOKEN}").status == 303
    assert ask(guard, "/", ("cookie", f"{COOKIE}=first")).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
def test_other_methods_are_refused(opened: Guard, seen: Seen, method: str) -> None:
    answer = ask(opened, "/", method=method)
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, POST")
    assert seen.scopes == []


def test_what_is_sent_has_an_end(opened: Guard, seen: Seen) -> None:
    small, large = ("content-length", "3"), ("content-length", str(MOST_SENT + 1))
    assert is_inside(ask(opened, "/sql", small, method="POST"))
    assert ask(opened, "/sql", large, method="POST").status == 413
    assert ask(opened, "/sql", method="POST").status == 413
    for strange in ("", "-1", "1e3", "²"):
        broken = ("content-length", strange)
        assert ask(opened, "/sql", broken, method="POST").status == 413
    assert len(seen.scopes) == 1


def test_head_is_get_without_a_body(opened: Guard, seen: Seen) -> None:
    answer = ask(opened, "/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-length") == str(len("inside"))
    assert seen.scopes[0]["method"] == "GET"


def test_an_address_has_an_end(opened: Guard, seen: Seen) -> None:
    assert is_inside(ask(opened, "/list?features=" + "a" * (LONGEST - 20)))
    assert ask(opened, "/list?features=" + "a" * LONGEST).status == 414
    assert ask(opened, "/" + "a" * LONGEST).status == 414
    assert len(seen.scopes) == 1


@pytest.mark.parametrize(
    "address", ["/?token=%ff%fe", "/?%", "/?token=\x00&a=%00", "/?&&==;", "/%ff"]
)
def test_odd_encodings_do_no_harm(opened: Guard, closed: Guard, address: str) -> None:
    assert is_inside(ask(opened, address))
    assert ask(closed, address).status == 403


def test_every_answer_has_the_rules(closed: Guard, opened: Guard) -> None:
    answers = [
        ask(opened), ask(opened, method="HEAD"), ask(closed), ask(closed, f"/?token={TOKEN}"),
        ask(opened, hosts=["evil.example"]), ask(opened, "/", ("origin", "null")),
        ask(opened, method="PUT"), ask(opened, "/" + "a" * LONGEST),
        ask(opened, "/sql", method="POST"),
    ]  # fmt: skip
    assert [a.status for a in answers] == [200, 200, 403, 303, 400, 403, 405, 414, 413]
    for answer in answers:
        assert answer.header("content-security-policy") == CONTENT_SECURITY_POLICY
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "no-referrer"
        assert answer.header("cross-origin-resource-policy") == "same-origin"
        assert answer.header("cross-origin-opener-policy") == "same-origin"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("access-control-allow-origin") is None


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_what_is_neither_a_request_nor_the_beginning_is_not_answered(opened: Guard) -> None:
    import asyncio

    async def nothing(*_: object) -> None:
        raise AssertionError("a web socket was answered")

    asyncio.run(opened({"type": "websocket", "headers": []}, nothing, nothing))
