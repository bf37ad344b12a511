"""The explorer as a process: its port, its end, and a study that is rebuilt under it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.support.explorer import Running, running_explorer
from tests.support.finished_run import cohortmart
from tests.support.hostile_run import hostile_run
from tests.support.hostile_study import SECRET_PERSON, people
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
_SLOW_QUERY = "select count(*) from range(100000000000) as t(a) where a % 7 = 8"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_run(tmp_path_factory)


def got(address: str, **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def port_of(running: Running) -> int:
    port = urlsplit(running.address).port
    assert port is not None
    return port


def test_it_asks_for_its_token_and_says_it_once(run: Path) -> None:
    with running_explorer(run, token=True) as running:
        place, _, token = running.address.partition("?token=")
        assert len(token) >= 20
        assert got(place)[0] == 403
        assert got(f"{place}?token={token[:-1]}x")[0] == 403
        with closing(HTTPConnection("127.0.0.1", port_of(running))) as asking:
            asking.request("GET", f"/gene?token={token}&name=GENE20")
            answer = asking.getresponse()
            answer.read()
        assert (answer.status, answer.headers["location"]) == (303, "/gene?name=GENE20")
        cookie = answer.headers["set-cookie"].partition(";")[0]
        for path in ("", "nothing", "state", "suggest?name=gene"):
            status, text = got(place + path, cookie=cookie)
            assert status == (404 if path == "nothing" else 200)
            assert token not in text
        assert got(place, cookie=cookie, host="evil.example")[0] == 400
        said = running.stop()
        assert token not in said
        assert said.strip() == "stopped"


def test_strange_requests_are_refused_and_said_by_nobody(run: Path) -> None:
    with running_explorer(run) as running:
        for request, status in (
            (b"GET / HTTP/1.1\r\nHost: {}\r\nHost: evil.example\r\n\r\n", 400),
            (b"GET / HTTP/1.0\r\n\r\n", 400),
            (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400),
            (b"GET /\xff\xfe?\xff HTTP/1.1\r\nHost: {}\r\n\r\n", 400),
            (b"GET /" + b"a" * 250_000 + b" HTTP/1.1\r\nHost: {}\r\n\r\n", 414),
            (b"GET /" + b"a" * 900_000 + b" HTTP/1.1\r\nHost: {}\r\n\r\n", 400),
            (b"OPTIONS * HTTP/1.1\r\nHost: {}\r\n\r\n", 405),
            (b"HEAD / HTTP/1.1\r\nHost: {}\r\n\r\n", 200),
            (b"GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n", 200),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 400),
        ):  # fmt: skip
            host = f"127.0.0.1:{port_of(running)}".encode()
            with socket.create_connection(("127.0.0.1", port_of(running)), timeout=20) as asking:
                asking.sendall(request.replace(b"{}", host))
                said = asking.recv(100)
            assert said.split()[1] == str(status).encode(), request[:80]
        assert got(running.address)[0] == 200
        assert "evil" not in running.stop()


def test_a_taken_port_is_said_and_another_is_found(run: Path) -> None:
    with running_explorer(run) as first, running_explorer(run) as second:
        assert port_of(first) != port_of(second)
        assert [got(r.address)[0] for r in (first, second)] == [200, 200]
        command = [sys.executable, "-m", "cohortmart", "explore", "--out", str(run),
                   "--no-browser", "--port", str(port_of(first))]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert f"port {port_of(first)} cannot be used" in done.stderr
        assert "Traceback" not in done.stderr


def test_it_listens_on_the_loopback_alone(run: Path) -> None:
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("no /proc/net/tcp on this system")
    with running_explorer(run) as running:
        wanted = f"{port_of(running):04X}"
        listening = [
            row.split()[1]
            for file in ("tcp", "tcp6")
            if (table.parent / file).exists()
            for row in (table.parent / file).read_text().splitlines()[1:]
            if row.split()[3] == "0A" and row.split()[1].endswith(f":{wanted}")
        ]
        assert listening == [f"0100007F:{wanted}"]


@pytest.mark.parametrize("when", ["idle", "at once", "in a query"])
def test_ctrl_c_ends_it_within_a_second(run: Path, when: str) -> None:
    with running_explorer(run) as running:
        if when != "at once":
            assert got(running.address)[0] == 200
        if when == "in a query":
            asking = threading.Thread(target=_ask_slowly, args=(running.address,))
            asking.start()
            time.sleep(1)
            assert asking.is_alive()
        began = time.monotonic()
        said = running.stop()
        seconds = time.monotonic() - began
        if when == "in a query":
            asking.join()
    assert running.process.returncode == 0
    assert said.strip() == "stopped"
    assert seconds < 1


def _ask_slowly(address: str) -> None:
    body = json.dumps({"query": _SLOW_QUERY, "page": "p"}).encode()
    request = urllib.request.Request(
        f"{address}sql/run", body, {"content-type": "application/json"}
    )
    with suppress(OSError):  # it was stopped
        urllib.request.urlopen(request, timeout=30).close()


def test_a_rebuild_is_shown(run: Path, tmp_path: Path) -> None:
    """Hammered while a person is forgotten and results are replaced: never a fault."""
    folder = tmp_path / "out"
    shutil.copytree(run, folder)
    cohortmart("build", "--out", folder)
    with running_explorer(folder) as running:
        seen: list[tuple[str, int, str]] = []
        is_over = threading.Event()

        def hammer(path: str) -> None:
            while not is_over.is_set():
                seen.append((path, *got(running.address + path)))

        paths = ("", "gene?name=GENE13", "suggest?name=" + SECRET_PERSON.lower()[:4],
                 "contrast?analysis=npx&contrast=" + quote("difference //evil.example '; --"),
                 "samples", "state")  # fmt: skip
        before = json.loads(got(running.address + "state")[1])["state"]
        shown = _people_of(running)
        assert shown == len(people())
        threads = [threading.Thread(target=hammer, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        try:
            cohortmart("forget", "--subject", people()[3], "--out", folder)
        finally:
            time.sleep(1)
            is_over.set()
            for thread in threads:
                thread.join()
        faults = {(path, status, text[:2000]) for path, status, text in seen if status >= 500}
        assert {f for f in faults if f[1] != 503} == set()
        assert all("One moment" in text for _, _, text in faults)
        assert {path for path, status, _ in seen if status == 200} == set(paths)
        assert json.loads(got(running.address + "state")[1])["state"] != before
        assert _people_of(running) == shown - 1
        said = running.stop()
        assert "fault" not in said


def _people_of(running: Running) -> int:
    found = json.loads(got(f"{running.address}suggest?name={SECRET_PERSON}")[1])["found"]
    return sum(one["kind"] == "person" for one in found)
