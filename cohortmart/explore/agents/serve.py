"""`cohortmart serve --mcp`: the tools over the Model Context Protocol, until its input ends."""

from __future__ import annotations

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored


def serve_mcp(home: Home, *, pseudonymise: bool = False) -> None:
    """Serve the tools until standard input ends; standard output carries the protocol alone.

    Parameters
    ----------
    home : Home
        The study's output folder.
    pseudonymise : bool
        Contrasts and means of groups; nothing of a person.

    Raises
    ------
    InputError
        There is no warehouse, or the extra `mcp` is not installed.
    """
    try:
        from cohortmart.explore.agents.protocol import mcp_server
    except ImportError as error:
        raise InputError(
            "serving agents needs a package that is not installed",
            hint="pip install 'cohortmart[mcp]'",
        ) from error
    explored = Explored(home, pseudonymise=pseudonymise)
    try:
        mcp_server(explored).run("stdio")
    except KeyboardInterrupt:
        pass
    finally:
        explored.close()
