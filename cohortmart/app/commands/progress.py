"""Progress on standard error: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Says what goes on, always on standard error, so that output can be piped.

    Parameters
    ----------
    quiet : bool
        Say nothing at all.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._on_terminal = sys.stderr.isatty() and not quiet
        #: Seconds of each finished step, in order.
        self.seconds: dict[str, float] = {}

    def say(self, line: str) -> None:
        """Print one line that stays."""
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[None]:
        """Show `doing` while the block runs and record its seconds under `name`.

        Parameters
        ----------
        name : str
            Short name of the step, as in `seconds`.
        doing : str
            What to tell people meanwhile.
        """
        began = time.monotonic()
        if self._on_terminal:
            from rich.console import Console

            # The console takes over standard error, so lines said meanwhile stand above it.
            with Console(stderr=True, highlight=False).status(f"{doing} …"):
                yield
        else:
            self.say(f"{doing} …")
            yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began
