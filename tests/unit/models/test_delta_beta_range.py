"""The range of delta_beta is asked only of contrasts for which there is one."""

from __future__ import annotations

import duckdb
import jinja2
import pytest
from conftest import ROOT

Design = dict[str, dict[str, float]]

#: a mean per group and visit; S7 and S8 are of people without a second visit
MEANS: Design = {
    "MS.1st": {"S1": 1, "S2": 1, "S7": 1},
    "MS.3rd": {"S3": 1, "S4": 1},
    "HP.1st": {"S5": 1, "S8": 1},
    "HP.3rd": {"S6": 1},
}
#: the same means as differences to a baseline
BASELINE: Design = {
    "Intercept": {f"S{i}": 1 for i in range(1, 9)},
    "MS": {"S1": 1, "S2": 1, "S3": 1, "S4": 1, "S7": 1},
    "3rd": {"S3": 1, "S4": 1, "S6": 1},
    "MS:3rd": {"S3": 1, "S4": 1},
}
AGE: Design = {"age": {f"S{i}": i / 8 for i in range(1, 9)}}
#: design, weights of a contrast, whether its range is asked for
CASES: dict[str, tuple[Design, dict[str, float], bool]] = {
    "two means": (MEANS, {"MS.3rd": 1, "MS.1st": -1}, True),
    "two averages of means": (
        MEANS, {"MS.3rd": 0.5, "HP.3rd": 0.5, "MS.1st": -0.5, "HP.1st": -0.5}, True,
    ),
    "a mean itself": (MEANS, {"HP.3rd": 1}, True),
    "a difference to the baseline": (BASELINE, {"3rd": 1}, True),
    "an interaction of means": (
        MEANS, {"MS.3rd": 1, "MS.1st": -1, "HP.3rd": -1, "HP.1st": 1}, False,
    ),
    "an interaction as a coefficient": (BASELINE, {"MS:3rd": 1}, False),
    "a change in a group, with a baseline": (BASELINE, {"3rd": 1, "MS:3rd": 1}, False),
    "twice a difference": (MEANS, {"MS.3rd": 2, "MS.1st": -2}, False),
    "a slope": (AGE, {"age": 1}, False),
    "two means at the same age": ({**MEANS, **AGE}, {"MS.3rd": 1, "MS.1st": -1}, False),
    "a contrast without weights": (MEANS, {}, False),
}  # fmt: skip


def out_of_range(
    cases: dict[str, tuple[Design, dict[str, float], bool]], change: float
) -> set[str]:
    """Give the analyses that the test finds at fault if every delta_beta is `change`."""
    text = (ROOT / "tests" / "sql" / "delta_beta_is_a_share.sql").read_text(encoding="utf-8")
    query = jinja2.Template(text).render(ref=lambda name: name)
    con = duckdb.connect()
    con.execute(
        "create table design_matrix"
        " (analysis varchar, sample_id varchar, coefficient varchar, value double);"
        "create table contrast_weight"
        " (analysis varchar, contrast varchar, coefficient varchar, weight double);"
        "create table fct_contrast_result"
        " (analysis varchar, contrast varchar, feature_id varchar, delta_beta double);"
        "create table dmp_deg"
        " (analysis varchar, contrast varchar, probe_id varchar, delta_beta double)"
    )
    for name, (design, weights, _) in cases.items():
        for coefficient, values in design.items():
            for sample in (f"S{i}" for i in range(1, 9)):
                row = [name, sample, coefficient, values.get(sample, 0)]
                con.execute("insert into design_matrix values (?, ?, ?, ?)", row)
        for coefficient, weight in weights.items():
            con.execute(
                "insert into contrast_weight values (?, 'c', ?, ?)", [name, coefficient, weight]
            )
        for feature, delta_beta in (("cg1", change), ("cg2", 0.5), ("cg3", None)):
            con.execute(
                "insert into fct_contrast_result values (?, 'c', ?, ?)",
                [name, feature, delta_beta],
            )
    found = con.sql(query).fetchall()
    assert {feature for _, _, feature, _ in found} <= {"cg1"}
    return {analysis for analysis, *_ in found}


@pytest.mark.parametrize("change", [1.5, -1.5])
def test_a_difference_of_averages_is_a_share(change: float) -> None:
    expected = {name for name, (_, _, has_range) in CASES.items() if has_range}
    assert out_of_range(CASES, change) == expected


@pytest.mark.parametrize("change", [1.0, -1.0, 0.0])
def test_the_ends_of_the_range_belong_to_it(change: float) -> None:
    assert out_of_range(CASES, change) == set()
