"""The Model Context Protocol: the tools of agents as its official SDK serves them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from cohortmart import __version__
from cohortmart.core.errors import CohortmartError
from cohortmart.explore.agents.tools import Tools
from cohortmart.explore.answers.explored import Explored

_ABOUT = """\
A finished longitudinal study of omics data in DuckDB: samples of people over time, contrasts of \
linear models fitted as limma does. Begin with `tables` and `columns`; `query` takes one SELECT. \
Contrasts are read `first - second`; log_fc is the estimate, adj_p_value is by Benjamini-Hochberg. \
`found` is by the thresholds of the analysis. Everything is read only."""
_OF_SEVERAL = " Nothing of single people is told: contrasts, and means of two or more."


def mcp_server(explored: Explored) -> MCPServer:
    """Return the server of a study's tools; each says that it only reads.

    Parameters
    ----------
    explored : Explored
    """
    tools = Tools(explored)
    about = _ABOUT + (_OF_SEVERAL if explored.pseudonymise else "")
    server = MCPServer(
        "cohortmart", instructions=about, version=__version__, log_level="WARNING",
        title=f"cohortmart: {explored.name}",
    )  # fmt: skip

    def offered(title: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
        hints = ToolAnnotations(
            title=title, read_only_hint=True, destructive_hint=False, idempotent_hint=True,
            open_world_hint=False,
        )  # fmt: skip
        return server.tool(title=title, annotations=hints, structured_output=False)

    @offered("Tables of the study")
    def tables() -> str:
        """List the tables that can be asked, each with what a row of it is."""
        return _told(tools.tables)

    @offered("Columns of a table")
    def columns(
        table: Annotated[str, Field(description="Name of a table, as `tables` lists it.")],
    ) -> str:
        """List the columns of a table with type, unit and meaning."""
        return _told(tools.columns, table)

    @offered("One query that reads")
    def query(
        sql: Annotated[str, Field(description="One SELECT in DuckDB's SQL, values written out.")],
    ) -> str:
        """Answer one query on the tables: at most 1,000 rows, within 30 seconds."""
        return _told(tools.query, sql)

    @offered("Contrasts of the study")
    def contrasts(
        analysis: Annotated[
            str | None, Field(description="One analysis; all of them if not given.")
        ] = None,
    ) -> str:
        """List the contrasts: what each means, people, features tested, found up and down."""
        return _told(tools.contrasts, analysis)

    @offered("What is known of a gene")
    def gene(
        name: Annotated[str, Field(description="Symbol, id or another name of a gene.")],
    ) -> str:
        """Tell of a gene: contrasts, means of groups, CpGs that change, rebound, gene sets."""
        return _told(tools.gene, name)

    return server


def _told(tool: Callable[..., dict[str, Any]], *given: Any) -> str:
    """Return what a tool answers as JSON; what it refuses is said as an error of the tool."""
    try:
        return json.dumps(tool(*given), ensure_ascii=False)
    except CohortmartError as error:
        raise ToolError(str(error)) from error
