"""Requests of the SQL page: run a query, stop it, list the tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Queries
from cohortmart.explore.answers.queries.plain import plain_answer
from cohortmart.explore.answers.queries.tables import asked_tables

#: Letters of what a page calls itself.
_MOST_LETTERS = 64


def add_sql(app: FastAPI, explored: Explored) -> None:
    """Let an application answer what the SQL page asks; that it is that page is seen before.

    Parameters
    ----------
    app : FastAPI
    explored : Explored
    """
    queries = Queries(explored)

    @app.get("/sql/tables")
    def tables() -> JSONResponse:
        return JSONResponse({"tables": [asdict(table) for table in asked_tables(explored)]})

    @app.post("/sql/run")
    def run(query: Annotated[str, Body()], page: Annotated[str, Body()]) -> JSONResponse:
        try:
            return JSONResponse(plain_answer(queries.answer(query, page[:_MOST_LETTERS])))
        except InputError as error:
            return JSONResponse({"fault": _said(error)})

    @app.post("/sql/stop")
    def stop(page: Annotated[str, Body(embed=True)]) -> JSONResponse:
        return JSONResponse({"stopped": queries.stop(page[:_MOST_LETTERS])})


def _said(error: InputError) -> dict[str, Any]:
    """Return what went wrong, what to write instead, and what to do."""
    return {"problem": error.problem, "expected": error.expected, "hint": error.hint}
