"""The demo's report: every figure is a file and is explained; without names for other readers."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.warehouse.home import Home, connect_read_only, fetch
from cohortmart.report.figure_files import NARROW
from cohortmart.report.pipeline import write_report
from tests.support.paths import ROOT

DOCS = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
EMBEDDED = re.compile(r'<script type="application/json" id="([^"]+)">(.*?)</script>', re.DOTALL)


def explained() -> list[re.Pattern[str]]:
    """Return what the names in the headings of docs/figures.md stand for."""
    names = [
        name.strip().removesuffix(" (table)")
        for line in re.findall(r"^### (.*)$", DOCS, flags=re.MULTILINE)
        for name in re.sub(r" \((?:page|file|table|tables)[^)]*\)", "", line).split(",")
        if "-" in name
    ]
    return [re.compile(re.sub(r"[A-Z]+", "[a-z0-9-]+", name)) for name in names]


def names_in(page: str) -> set[str]:
    """Return the names of all figures and tables that have data in a page."""
    return {i.removeprefix("data-") for i, _ in EMBEDDED.findall(page) if i.startswith("data-")}


def test_every_figure_and_table_is_explained(demo_run: Path) -> None:
    page = (demo_run / "report" / "index.html").read_text()
    files = {p.stem.removesuffix(NARROW) for p in pictures(demo_run)}
    patterns = explained()
    unexplained = {
        name for name in names_in(page) | files if not any(p.fullmatch(name) for p in patterns)
    }
    assert unexplained == set()
    # and nothing is explained that is nowhere
    # not in the demo
    never = (
        "quality-failed-", "findings-overlap", "quality-missing-", "methods-derived",
        "methods-deviations", "overview-counts",
    )  # fmt: skip
    there = names_in(page) | files
    assert [
        p.pattern
        for p in patterns
        if not any(p.fullmatch(name) for name in there) and not p.pattern.startswith(never)
    ] == []


def test_figures_are_there_for_print_and_listed(demo_run: Path) -> None:
    svg, png = ({p.stem for p in pictures(demo_run) if p.suffix == k} for k in (".svg", ".png"))
    clouds = {n for n in svg if re.match("(contrasts-(volcano|mean-difference)-|overview-vol)", n)}
    assert svg - png == {n for n in clouds if not n.endswith(NARROW)}
    assert png <= svg
    assert {f"{n}{NARROW}" for n in clouds - png} <= png
    assert {"contrasts-volcanoes-rna-cd8", "rebound-changes-rna-cd8", "overview-grid"} <= svg
    assert len([n for n in clouds if n.startswith("contrasts-volcano-rna-cd8-")]) >= 2 * 26
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in pictures(demo_run) if p.stem in png
               and p.suffix == ".png")  # fmt: skip
    assert all(p.stat().st_size > 2_000 for p in pictures(demo_run))
    with (demo_run / "report" / "figures" / "figures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(r["file"] for r in rows) == sorted(p.name for p in pictures(demo_run))
    assert all(r["title"] and r["caption"] for r in rows)
    for r in rows:
        if r["file"].endswith(".svg"):
            picture = (demo_run / "report" / "figures" / r["file"]).read_text()
            size = re.search(
                r'width="([\d.]+)mm" height="([\d.]+)mm" viewBox="0 0 ([\d.]+)', picture
            )
            assert size is not None, r["file"]
            width, height, pixels = map(float, size.groups())
            assert width <= 180.5, r["file"]
            assert height <= 240.5, r["file"]
            assert f">{r['title']}<" not in picture, r["file"]
            sizes = [float(s) for s in re.findall(r'font-size="([\d.]+)', picture)]
            assert min(sizes) * width / 25.4 * 72 / pixels >= 6, r["file"]


def pictures(run: Path) -> list[Path]:
    """Return the files of the figures."""
    return sorted(p for p in (run / "report" / "figures").iterdir() if p.suffix != ".csv")


def texts(value: Any) -> Iterator[str]:
    """Yield every text inside JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@pytest.mark.slow
def test_a_pseudonymised_report_names_no_one(demo_run: Path) -> None:
    done = write_report(Home(demo_run), pseudonymise=True, say=lambda _: None)
    con = connect_read_only(Home(demo_run))
    rows = fetch(con, "select sample_id, subject_id, age from dim_sample").to_pylist()
    con.close()
    subjects, samples = {r["subject_id"] for r in rows}, {r["sample_id"] for r in rows}
    page = done.index.read_text()
    shown = [t for _, content in EMBEDDED.findall(page) for t in texts(json.loads(content))]
    assert not (subjects | samples) & set(shown)
    pictures = "".join(p.read_text() for p in sorted((done.index.parent / "figures").glob("*.svg")))
    for sample in samples:
        assert sample not in page
        assert sample not in pictures
    written = re.findall(r">([^<>]+)</text>", pictures)
    assert not subjects & set(written)
    ages = {f"{r['age']:g}" for r in rows if r["age"] is not None and not r["age"].is_integer()}
    assert not ages & set(shown)
    assert "woman 1" not in page  # not even her number: no single woman is drawn
    assert not list((done.index.parent / "figures").glob("overview-grid*"))
