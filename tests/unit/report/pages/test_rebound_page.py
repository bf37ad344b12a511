"""The page on rebound: numbers counted by hand, and studies that lack something."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import vl_convert

from cohortmart.report.blocks import Figure, Page, Table, Text, all_blocks
from cohortmart.report.figure_files import standalone
from cohortmart.report.pages.rebound import rebound_page
from cohortmart.report.source import Detail, Source
from tests.support.report_rebound_rows import (
    ANALYSIS,
    HP,
    MS,
    NAMES,
    PAIR,
    SAMPLES,
    study,
    value,
)
from tests.support.report_source import small_source

DETAIL = Detail(top_features=3, bins=4, trajectories=1)
KINDS = ("changes", "classes", "sectors", "courses")


def source(tables: dict[str, Any] | None = None, **options: Any) -> Source:
    return small_source(
        study() if tables is None else tables, SAMPLES, analyses=[ANALYSIS],
        detail=options.pop("detail", DETAIL), **options,
    )  # fmt: skip


def figures(page: Page) -> dict[str, Figure]:
    """Figures by the middle of their names."""
    drawn = [b for b in all_blocks(page) if isinstance(b, Figure)]
    return {f.name.split("-")[1]: f for f in drawn}


def tables(page: Page) -> dict[str, Table]:
    return {b.name: b for b in all_blocks(page) if isinstance(b, Table)}


def words(page: Page) -> str:
    return " ".join(b.words for b in all_blocks(page) if isinstance(b, Text))


def tuples(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[n] for n in names) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def page() -> Page:
    return rebound_page(source())


def test_everything_is_there(page: Page):
    assert set(figures(page)) == set(KINDS)
    names = [b.name for b in all_blocks(page) if isinstance(b, Figure | Table)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"rebound-[a-z0-9-]+", name) for name in names)
    assert set(tables(page)) == {"rebound-summary", "rebound-top-rna-cd4"}
    assert all(f.alt and f.caption and f.where == "both" for f in figures(page).values())


def test_cells_hold_every_feature_once(page: Page):
    # the largest change is 2: four cells of width 1 from -2; a change of 2 is in the last
    assert tuples(figures(page)["changes"].data["cells"], "panel", "x", "x2", "y", "y2", "n") == [
        (1, -2, -1, 0, 1, 1),
        (1, 0, 1, 0, 1, 1),
        (1, 1, 2, -2, -1, 1),
        (1, 1, 2, -1, 0, 1),
        (2, -1, 0, -1, 0, 1),
        (2, 0, 1, -1, 0, 2),
        (2, 0, 1, 0, 1, 1),
        (2, 1, 2, -2, -1, 1),
    ]


def test_points_and_guides(page: Page):
    data = figures(page)["changes"].data
    assert sorted(tuples(data["points"], "panel", "feature", "class", "x", "y")) == [
        (1, "<script>alert(1)</script>, g1", "up then down", 1.5, -1.5),
        (1, "TNF, g2", "down then up", -1.5, 0.5),
        (2, "<script>alert(1)</script>, g1", "up then down", 0.5, -1.0),
        (2, "IL2, g4", "up then down", 1.0, -2.0),
    ]
    slopes = {
        (row["panel"], row["kind"]): (row["y2"] - row["y"]) / (row["x2"] - row["x"])
        for row in data["lines"].to_pylist() if row["kind"] != "zero"
    }  # fmt: skip
    # spreads of HP: first changes 1.5, -1.5, 0.5, 2.0 and second ones -1.5, 0.5, 0.5, -0.5
    first, second = (1.5, -1.5, 0.5, 2.0), (-1.5, 0.5, 0.5, -0.5)
    ratio = (variance(second) / variance(first)) ** 0.5
    assert slopes[1, "measured"] == pytest.approx(-0.81 * ratio)
    assert slopes[1, "by chance"] == pytest.approx(-0.5 * ratio)
    assert tuples(data["labels"], "r", "biological", "reading") == [
        (
            "r -0.81; by chance -0.50 (-0.60 to -0.40)",
            "biological r -0.90 (95 % -1.00 to -0.70)",
            "stronger than chance",
        ),
        ("r -0.48; by chance -0.50 (-0.60 to -0.40)", "", "no different from chance"),
    ]


def variance(values: tuple[float, ...]) -> float:
    mean = sum(values) / len(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)


def test_found_beyond_the_picture_stand_at_its_edge():
    rows = study()
    many = [
        {**rows["rebound"].to_pylist()[2], "feature_id": f"h{i}", "log_fc_first": 0.25}
        for i in range(1200)
    ]
    shown = rows["rebound"].to_pylist()
    for row in shown:  # one of 114 found lies far out: more than the picture's share
        if row["feature_id"] == "g1" and row["study_group"] == HP:
            row["log_fc_first"] = 90.0
    found = [
        {**shown[1], "feature_id": f"f{i}", "log_fc_first": -1.0, "log_fc_second": 1.0}
        for i in range(110)
    ]
    rows["rebound"] = pa.Table.from_pylist(shown + many + found)
    drawn = figures(rebound_page(source(rows)))["changes"].data
    edge = max(tuples(drawn["points"], "x"))[0]
    assert edge < 3
    assert max(tuples(drawn["points"], "first"))[0] == 90
    assert max(tuples(drawn["cells"], "x2"))[0] == pytest.approx(edge)
    assert sum(n for (n,) in tuples(drawn["cells"], "n")) == 4 + 5 + 1200 + 110


def test_what_becomes_of_the_first_change(page: Page):
    figure = figures(page)["classes"]
    bands = set(tuples(figure.data["bands"], "panel", "band", "kind", "n"))
    assert bands == {
        (1, "up to down", "up then down", 1),
        (1, "up to unclear", "one change only", 1),
        (1, "down to up", "down then up", 1),
        (1, "unclear to up", "one change only", 1),
        (2, "up to down", "up then down", 1),
        (2, "unclear to down", "one change only", 1),
    }
    assert "adjusted P < 0.05" in figure.caption
    assert "of 2 up at first, 1 go down afterwards; of 1 down at first, 1 go up" in figure.alt


def test_sectors_hold_what_the_summary_counts(page: Page):
    figure = figures(page)["sectors"]
    kinds = tuples(figure.data["points"], "panel", "kind")
    assert sorted(kinds) == [
        (1, f"same way, more in {HP}"), (1, f"same way, more in {HP}"),
        (1, f"same way, more in {HP}"), (2, "opposite ways"),
        (2, f"same way, more in {HP}"), (2, f"same way, more in {MS}"),
    ]  # fmt: skip
    assert tuples(figure.data["labels"], "panel", "n", "share") == [
        (1, "0", "0 %"), (1, "2", "67 %"), (1, "1", "33 %"),
        (2, "1", "33 %"), (2, "1", "33 %"), (2, "1", "33 %"),
    ]  # fmt: skip
    # g5 has no change in HP
    assert [sum(n for p, n in tuples(figure.data["cells"], "panel", "n") if p == i)
            for i in (1, 2)] == [4, 4]  # fmt: skip


def test_courses_of_the_clearest_feature(page: Page):
    rows = figures(page)["courses"].data["courses"].to_pylist()
    assert {row["feature"] for row in rows} == {"IL2, g4"}
    of_people = {(r["line"].split(" | ")[1], r["timepoint"]): r["value"]
                for r in rows if r["kind"] == "person"}  # fmt: skip
    assert of_people == {(s[1], s[3]): value(s[1], s[3]) for s in SAMPLES}
    means = {(r["study_group"], r["timepoint"]): (r["value"], r["low"], r["n"])
             for r in rows if r["kind"] == "mean"}  # fmt: skip
    assert means[HP, "3rd"] == (5.5, 4.5, 2)
    assert means[HP, "PP"] == (4.25, None, 1)
    assert figures(page)["courses"].caption.endswith("11 samples of 4 people.")


def test_top_table_and_its_query(page: Page):
    table = tables(page)["rebound-top-rna-cd4"]
    names = ("study_group", "feature_id", "gene_name", "adj_p_rebound", "found")
    assert tuples(table.rows, *names) == [
        (MS, "g4", "IL2", 0.001, "yes"),
        (HP, "g1", NAMES["g1"], 0.01, "yes"),
        (HP, "g2", "TNF", 0.02, "yes"),
    ]
    # half of the first contrast's interval over its error is 2: amplitude +- 2 x 0.25
    assert tuples(table.rows, "amplitude", "amplitude_low", "amplitude_high")[0] == (1.5, 1.0, 2.0)
    whole = source().table(table.query)
    assert whole.slice(0, 3).to_pylist() == table.rows.to_pylist()
    # all that swing back, found or not
    assert whole.num_rows == 6
    summary = tables(page)["rebound-summary"]
    assert source().table(summary.query).num_rows == summary.rows.num_rows == 2
    assert tuples(summary.rows, "study_group", "r") == [(HP, -0.81), (MS, -0.48)]


def test_sentences(page: Page):
    said = words(page)
    assert f"{HP}: 2 of 4 genes rebound: 1 up then down, 1 down then up." in said
    assert "correlate at -0.81, by chance at -0.50 (-0.60 to -0.40): stronger than chance" in said
    assert "(P < 0.001); biological r -0.90 (95 % -1.00 to -0.70)." in said
    assert "correlate at -0.48, by chance at -0.50 (-0.60 to -0.40): no different" in said
    assert f"differs between MS and {HP} in 1 gene." in said


def test_pictures_compile_and_values_are_no_code(page: Page):
    for figure in figures(page).values():
        vl_convert.vegalite_to_vega(standalone(figure))
        for expression in _expressions(figure.spec):
            assert "<" not in expression
            assert MS not in expression


def _expressions(spec: Any) -> list[str]:
    if isinstance(spec, dict):
        own = [str(spec[k]) for k in ("filter", "calculate", "test", "expr") if k in spec]
        return own + [e for v in spec.values() for e in _expressions(v)]
    return [e for v in spec for e in _expressions(v)] if isinstance(spec, list) else []


def test_nobody_is_shown_where_names_are_hidden(tmp_path: Path):
    page = rebound_page(source(root=tmp_path, pseudonymised=True))
    rows = figures(page)["courses"].data["courses"].to_pylist()
    assert {row["kind"] for row in rows} == {"mean"}
    # a mean of one person is that person's value
    assert (HP, "PP") not in {(r["study_group"], r["timepoint"]) for r in rows}
    assert len(rows) == 5
    everything = repr(page) + repr([f.data for f in figures(page).values()])
    assert not any(who in everything for who in ("Ada", "Eva", "Ida", "Uta", "'s1'"))


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        ("group_agreement", {"sectors"}),
        ("group_expression", {"courses"}),
        ("design_matrix", {"courses"}),
        ("rebound_group", set()),
        ("dim_gene", set()),
    ],
)
def test_what_is_not_there_is_left_out(missing: str, lost: set[str]):
    rows = study()
    if missing == "dim_gene":  # there, and empty
        rows[missing] = pa.Table.from_pylist(
            [], pa.schema([("gene_id", pa.string()), ("gene_name", pa.string())])
        )
    else:
        del rows[missing]
    assert set(figures(rebound_page(source(rows)))) == set(KINDS) - lost


def test_no_rebound_asked_for():
    assert rebound_page(source({})).sections == ()


def test_nothing_could_be_tested():
    rows = study()
    kept = [
        {**row, "log_fc_second": None, "p_second": None, "class": None, "is_found": False}
        for row in rows["rebound"].to_pylist()
    ]
    rows["rebound"] = pa.Table.from_pylist(kept, rows["rebound"].schema)
    assert rebound_page(source(rows)).sections == ()


def test_one_pair_of_no_group_and_nothing_found():
    rows = study()
    row = {**rows["rebound_summary"][0], "study_group": None, "n_found": 0, "n_up_down": 0}
    rows["rebound_summary"] = [row]
    rows["rebound"] = pa.Table.from_pylist(
        [
            {**r, "study_group": None, "is_found": False}
            for r in rows["rebound"].to_pylist()
            if r["study_group"] == HP
        ],
        rows["rebound"].schema,
    )
    for name in ("deg", "group_agreement", "contrast_correlation"):
        first = rows[name][0]
        rows[name] = pa.Table.from_pylist([first]).slice(0, 0)
    page = rebound_page(source(rows))
    assert set(figures(page)) == {"changes", "courses"}
    assert figures(page)["changes"].data["points"].num_rows == 0
    assert f"{PAIR}: 0 of 4 genes rebound" in words(page)
    vl_convert.vegalite_to_vega(standalone(figures(page)["changes"]))


def test_methylation_has_its_units_and_genes():
    rows = study()
    for row in rows["dim_contrast"]:
        row["values_used"] = "m_value"
    rows["dmp"] = [
        {"analysis": r["analysis"], "contrast": r["contrast"], "probe_id": r["gene_id"],
         "direction": {"up": "hyper", "down": "hypo"}[r["direction"]]}
        for r in rows.pop("deg")
    ]  # fmt: skip
    rows["bridge_probe_gene"] = [
        {"probe_id": "g4", "gene_name": name} for name in ("IL2", "FOS", "IL2")
    ]
    for old, new in (("visit_expression", "visit_methylation"),
                     ("group_expression", "group_methylation")):  # fmt: skip
        rows[new] = [
            {k.replace("gene_id", "probe_id").replace("log2_cpm", "beta"): v for k, v in r.items()}
            for r in rows.pop(old)
        ]
    page = rebound_page(source(rows))
    assert set(figures(page)) == set(KINDS)
    assert set(tuples(figures(page)["courses"].data["courses"], "feature")) == {("FOS, IL2, g4",)}
    table = tables(page)["rebound-top-rna-cd4"]
    assert [c.label for c in table.columns if "M-value" in c.label or "beta" in c.label] == [
        "First change (M-value)", "Second change (M-value)", "First change (beta)",
        "Second change (beta)",
        "Amplitude (M-value)",
    ]  # fmt: skip
    assert "2 of 4 CpGs rebound" in words(page)
    for name in ("changes", "sectors"):
        layers = figures(page)[name].spec["concat"][0]["layer"]
        assert [x["encoding"]["fill"]["title"] for x in layers if "fill" in x["encoding"]] == [
            "CpGs"
        ]


def test_two_pairs_of_an_analysis_have_names_of_their_own():
    rows = study()
    for name in ("rebound_summary", "rebound_union", "group_agreement"):
        rows[name] = [*rows[name], *({**r, "pair": "c/d"} for r in rows[name])]
    more = rows["rebound"].to_pylist()
    rows["rebound"] = pa.Table.from_pylist([*more, *({**r, "pair": "c/d"} for r in more)])
    page = rebound_page(source(rows))
    drawn = [b.name for b in all_blocks(page) if isinstance(b, Figure)]
    assert drawn[0] == "rebound-changes-rna-cd4-a-b"
    assert drawn[4] == "rebound-changes-rna-cd4-c-d"
