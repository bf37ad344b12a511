"""How a command ends: its exit code, and what is said of an error."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from cohortmart.core.errors import BuildError, CohortmartError


class _Session:
    """What the options before the command say, and where errors are written down."""

    debug = False
    quiet = False
    out: Path | None = None


session = _Session()


def leave_after(command: Callable[[], object]) -> None:
    """Run a command and leave with its exit code.

    Parameters
    ----------
    command : callable
    """
    try:
        command()
    except SystemExit as leaving:
        if leaving.code == 130:
            _stopped()
        raise
    except KeyboardInterrupt:
        _stopped()
        sys.exit(130)
    except CohortmartError as error:
        if session.debug:
            traceback.print_exc()
        else:
            print(error, file=sys.stderr)
            if isinstance(error, BuildError):
                print("  This is probably a fault of cohortmart, not of yours.", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        sys.exit(_unexpected(error))


def _stopped() -> None:
    print("stopped; the same command goes on from what is finished", file=sys.stderr)


def _unexpected(error: Exception) -> int:
    """Say an error that no one raised on purpose in one message; return the exit code."""
    if session.debug:
        traceback.print_exc()
        return 1
    place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        print(f"{place}the disk is full; make room and run the same command", file=sys.stderr)
        return 1
    if isinstance(error, PermissionError):
        print(f"{place}no permission to read or write this", file=sys.stderr)
        return 2
    print(
        "cohortmart failed, which is its fault and not yours: "
        f"{type(error).__name__}: {error}\n  {_where_traceback()}",
        file=sys.stderr,
    )
    return 1


def _where_traceback() -> str:
    """Write the traceback into the output folder's logs; return a line that says where it is."""
    if session.out is not None and session.out.is_dir():
        log = session.out / "logs" / "error.log"
        try:
            log.parent.mkdir(exist_ok=True)
            log.write_text(traceback.format_exc(), encoding="utf-8")
        except OSError:
            return "--debug shows the traceback"
        return f"traceback: {os.path.relpath(log)} (or on the terminal with --debug)"
    return "--debug shows the traceback"
