"""`cohortmart explore`: the explorer on a port of this machine, until it is stopped."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from cohortmart.core.errors import CohortmartError, InputError
from cohortmart.core.warehouse.home import Home

if TYPE_CHECKING:
    from cohortmart.explore.answers.explored import Explored

#: Loopback: no other machine reaches it.
HOST = "127.0.0.1"
#: The port that is tried first, and how many after it.
FIRST_PORT, PORTS = 8411, 20


def explore(
    home: Home,
    *,
    port: int | None = None,
    browser: bool = True,
    token: bool = True,
    pseudonymise: bool = False,
    debug: bool = False,
) -> None:
    """Serve the explorer until Ctrl-C.

    Parameters
    ----------
    home : Home
        The study's output folder.
    port : int, optional
        0 is any that is free; the first free one from 8411 on if not given.
    browser : bool
        Open it in the browser.
    token : bool
        Only who has the printed address may ask.
    pseudonymise : bool
        Numbers for people and samples, no single person's course.
    debug : bool
        Show the traceback of what breaks.

    Raises
    ------
    InputError
        There is no warehouse, the port is taken, or the extra `explore` is not installed.
    """
    _require()
    from cohortmart.explore.answers.explored import Explored
    from cohortmart.explore.server.app import application
    from cohortmart.explore.server.faults import Told
    from cohortmart.explore.server.guard import Guard
    from cohortmart.explore.server.scripts import Scripts
    from cohortmart.explore.server.until_stopped import serve_until_stopped

    explored = Explored(home, pseudonymise=pseudonymise)
    bound = bound_socket(port)
    at = bound.getsockname()[1]
    key, once = (secrets.token_urlsafe(16), secrets.token_urlsafe(16)) if token else (None, None)
    scripts = Scripts()
    warming = threading.Thread(target=_warm, args=(explored,), daemon=True)

    def stop() -> None:
        explored.interrupt()
        scripts.close()

    try:
        app = Told(application(explored, scripts), debug=debug)
        print(f"{explored.name}: {_address(at, key)}\nCtrl-C stops it", flush=True)
        if browser:
            opened = (_address(at, once),)
            threading.Thread(target=webbrowser.open, args=opened, daemon=True).start()
        warming.start()
        serve_until_stopped(Guard(app, at, key, once=once), bound, stop)
    except KeyboardInterrupt:
        pass
    finally:
        stop()
        while warming.is_alive():  # what it asks ends before its tables are let go of
            warming.join(0.05)
            stop()
        explored.close()
    print("stopped", file=sys.stderr)


def _address(port: int, key: str | None) -> str:
    return f"http://{HOST}:{port}/" + (f"?token={key}" if key else "")


def _warm(explored: Explored) -> None:
    from cohortmart.explore.answers.registry import warm

    # whoever asks next makes it, and is told what is wrong
    with suppress(CohortmartError, duckdb.Error):
        warm(explored)


def bound_socket(port: int | None) -> socket.socket:
    """Return a socket of this machine alone that listens.

    Parameters
    ----------
    port : int, optional
        0 is any that is free; the first free one from 8411 on if not given.

    Raises
    ------
    InputError
        The port is taken, or not for this user.
    """
    wanted = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]
    for number in wanted:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # connections of the explorer before this one may still be closing
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, number))
            made.listen()  # who opens the printed address at once waits, and is not refused
        except OSError as error:
            made.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return made
    raise InputError(
        f"port {port} cannot be used: it is taken, or not for you",
        hint="name another with --port, or none",
    )


def _require() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise InputError(
            "the explorer needs packages that are not installed",
            hint="pip install 'cohortmart[explore]'",
        ) from error
