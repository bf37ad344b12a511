"""Errors of the explorer: each is a page that says what to do, and none shows code."""

from __future__ import annotations

import sys
import traceback

import duckdb
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cohortmart.core.errors import CohortmartError, InputError
from cohortmart.explore.answers.explored import Explored, RunAgainError
from cohortmart.explore.answers.registry import offered
from cohortmart.explore.server.html import Frame, words_html


class Told:
    """Answers also where the application cannot, and tells who started it of what broke.

    Parameters
    ----------
    app : ASGIApp
    debug : bool
        With the traceback, not in one line.
    """

    def __init__(self, app: ASGIApp, *, debug: bool = False) -> None:
        self._app = app
        self._debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            self._tell(scope, error)
            if not has_begun and scope["type"] == "http":
                words = f"This is a fault of cohortmart, not of yours: {type(error).__name__}.\n"
                await PlainTextResponse(words, 500)(scope, receive, send)

    def _tell(self, scope: Scope, error: Exception) -> None:
        if self._debug:
            traceback.print_exception(error)
            return
        # the path alone: what stands behind it may name people; in one line, whatever it holds
        said = f"{scope.get('path', '')}: {type(error).__name__}: {error}"
        line = " ".join(said.split())[:300]
        shown = "".join(letter if letter.isprintable() else "?" for letter in line)
        print(f"fault: {shown} (--debug shows the traceback)", file=sys.stderr, flush=True)


def say_faults(app: FastAPI, explored: Explored) -> None:
    """Let every error of an application be a page.

    Parameters
    ----------
    app : FastAPI
    explored : Explored
    """

    @app.exception_handler(404)
    def missing(request: Request, error: Exception) -> Response:
        del request, error
        return said(explored, 404, "Not found", "There is no such page.")

    @app.exception_handler(405)
    def not_so(request: Request, error: Exception) -> Response:
        del request, error
        return said(explored, 405, "Not so", "This page is only read.")

    @app.exception_handler(InputError)
    def refused(request: Request, error: InputError) -> Response:
        del request
        more = " ".join(filter(None, (error.found and f"Found: {error.found}.", error.hint)))
        words = sentence(error.problem), sentence(more)
        if isinstance(error, RunAgainError):
            return said(explored, 503, "One moment", *words, again=True)
        return said(explored, 404, "Not to be shown", *words)

    @app.exception_handler(CohortmartError)
    def failed(request: Request, error: CohortmartError) -> Response:
        del request
        return said(explored, 500, "This failed", str(error))

    @app.exception_handler(Exception)
    def broken(request: Request, error: Exception) -> Response:
        del request
        words = f"This is a fault of cohortmart, not of yours: {type(error).__name__}."
        return said(explored, 500, "This failed", words)


def said(
    explored: Explored, status: int, title: str, words: str, hint: str = "", *, again: bool = False
) -> Response:
    """Return a page of words.

    Parameters
    ----------
    explored : Explored
    status : int
        Of HTTP.
    title, words, hint : str
        Plain text.
    again : bool
        It is worth to ask again soon.
    """
    return HTMLResponse(words_html(title, words, hint, frame_of(explored), again=again), status)


def frame_of(explored: Explored, state: str = "") -> Frame:
    """Return what stands around a page, whatever state the study is in.

    Parameters
    ----------
    explored : Explored
    state : str
        Of the warehouse that answers.
    """
    try:
        study = explored.name
    except (CohortmartError, OSError):  # its folder is gone
        study = "cohortmart"
    try:
        pages = offered(explored)
    except (CohortmartError, duckdb.Error):  # being run again: its pages come back with its tables
        pages = ()
    return Frame(study, pages, state, explored.pseudonymise, explored.subject)


def sentence(words: str) -> str:
    """Return words as a sentence: a capital letter, a full stop.

    Parameters
    ----------
    words : str
    """
    text = words.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if not text or text[-1] in '.?!' else '.'}"
