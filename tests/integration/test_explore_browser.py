"""Every page of the explorer in a real browser: drawn, readable, usable, silent, and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from cohortmart.explore.answers.registry import VIEWS
from tests.support.chromium import Opened, started_chromium
from tests.support.explorer import explorer
from tests.support.hostile_run import hostile_run
from tests.support.hostile_study import (
    CONTRASTS,
    HOSTILE,
    SECRET_PERSON,
    SECRET_SAMPLE,
    STUDY,
    genes,
    people,
    samples,
)

pytestmark = pytest.mark.slow
WIDE, NARROW = 1280, 390
#: Views that are pages; the others join one of these.
WHOLE = [kind for kind in VIEWS if not kind.is_part]
#: An address of every view of the registry, of the demo.
PAGES = {
    "": "",
    "contrast": "contrast?analysis=rna_cd8&contrast=MS_3rd-1st",
    "compare": "compare?analysis=rna_cd8&contrast=MS_3rd-1st&with_contrast=MS_PP-3rd",
    "gene": "gene?name=SYN470",
    "feature": "feature?assay=methylation&id=cg90000003",
    "set": "set?name=DEMO_SET_10",
    "rebound": "rebound",
    "module": "module?analysis=rna_cd8&pair=3rd-1st/PP-3rd",
    "samples": "samples",
    "sample": "sample?name=DEMO_0101",
    "person": "person?name=001",
    "list": "list?features=SYN2+SYN5+SYN470+SYN17+SYN892",
    "sql": "sql",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def demo(demo_run: Path) -> Iterator[str]:
    with explorer(demo_run) as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with explorer(hostile_run(tmp_path_factory)) as address:
        yield address


@contextmanager
def opened(browser: Browser, address: str, width: int = WIDE) -> Iterator[Opened]:
    """A window that notes what the console says and what is asked of others."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    found = Opened(context.new_page())
    found.page.on("console", lambda said: found.complaints.append(f"{said.type}: {said.text}"))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    place = urlsplit(address).netloc
    found.page.on(
        "request",
        lambda asked: (
            None
            if urlsplit(asked.url).netloc == place or asked.url.startswith(("data:", "blob:"))
            else found.requests.append(asked.url)
        ),
    )
    try:
        yield found
    finally:
        context.close()


def shown(found: Opened, address: str) -> None:
    found.page.goto(address)
    found.page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
    found.draw_all()


def failed_drawings(page: Page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('figure')].filter(f => f.offsetParent"
        " && f.querySelector('.drawing').dataset.drawn !== 'true').map(f => f.id)"
    )


def sideways(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_every_view_is_looked_at() -> None:
    assert sorted(PAGES) == sorted(kind.name for kind in WHOLE)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_accessible_and_silent(
    browser: Browser, demo: str, name: str, width: int
) -> None:
    with opened(browser, demo, width) as found:
        shown(found, demo + PAGES[name])
        page = found.page
        assert page.locator("#page-title").inner_text() not in ("Not found", "Not to be shown")
        assert failed_drawings(page) == []
        assert page.locator("[aria-label='Vega visualization']").count() == 0
        assert sideways(page) <= 0
        # a drawing has one name, its figure's; what is not shown only takes time
        page.evaluate(
            "for (const e of document.querySelectorAll('[hidden], main script, .drawing > *'))"
            " e.remove()"
        )
        said = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in said] == []
        assert found.complaints == []
        assert found.requests == []


