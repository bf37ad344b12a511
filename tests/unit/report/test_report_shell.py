"""From blocks to the page: data sets, equal specs, hostile values, names and sizes."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.report import assemble
from cohortmart.report.blocks import Choice, Column, Figure, Page, Panel, Section, Table, Text
from cohortmart.report.columns import compact, embedded, rows
from cohortmart.report.naming import slug, slugs
from cohortmart.report.source import Detail
from cohortmart.report.theme import GROUP_COLOURS, group_scale, timepoint_scale

HOSTILE = "</script><script>window.broken = true</script><!-- &amp;"
SPEC = {"data": {"name": "points"}, "mark": "point"}


@pytest.fixture(autouse=True)
def without_vega(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "vega_bundle", lambda: "/* Vega */")


def figure(name: str, **options: object) -> Figure:
    data = {"points": pa.table({"x": [1.0, 2.5], "label": ["a", HOSTILE]})}
    given = {"spec": SPEC, "data": data, "title": f"Title {HOSTILE}"} | options
    return Figure(name=name, caption=HOSTILE, alt=f'"{HOSTILE}"', **given)  # type: ignore[arg-type]


def page(*blocks: object, name: str = "one") -> Page:
    return Page(name, "One", HOSTILE, (Section(HOSTILE, tuple(blocks)),))  # type: ignore[arg-type]


def scripts(text: str) -> dict[str, object]:
    found = re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', text)
    return {name: json.loads(content) for name, content in found}


def test_values_with_html_stay_text() -> None:
    table = Table(
        "t", HOSTILE, HOSTILE, (Column("a", HOSTILE),), pa.table({"a": [HOSTILE]}), HOSTILE
    )
    choice = Choice("c", HOSTILE, (Panel(HOSTILE, (Text(HOSTILE, "code"),)), Panel("b", ())))
    text = assemble.html(HOSTILE, [page(Text(HOSTILE), figure("f"), table, choice)], HOSTILE)
    assert "window.broken = true</script>" not in text
    assert text.startswith("<!doctype html>")
    # config, a spec, two data sets, Vega and the page's own
    assert text.count("<script") == text.count("</script>") == 6
    assert scripts(text)["data-f"]["points"]["columns"]["label"]["levels"][1] == HOSTILE  # type: ignore[index]


def test_equal_specs_are_stored_once_and_figures_for_files_not_at_all() -> None:
    other = figure("other", spec={**SPEC, "mark": "bar"})
    text = assemble.html("s", [page(figure("a"), figure("b"), other, figure("c", where="file"))])
    found = scripts(text)
    assert sorted(n for n in found if n.startswith("spec-")) == ["spec-1", "spec-2"]
    assert re.findall(r'id="(\w+)" data-spec="([^"]+)"', text) == [
        ("a", "spec-1"), ("b", "spec-1"), ("other", "spec-2"),
    ]  # fmt: skip
    assert "data-c" not in found
    assert "<code>figures/c</code>" in text  # and is told of


def test_blocks_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two blocks of the report are called a"):
        assemble.html("s", [page(figure("a")), page(figure("a"), name="two")])


def test_a_page_without_sections_says_so() -> None:
    text = assemble.html("s", [Page("empty", "Empty", "lead")])
    assert "nothing to show here" in text


def test_compact_columns() -> None:
    table = pa.table(
        {
            "x": pa.array([1.0, 0.123456, None, float("nan"), 123456.7, 1e-320]),
            "n": pa.array([1, None, 3, 4, 5, 6]),
            "t": pa.array(["b", "a", None, "b", "b", "a"]),
            "k": pa.array([True, None, False, True, True, True]),
        }
    )
    found = compact(table)
    assert found["n"] == 6
    assert found["columns"]["x"] == [1, 0.1235, None, None, 123500, 1e-320]
    assert found["columns"]["t"] == {"levels": ["b", "a"], "codes": [0, 1, None, 0, 0, 1]}
    assert rows(table)[1] == {"x": 0.1235, "n": None, "t": "a", "k": None}
    json.loads(embedded(found))


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_embedded_json_is_the_value_and_cannot_end_its_element(value: object) -> None:
    text = embedded(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


@given(st.lists(st.text(max_size=5), unique=True, max_size=8))
def test_slugs_are_plain_and_one_of_a_kind(names: list[str]) -> None:
    found = slugs(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", s) for s in found.values())


def test_slug() -> None:
    assert slug("rna_cd8 (voom)") == "rna-cd8-voom"


def test_colours_belong_to_names_in_order() -> None:
    assert group_scale(["HP", "MS"])["range"] == list(GROUP_COLOURS[:2])
    scale = timepoint_scale(["BP", "1st", "2nd", "3rd", "PP"])
    assert len(set(scale["range"])) == 5
    assert len(timepoint_scale([str(i) for i in range(30)])["range"]) == 30


def test_detail_halves_down_to_the_least() -> None:
    detail = Detail()
    for _ in range(12):
        detail = detail.halved()
    assert detail == Detail.least() == detail.halved()
