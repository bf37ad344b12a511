"""Links of the explorer: wherever a page leads, something is there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.registry import VIEWS
from cohortmart.explore.server.app import application

pytestmark = pytest.mark.slow

#: In HTML, and in the rows of tables and figures.
_ADDRESS = re.compile(r'(?:href|data-later)="(/[^/"][^"]*)"|"(/[a-z-]+\?[^"]+)"')
#: Addresses of one form that are followed from all pages.
_OF_A_FORM = 3


class _NoScripts:
    def file(self, _: str) -> None:
        return None


@pytest.fixture(scope="module")
def client(demo_run: Path) -> Iterator[TestClient]:
    opened = Explored(Home(demo_run))
    yield TestClient(application(opened, _NoScripts()))  # type: ignore[arg-type]
    opened.close()


def _form(address: str) -> str:
    """Return a view and the names of what it is given."""
    return re.sub(r"=[^&]*", "", address)


def _addresses(text: str) -> list[str]:
    found = [html.unescape(a or b) for a, b in _ADDRESS.findall(text)]
    made = [address.replace("\\u0026", "&") for address in found]
    return [address for address in made if not address.startswith("/static")]


def test_every_link_leads_somewhere(client: TestClient) -> None:
    waiting, followed, forms = ["/", "/list", "/sql", "/samples"], set(), dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.text[:2000]}"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for found in _addresses(answer.text):
            form = _form(found)
            if found not in followed and forms.get(form, 0) < _OF_A_FORM:
                followed.add(found)
                forms[form] = forms.get(form, 0) + 1
                waiting.append(found)
    reached = {form.partition("?")[0].strip("/") for form in forms}
    assert {kind.name for kind in VIEWS if kind.name} <= reached
    assert len(followed) > 40
