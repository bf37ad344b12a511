"""The server: it runs until Ctrl-C, and then ends at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from cohortmart.explore.server.guard import LONGEST


class _Server(uvicorn.Server):
    """Calls what ends the work that goes on, until it has ended."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop
        self._has_ended = threading.Event()
        self._ending: threading.Thread | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        if self._ending is None:
            self._ending = threading.Thread(target=self._end_work)
            self._ending.start()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal ends it."""
        try:
            super().run(sockets)
        finally:
            self._has_ended.set()
            if self._ending is not None:
                self._ending.join()

    def _end_work(self) -> None:
        self._stop()
        while not self._has_ended.wait(0.05):
            self._stop()


def serve_until_stopped(app: ASGIApp, bound: socket.socket, stop: Callable[[], None]) -> None:
    """Serve an application until Ctrl-C.

    Parameters
    ----------
    app : ASGIApp
    bound : socket
        It listens already.
    stop : callable
        Ends what is being answered; called until nothing is.
    """
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_level="warning", access_log=False,
        server_header=False, date_header=False,
        # what is longer is refused in words
        h11_max_incomplete_event_size=2 * LONGEST,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):
        _Server(config, stop).run([bound])