def _reach(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is on something."""
    for _ in range(most):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def _focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


def test_the_keyboard_is_enough(browser: Browser, demo: str) -> None:
    with opened(browser, demo) as found:
        page = found.page
        shown(found, demo)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        _reach(page, "#search")
        page.keyboard.type("syn47")
        page.wait_for_selector("#suggestions li")
        for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
        chosen = page.locator("#suggestions [aria-selected=true]")
        assert chosen.get_attribute("id") == page.locator("#search").get_attribute(
            "aria-activedescendant"
        )
        name = chosen.evaluate("one => one.firstChild.textContent")
        page.keyboard.press("Enter")
        page.wait_for_function("n => document.title.startsWith(n)", arg=name)
        assert _focused(page) == "page-title"  # what is new is read out
        # a control, its table, and a link in it
        _reach(page, ".controls select", most=200)
        control = _focused(page)
        page.keyboard.press("ArrowDown")
        page.wait_for_url("**/gene?*=*&*")
        page.wait_for_function("i => document.activeElement.id === i", arg=control)
        page.locator("#contrasts").scroll_into_view_if_needed()
        page.wait_for_selector("#contrasts tbody a")
        _reach(page, "#contrasts th button")
        page.keyboard.press("Enter")
        assert page.locator("#contrasts th[aria-sort]").count() == 1
        _reach(page, "#contrasts tbody a", most=150)
        page.keyboard.press("Enter")
        page.wait_for_url("**/contrast?*")
        page.go_back()
        page.wait_for_url("**/gene?*")
        assert found.complaints == []


def test_a_query_is_asked_by_the_keyboard(browser: Browser, demo: str) -> None:
    with opened(browser, demo) as found:
        page = found.page
        shown(found, f"{demo}sql")
        _reach(page, "main textarea")
        page.keyboard.press("Control+A")
        page.keyboard.type("select 40 + 2 as answer")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("main td:text-is('42')")
        assert found.complaints == []


def _hostile_addresses() -> Iterator[str]:
    """Addresses of everything of the hostile study, and of what nobody has."""
    for gene in HOSTILE:
        yield f"gene?name={quote(gene, safe='')}"
    for name in HOSTILE[:2]:
        yield f"feature?assay=proteins&id={quote('PROT ' + name, safe='')}"
        yield f"set?name={quote('SET ' + name, safe='')}"
        yield f"list?features={quote(name, safe='')}%0A{quote('GENE20', safe='')}"
        yield f"sql?query={quote(name, safe='')}"
        yield f"search?name={quote(name + 'x', safe='')}"
    first, *others = CONTRASTS
    for contrast in CONTRASTS:
        yield f"contrast?analysis=rna&contrast={quote(contrast, safe='')}"
    two = f"contrast={quote(first, safe='')}&with_contrast={quote(others[0], safe='')}"
    yield f"compare?analysis=rna&{two}"
    for name in samples()[:3]:
        yield f"sample?name={quote(name, safe='')}"
    for name in people()[:3]:
        yield f"person?name={quote(name, safe='')}"
    yield from ("", "samples", "rebound", "contrast")
    # nobody's names: in every parameter that a view reads
    odd = quote(HOSTILE[0], safe="")
    for kind in WHOLE:
        yield f"{kind.name}?" + "&".join(f"{p}={odd}" for p in _PARAMETERS)
    yield f"{quote(HOSTILE[0], safe='')}?{odd}={odd}"


_PARAMETERS = (
    "name", "id", "assay", "analysis", "contrast", "with_contrast", "with_analysis",
    "collection", "features", "query",
    "pair", "in", "not_in", "colour", "x", "y", "universe", "contrasts", "set", "p", "change",
)  # fmt: skip


def test_hostile_names_stay_text(browser: Browser, hostile: str) -> None:
    with opened(browser, hostile) as found:
        page = found.page
        for address in _hostile_addresses():
            page.goto(hostile + address)
            page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
            found.draw_all()
            assert page.evaluate("window.broken") is None, address
            assert page.locator("main img, main svg[onload], main iframe").count() == 0, address
            assert failed_drawings(page) == [], address
            assert sideways(page) <= 0, address
            links: list[str] = page.evaluate("[...document.links].map(a => a.href)")
            away = [link for link in links if not link.startswith(hostile)]
            assert away == [], address
            assert page.title().endswith(STUDY), address
        # a page that is not there is said so by its status, which the console repeats
        loud = [
            said for said in found.complaints if "the server responded with a status" not in said
        ]
        assert loud == []
        assert found.requests == []


def test_hostile_suggestions_stay_text_and_lead_on(browser: Browser, hostile: str) -> None:
    with opened(browser, hostile) as found:
        page = found.page
        shown(found, hostile)
        for name in HOSTILE:
            page.fill("#search", name[:40])
            page.wait_for_selector("#suggestions li")
            page.wait_for_function(
                "n => [...document.querySelectorAll('#suggestions li')]"
                ".some(i => i.firstChild.textContent === n)", arg=name,
            )  # fmt: skip
            assert page.locator("#suggestions img, #suggestions script").count() == 0
        page.locator("#suggestions li", has_text=HOSTILE[-1]).first.click()
        page.wait_for_function("n => document.title.startsWith(n)", arg=HOSTILE[-1])
        assert page.evaluate("window.broken") is None
        assert found.complaints == []
        assert found.requests == []


def test_another_page_cannot_reach_it(browser: Browser, hostile: str) -> None:
    """A page elsewhere links here; it cannot read, frame or load anything of it."""
    with opened(browser, hostile) as found:
        page = found.page
        page.goto(hostile.replace("127.0.0.1", "localhost"))  # another site, as browsers see it
        read = page.evaluate(
            "address => fetch(address, {mode: 'no-cors'}).then(() => 'read', () => 'refused')",
            hostile + "state",
        )
        assert read == "refused"
        page.goto("about:blank")
        page.set_content(f"<iframe src='{hostile}'></iframe><a href='{hostile}'>there</a>")
        page.wait_for_timeout(300)
        assert page.frames[1].locator("#page-title").count() == 0
        page.click("a")
        page.wait_for_selector("html[data-ready=true]")


def test_numbers_stand_for_people_everywhere(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No name of a person or a sample in a page, in JSON, or in a file."""
    with (
        explorer(hostile_run(tmp_path_factory), pseudonymise=True) as address,
        opened(browser, address) as found,
    ):
        page, answers = found.page, []
        page.on("response", lambda answer: answers.append(answer))
        secrets = (SECRET_PERSON.lower(), SECRET_SAMPLE.lower())
        asked = [kind.name for kind in WHOLE]
        asked += [f"gene?name={quote(genes()[1], safe='')}", "gene?name=GENE14",
                  "feature?assay=proteins&id=" + quote("PROT " + HOSTILE[4], safe=""),
                  "list?features=GENE13+GENE14+GENE15+GENE16", "sample?name=sample%201",
                  "person?name=person%201", "suggest?name=per", "suggest?name=sam"]  # fmt: skip
        hidden = [f"suggest?name={SECRET_PERSON[:4]}", f"suggest?name={SECRET_SAMPLE[:4]}"]
        known = [f"{view}?name={quote(name, safe='')}"
                 for view, name in (("person", people()[0]), ("sample", samples()[0]),
                                    ("search", people()[0]), ("search", samples()[0]))]  # fmt: skip
        for path in asked + hidden + known:
            page.goto(address + path)
            if "suggest" not in path:
                page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
                found.draw_all()
            text = page.content().lower()
            if path in known:  # what was asked may be said back, and no more
                assert page.locator("figure, table").count() == 0, path
                continue
            assert not any(secret in text for secret in secrets), path
            files: list[str] = page.evaluate(
                "[...document.links].map(a => a.href).filter(a => a.includes('/download/'))"
            )
            for file in files:
                body = page.request.get(file).body().lower()
                assert not any(secret.encode() in body for secret in secrets), file
        for query in ("from dim_sample", "from shown_sample", "from fct_gene_expression limit 5"):
            page.goto(f"{address}sql?query={quote(query)}")
            page.wait_for_function("() => document.documentElement.dataset.ready === 'true'")
            _reach(page, "main textarea")
            page.keyboard.press("Control+Enter")
            page.wait_for_timeout(500)
            assert not any(secret in page.content().lower() for secret in secrets), query
