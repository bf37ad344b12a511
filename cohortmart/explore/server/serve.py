"""`cohortmart explore`: the explorer on a port of this machine, until it is stopped."""

from __future__ import annotations

import errno
import secrets
import socket
import sys
import threading
import webbrowser

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home

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

    Raises
    ------
    InputError
        There is no warehouse, the port is taken, or the extra `explore` is not installed.
    """
    _require()
    import uvicorn

    from cohortmart.explore.answers.explored import Explored
    from cohortmart.explore.answers.registry import warm
    from cohortmart.explore.server.app import application
    from cohortmart.explore.server.guard import Guard
    from cohortmart.explore.server.scripts import Scripts

    explored = Explored(home, pseudonymise=pseudonymise)
    scripts = Scripts()
    bound = _bound(port)
    at = bound.getsockname()[1]
    key = secrets.token_urlsafe(16) if token else None
    hosts = [f"{name}:{at}" for name in (HOST, "localhost")]
    app = Guard(application(explored, scripts), hosts, key, f"cohortmart_{at}")
    address = f"http://{HOST}:{at}/" + (f"?token={key}" if key else "")
    print(f"{explored.name}: {address}\nCtrl-C stops it", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False,
                       date_header=False, lifespan="off", ws="none")
    )  # fmt: skip
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    threading.Thread(target=warm, args=(explored,), daemon=True).start()
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        pass
    finally:
        scripts.close()
        explored.close()
    print("stopped", file=sys.stderr)


def _bound(port: int | None) -> socket.socket:
    """Return a socket of this machine alone, on the port or on the first that is free."""
    wanted = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]
    for number in wanted:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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
