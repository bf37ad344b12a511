"""The application: which address is answered by what."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

import duckdb
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from cohortmart.core.errors import CohortmartError, InputError
from cohortmart.explore.answers.explored import Explored, TooMuchError
from cohortmart.explore.answers.registry import DATA, DOWNLOADS, VIEWS
from cohortmart.explore.answers.search import found
from cohortmart.explore.answers.view import Kind
from cohortmart.explore.server.faults import frame_of, said, say_faults, sentence
from cohortmart.explore.server.files import wanted_file
from cohortmart.explore.server.html import part_html, view_html
from cohortmart.explore.server.scripts import Scripts
from cohortmart.explore.server.sql import add_sql

T = TypeVar("T")

#: Letters of a name that are looked for.
_MOST_LETTERS = 200
#: Views that are made at a time; more wait, as memory has an end.
AT_ONCE = 3
#: Held by who asks again because memory did not do for several.
_ALONE = threading.Lock()


def application(explored: Explored, scripts: Scripts) -> FastAPI:
    """Return the application; who may ask it is decided before it, see `Guard`.

    Parameters
    ----------
    explored : Explored
    scripts : Scripts
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    @app.get("/static/{name}")
    def static(request: Request, name: str) -> Response:
        file = scripts.file(name)
        if file is None:
            return said(explored, 404, "Not found", "There is no such file.")
        return file.answer(request.headers)

    @app.get("/state")
    def state() -> JSONResponse:
        return JSONResponse({"state": explored.state()})

    @app.get("/suggest")
    def suggest(name: str = "") -> JSONResponse:
        shown = _of_one_state(explored, lambda: found(explored, name[:_MOST_LETTERS]))
        return JSONResponse({"found": [vars(one) for one in shown]})

    @app.get("/search")
    def search(name: str = "") -> Response:
        best = _of_one_state(explored, lambda: found(explored, name[:_MOST_LETTERS], 1))
        if best:
            return RedirectResponse(best[0].address, 303)
        words = f"Nothing in this study is called “{name[:_MOST_LETTERS]}”."
        return said(explored, 404, "Not found", words)

    @app.get("/download/{name}")
    def download(name: str, request: Request) -> Response:
        if name not in DOWNLOADS:
            return said(explored, 404, "Not found", "There is no such file.")
        wanted = dict(request.query_params)
        return _of_one_state(explored, lambda: wanted_file(explored, wanted, DOWNLOADS[name]))

    @app.get("/data/{name}")
    def data(name: str, request: Request) -> Response:
        if name not in DATA:
            return JSONResponse({"said": "There is no such thing."}, 404)
        try:
            wanted = dict(request.query_params)
            return JSONResponse(_of_one_state(explored, lambda: DATA[name](explored, wanted)))
        except InputError as error:
            return JSONResponse({"said": sentence(error.problem)}, 404)

    add_sql(app, explored)
    limit = CapacityLimiter(AT_ONCE)
    for kind in VIEWS:
        app.add_api_route(f"/{kind.name}", _answers(explored, kind, limit), methods=["GET"])
    say_faults(app, explored)
    return app


def _answers(
    explored: Explored, kind: Kind, limit: CapacityLimiter
) -> Callable[[Request], Awaitable[Response]]:
    def made(wanted: Mapping[str, str]) -> str:
        frame = frame_of(explored, explored.state())
        names = explored.prepared().source.names
        view = kind.make(explored, wanted).shown_to_others(names)
        return part_html(view, frame, kind.name) if kind.is_part else view_html(view, frame)

    async def answer(request: Request) -> Response:
        make = partial(made, dict(request.query_params))
        text = await run_sync(partial(_of_one_state, explored, make), limiter=limit)
        return HTMLResponse(text)

    return answer


def _of_one_state(explored: Explored, ask: Callable[[], T]) -> T:
    """Return an answer; what fails while the warehouse is replaced is asked again."""
    for _ in range(3):
        state = explored.state()
        try:
            return ask()
        except TooMuchError:
            with _ALONE:
                return ask()
        except (duckdb.Error, CohortmartError):
            if explored.state() == state:
                raise
    return ask()
