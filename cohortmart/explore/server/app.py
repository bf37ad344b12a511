"""The application: which address is answered by what."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from cohortmart.core.errors import CohortmartError, InputError
from cohortmart.explore.answers.explored import Explored, RunAgainError
from cohortmart.explore.answers.registry import DOWNLOADS, VIEWS, offered
from cohortmart.explore.answers.search import found
from cohortmart.explore.answers.view import Kind
from cohortmart.explore.server.files import wanted_file
from cohortmart.explore.server.html import Frame, view_html, words_html
from cohortmart.explore.server.scripts import Scripts
from cohortmart.explore.server.sql import add_sql

#: Letters of a name that are looked for.
_MOST_LETTERS = 200
#: Scripts of a version do not change.
_KEPT = {"cache-control": "private, max-age=86400", "content-encoding": "gzip"}


def application(explored: Explored, scripts: Scripts) -> FastAPI:
    """Return the application; who may ask it is decided before it, see `Guard`.

    Parameters
    ----------
    explored : Explored
    scripts : Scripts
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        file = scripts.file(name)
        if file is None:
            return Response(status_code=404)
        return Response(file.content, media_type=file.kind, headers=_KEPT)

    @app.get("/state")
    def state() -> JSONResponse:
        return JSONResponse({"state": explored.state()})

    @app.get("/suggest")
    def suggest(name: str = "") -> JSONResponse:
        return JSONResponse({"found": [vars(one) for one in found(explored, name[:_MOST_LETTERS])]})

    @app.get("/search")
    def search(name: str = "") -> Response:
        best = found(explored, name[:_MOST_LETTERS], 1)
        if best:
            return RedirectResponse(best[0].address, 303)
        words = f"Nothing in this study is called “{name[:_MOST_LETTERS]}”."
        return HTMLResponse(_page(explored, "Not found", words), 404)

    @app.get("/download/{name}")
    def download(name: str, request: Request) -> Response:
        if name not in DOWNLOADS:
            return HTMLResponse(_page(explored, "Not found", "There is no such file."), 404)
        return wanted_file(explored, dict(request.query_params), DOWNLOADS[name])

    add_sql(app, explored)
    for kind in VIEWS:
        app.add_api_route(f"/{kind.name}", _answers(explored, kind), methods=["GET"])
    _faults(app, explored)
    return app


def _answers(explored: Explored, kind: Kind) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        frame = _frame(explored, explored.state())
        view = kind.make(explored, dict(request.query_params))
        names = explored.prepared().source.names
        return HTMLResponse(view_html(view.shown_to_others(names), frame))

    return answer


def _faults(app: FastAPI, explored: Explored) -> None:
    """Let every error be a page that says what to do; none shows code."""

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        del request, error
        return HTMLResponse(_page(explored, "Not found", "There is no such page."), 404)

    @app.exception_handler(InputError)
    async def refused(request: Request, error: InputError) -> Response:
        del request
        is_passing = isinstance(error, RunAgainError)
        title, status = ("One moment", 503) if is_passing else ("Not to be shown", 404)
        more = " ".join(filter(None, (error.found and f"Found: {error.found}.", error.hint)))
        return HTMLResponse(
            _page(explored, title, _sentence(error.problem), _sentence(more)), status
        )

    @app.exception_handler(CohortmartError)
    async def failed(request: Request, error: CohortmartError) -> Response:
        del request
        return HTMLResponse(_page(explored, "This failed", str(error)), 500)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        del request
        words = f"This is a fault of cohortmart, not of yours: {type(error).__name__}."
        return HTMLResponse(_page(explored, "This failed", words), 500)


def _sentence(words: str) -> str:
    text = words.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if not text or text[-1] in '.?!' else '.'}"


def _page(explored: Explored, title: str, words: str, hint: str = "") -> str:
    return words_html(title, words, hint, _frame(explored))


def _frame(explored: Explored, state: str = "") -> Frame:
    """Return what stands around a page, whatever state the study is in."""
    try:
        pages = offered(explored)
    except CohortmartError:  # being run again: its pages come back with its tables
        pages = ()
    return Frame(explored.name, pages, state, explored.pseudonymise)
